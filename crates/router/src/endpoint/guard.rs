//! The guard around a handler: a panic is a 500, and time that is over is a 503.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll};

use zzz_core::Error;
use zzz_core::http::{BoxFuture, Connection, IntoResponse, Response};

/// A handler at work, which is dropped as soon as it is done with, also if it panics or its time is over.
pub(super) struct Guarded {
    handler: Option<BoxFuture<Response>>,
    connection: Option<Arc<dyn Connection>>,
}

impl Guarded {
    pub(super) fn new(handler: BoxFuture<Response>, connection: Option<Arc<dyn Connection>>) -> Self {
        Self { handler: Some(handler), connection }
    }

    /// Polls the handler; a panic in it, or the end of its time, becomes the response of an error.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Response> {
        let Some(handler) = &mut self.handler else {
            return Poll::Ready(Error::internal("polled after it was done").into_response());
        };
        let response = match catch_unwind(AssertUnwindSafe(|| handler.as_mut().poll(cx))) {
            Ok(Poll::Ready(response)) => response,
            Ok(Poll::Pending) if self.is_timed_out() => timed_out().into_response(),
            Ok(Poll::Pending) => return Poll::Pending,
            Err(panic) => panicked(&*panic).into_response(),
        };
        // Dropping what is left of a handler runs its code too.
        match catch_unwind(AssertUnwindSafe(|| self.handler = None)) {
            Ok(()) => Poll::Ready(response),
            Err(panic) => Poll::Ready(panicked(&*panic).into_response()),
        }
    }

    fn is_timed_out(&self) -> bool {
        self.connection.as_ref().is_some_and(|connection| connection.is_timed_out())
    }
}

#[cold]
fn timed_out() -> Error {
    Error::new(503, "This took too long.").with_cause("the handler did not answer within the request timeout")
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
