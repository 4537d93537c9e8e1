//! `serve`: serves the app until it is told to stop.

use std::io::IsTerminal;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use zzz_core::Result;
use zzz_core::config::Env;
use zzz_core_http::{HttpConfig, Server, shutdown};

use crate::boot::{Prepared, start};

/// The runtime of the app. Where each worker has one of its own, this one is for everything else: the start,
/// signals, and what services do in the background.
pub(super) fn runtime(prepared: &Prepared) -> std::io::Result<Runtime> {
    let http = prepared.config.get::<HttpConfig>();
    let threads = match http.runtime {
        zzz_core_http::Runtime::Shared => http.workers,
        zzz_core_http::Runtime::PerCore => 1,
    };
    Builder::new_multi_thread().worker_threads(threads).enable_all().build()
}

/// Serves. The server listens already: an address that can not be had is found out before a database is made.
pub(super) async fn serve(prepared: &Prepared, server: Server) -> Result<()> {
    // Watched from the beginning, so that Ctrl-C during a long migration ends in order too; and from here, not from when
    // the task runs first, which may be after the banner has said that a signal will do.
    let signal = shutdown::signal();
    let stop = tokio::spawn(async move { (signal.await, Instant::now()) });
    let stopped_at = Arc::new(OnceLock::new());
    let told_at = Arc::clone(&stopped_at);
    // At a desk the signal says that the terminal is gone; anywhere else, that somebody would have things read again.
    let at_a_desk = prepared.config.env() == Env::Dev && std::io::stdin().is_terminal();
    if !at_a_desk || has_certificates_to_exchange(&prepared.config.get::<HttpConfig>()) {
        server.reload_on_hangup()?;
    }
    let booted =
        start(prepared, server.urls().iter().find(|url| url.starts_with("http")).map(String::as_str)).await?;
    let (name, env, urls) = (prepared.app.name, prepared.config.env(), server.urls().join(" and "));
    let mut banner = format!("{name} runs in {env} at {urls}\n");
    if let Some(note) = &booted.database_note {
        banner.push_str(&format!("Database: {note}\n"));
    }
    banner.push_str("Stop it with Ctrl-C.\n");
    super::print(&banner)?;
    let served = server
        .run(booted.endpoint().clone(), async move {
            let stopped = stop.await;
            if let Ok((_, at)) = &stopped {
                let _ = told_at.set(*at);
            }
            if let Ok((Err(error), _)) = stopped {
                tracing::error!(%error, "signals can not be watched; only SIGKILL will stop this");
                std::future::pending::<()>().await;
            }
            tracing::info!("stopping: requests in flight may finish; a second signal ends at once");
        })
        .await;
    // Services have what requests left of the grace, and a moment if they left nothing.
    let gone = stopped_at.get().map_or(Duration::ZERO, Instant::elapsed);
    let grace = prepared.config.get::<HttpConfig>().shutdown_grace;
    booted.close_within(grace.saturating_sub(gone).max(Duration::from_secs(1))).await;
    served?;
    Ok(())
}

/// Whether there are any; nobody exchanges a certificate of dev.
fn has_certificates_to_exchange(http: &HttpConfig) -> bool {
    #[cfg(feature = "tls")]
    let self_signed = crate::listening::is_self_signed(http);
    #[cfg(not(feature = "tls"))]
    let self_signed = false;
    http.wants_tls() && !self_signed
}
