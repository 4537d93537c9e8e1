//! [`finish`]: work that goes on to its end when nobody waits for it any more.

use std::future::Future;

use zzz_core::{Error, Result};

/// Runs `work` to its end, also if the handler that waits for it is dropped: a client that goes away, or a request
/// timeout, drops a handler at whichever `await` it stands.
///
/// What a database transaction does is undone in that case. What it does not cover needs this: a file that is saved and
/// then named in a row, a payment that is made and then noted.
///
/// ```
/// # async fn charge() -> zzz::Result<u64> { Ok(7) }
/// # async fn note(_: u64) -> zzz::Result<()> { Ok(()) }
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// zzz::finish(async {
///     let payment = charge().await?;
///     note(payment).await
/// })
/// .await?;
/// # Ok::<(), zzz::Error>(()) }).unwrap();
/// ```
///
/// A server that stops waits for requests, and not for this: what a killed process must do later is a job's work.
///
/// # Errors
/// The error of `work`; 500 if it panics.
pub async fn finish<T: Send + 'static>(work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
    tokio::spawn(work)
        .await
        .map_err(|ended| Error::internal("work that was to be finished ended early").with_cause(ended))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use tokio::sync::Notify;

    #[tokio::test]
    async fn goes_on_when_nobody_waits() {
        let (go, done) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (wait, tell) = (Arc::clone(&go), Arc::clone(&done));
        let mut waiting = Box::pin(finish(async move {
            wait.notified().await;
            tell.notify_one();
            Ok(())
        }));
        assert!(zzz_core::http::now_or_never(waiting.as_mut()).is_none());
        drop(waiting);
        go.notify_one();
        done.notified().await;
    }

    #[tokio::test]
    async fn gives_the_outcome() {
        assert_eq!(finish(async { Ok(7) }).await.unwrap(), 7);
        assert_eq!(finish::<()>(async { Err(Error::not_found("Gone.")) }).await.unwrap_err().status(), 404);
        let broken = finish::<()>(async { panic!("broken") });
        assert_eq!(broken.await.unwrap_err().status(), 500);
    }
}
