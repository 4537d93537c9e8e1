//! Handlers for liveness and readiness.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use serde_json::{Value, json};
use zzz_core::Error;
use zzz_core::http::{
    BoxFuture, HealthCheck, HealthChecks, IntoResponse, Json, Request, Response, StatusCode, header,
};

/// How long one check may take, and so all of them, since they run at the same time.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Says that the process answers: 200 with `{"status":"ok"}`, whatever its dependencies do.
pub async fn live() -> Response {
    answer(StatusCode::OK, json!({ "status": "ok" }))
}

/// Says whether every dependency answers: 200, or 503, with the state of each. All are asked at the same time,
/// and one that does not answer within two seconds counts as unavailable. The reason of a failure goes to the
/// log, not into the answer.
pub async fn ready(request: Request) -> Response {
    let checks =
        request.services().get::<HealthChecks>().map(|checks| checks.all().to_vec()).unwrap_or_default();
    let states = all(checks.iter().cloned().map(state).collect()).await;
    let all_ok = states.iter().all(|ok| *ok);
    let word = |ok| if ok { "ok" } else { "unavailable" };
    let states: serde_json::Map<String, Value> =
        checks.iter().zip(states).map(|(check, ok)| (check.name().to_owned(), word(ok).into())).collect();
    let status = if all_ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    answer(status, json!({ "status": word(all_ok), "checks": states }))
}

/// Whether one dependency answers; if it does not, the log says why.
fn state(check: Arc<dyn HealthCheck>) -> BoxFuture<bool> {
    Box::pin(async move {
        let reason = match tokio::time::timeout(TIMEOUT, check.check()).await {
            Ok(Ok(())) => return true,
            Ok(Err(error)) => reason(&error),
            Err(_) => format!("no answer within {TIMEOUT:?}"),
        };
        tracing::warn!(target: "zzz::health", check = check.name(), reason, "a dependency is not available");
        false
    })
}

/// What an error says, and its causes.
fn reason(error: &Error) -> String {
    let said = error.to_string();
    // Without a message for the client, it says what its first cause says.
    let causes: Vec<String> = error.chain().filter(|cause| *cause != said).collect();
    [vec![said], causes].concat().join(": ")
}

/// Polls all futures together until each is done; the outcomes are in their order.
async fn all(mut pending: Vec<BoxFuture<bool>>) -> Vec<bool> {
    let mut outcomes = vec![None; pending.len()];
    poll_fn(|cx| {
        for (future, outcome) in pending.iter_mut().zip(&mut outcomes) {
            if outcome.is_none()
                && let Poll::Ready(ok) = future.as_mut().poll(cx)
            {
                *outcome = Some(ok);
            }
        }
        if outcomes.contains(&None) { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    outcomes.into_iter().flatten().collect()
}

fn answer(status: StatusCode, state: Value) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store".to_owned())], Json(state)).into_response()
}

#[cfg(test)]
mod tests {
    use std::fmt::{Debug, Write};
    use std::future::pending;
    use std::sync::Mutex;

    use tokio::time::Instant;
    use tracing::field::{Field, Visit};
    use tracing::{Event, Metadata, Subscriber, span};
    use zzz_core::Services;

    use super::*;

    /// A dependency that answers, fails or hangs, after some time.
    #[derive(Clone, Copy)]
    enum Dependency {
        Answers(&'static str, Duration),
        Fails(&'static str),
        Refuses(&'static str),
        Hangs(&'static str),
    }

    impl HealthCheck for Dependency {
        fn name(&self) -> &str {
            match self {
                Self::Answers(name, _) | Self::Fails(name) | Self::Refuses(name) | Self::Hangs(name) => name,
            }
        }

        fn check(&self) -> BoxFuture<zzz_core::Result<()>> {
            let this = *self;
            Box::pin(async move {
                match this {
                    Self::Answers(_, after) => {
                        tokio::time::sleep(after).await;
                        Ok(())
                    }
                    Self::Fails(_) => Err(Error::internal("connection refused")),
                    Self::Refuses(_) => Err(Error::new(503, "Busy.").with_cause("10 are waiting")),
                    Self::Hangs(_) => pending().await,
                }
            })
        }
    }

    /// Keeps the fields of every event of this module as text.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<String>>);

    impl Visit for Log {
        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            write!(self.0.lock().unwrap(), "{field}={value:?};").unwrap();
        }
    }

    impl Subscriber for Log {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            metadata.target() == "zzz::health"
        }
        fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
            span::Id::from_u64(1)
        }
        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
        fn event(&self, event: &Event<'_>) {
            event.record(&mut self.clone());
        }
        fn enter(&self, _: &span::Id) {}
        fn exit(&self, _: &span::Id) {}
    }

    /// The answer's status and body, and how long it took.
    async fn asked(dependencies: &[Dependency]) -> (u16, String, Duration) {
        let mut checks = HealthChecks::default();
        for dependency in dependencies {
            checks.add(*dependency);
        }
        let mut services = Services::new();
        services.insert(checks);
        let mut request = Request::get("/ready");
        request.set_services(Arc::new(services));
        let begin = Instant::now();
        let response = ready(request).await;
        let took = begin.elapsed();
        let status = response.status().as_u16();
        assert_eq!(response.headers()["cache-control"], "no-store");
        let body = response.into_body().read().await.unwrap();
        (status, String::from_utf8(body.into()).unwrap(), took)
    }

    #[tokio::test(start_paused = true)]
    async fn is_ready_when_every_dependency_answers() {
        let second = Duration::from_secs(1);
        let dependencies =
            [Dependency::Answers("database", second), Dependency::Answers("mail", second.mul_f32(1.5))];
        let (status, body, took) = asked(&dependencies).await;
        assert_eq!(status, 200);
        assert_eq!(body, r#"{"checks":{"database":"ok","mail":"ok"},"status":"ok"}"#);
        assert_eq!(took, Duration::from_millis(1500), "one after the other they take 2.5s");
    }

    #[tokio::test(start_paused = true)]
    async fn an_app_without_dependencies_is_ready() {
        assert_eq!(asked(&[]).await, (200, r#"{"checks":{},"status":"ok"}"#.into(), Duration::ZERO));
        assert_eq!(ready(Request::get("/ready")).await.status(), 200);
    }

    #[tokio::test(start_paused = true)]
    async fn failing_and_hanging_dependencies_are_named_and_their_reasons_logged() {
        let log = Log::default();
        let _guard = tracing::subscriber::set_default(log.clone());
        let (status, body, took) = asked(&[
            Dependency::Hangs("search"),
            Dependency::Fails("mail"),
            Dependency::Refuses("queue"),
            Dependency::Answers("database", Duration::ZERO),
        ])
        .await;
        assert_eq!(status, 503);
        assert_eq!(
            body,
            r#"{"checks":{"database":"ok","mail":"unavailable","queue":"unavailable","search":"unavailable"},"status":"unavailable"}"#
        );
        assert_eq!(took, TIMEOUT);
        let log = log.0.lock().unwrap().clone();
        for line in [
            r#"check="mail";reason="connection refused";"#,
            r#"check="search";reason="no answer within 2s";"#,
            r#"check="queue";reason="Busy.: 10 are waiting";"#,
        ] {
            assert!(log.contains(line), "{line} is not in {log}");
        }
    }
}
