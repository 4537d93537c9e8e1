//! The guard around a handler: a panic is a 500, time that is over a 503, a body that comes too slowly a 408.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use zzz_core::Error;
use zzz_core::http::frame::Work;
use zzz_core::http::{Connection, IntoResponse, Overdue, Response};

/// Polls a handler; a panic in it, or the end of its time, becomes the response of an error. What the handler
/// held is dropped by the time there is an answer.
pub(super) fn poll(
    mut work: Pin<&mut dyn Work>,
    connection: Option<&Arc<dyn Connection>>,
    cx: &mut Context<'_>,
    answer: &mut Poll<Response>,
) {
    let polled = catch_unwind(AssertUnwindSafe(|| {
        work.as_mut().poll(cx, answer);
        if answer.is_ready() {
            // Dropping what is left of a handler runs its code too.
            work.as_mut().let_go();
        }
    }));
    if let Err(panic) = polled {
        *answer = Poll::Ready(panicked(&*panic).into_response());
    } else if answer.is_pending()
        && let Some(overdue) = connection.and_then(|connection| connection.overdue())
    {
        *answer = Poll::Ready(too_late(overdue).into_response());
    } else {
        return;
    }
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| work.let_go())) {
        *answer = Poll::Ready(panicked(&*panic).into_response());
    }
}

#[cold]
fn too_late(overdue: Overdue) -> Error {
    match overdue {
        Overdue::Response => Error::new(503, "This took too long.")
            .with_cause("the handler did not answer within the request timeout"),
        Overdue::Body => Error::new(408, "The request's body came too slowly.")
            .with_cause("the body came more slowly than `[http] body_min_rate`"),
    }
}

/// The error that a panic is to the client.
#[cold]
pub(super) fn panicked(panic: &(dyn Any + Send)) -> Error {
    let message = panic
        .downcast_ref::<&str>()
        .map(|message| (*message).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "with a value that is no text".into());
    Error::internal(format!("the handler panicked: {message}"))
}
