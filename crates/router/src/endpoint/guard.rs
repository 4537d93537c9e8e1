//! The guard around a handler: a panic is a 500, time that is over a 503, a body that comes too slowly a 408.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;

use zzz_core::Error;
use zzz_core::http::frame::{Kept, Panic, Work};
use zzz_core::http::{IntoResponse, Overdue, Response};

/// Makes the response of an error of a panic in a handler, or of the end of its time. What the handler held is dropped
/// by the time there is an answer.
#[inline(never)]
pub(super) fn answer_for(
    kept: &Kept,
    work: Pin<&mut dyn Work>,
    panic: Option<Panic>,
    answer: &mut Option<Response>,
) {
    let _entered = super::log::enter(kept);
    let error = match panic {
        Some(panic) => panicked(&*panic),
        None => match kept.head.connection().and_then(|connection| connection.overdue()) {
            Some(overdue) => too_late(overdue),
            None => return,
        },
    };
    // Dropping what is left of a handler runs its code too.
    let dropped = catch_unwind(AssertUnwindSafe(|| work.let_go()));
    let error = dropped.err().map_or(error, |panic| panicked(&*panic));
    *answer = Some(error.into_response());
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
