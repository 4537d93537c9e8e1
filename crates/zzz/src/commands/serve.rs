//! `serve`: serves the app until it is told to stop.

use std::io::IsTerminal;

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
    // Watched from the beginning, so that Ctrl-C during a long migration ends in order too.
    let stop = tokio::spawn(shutdown::signal());
    // At a desk the signal says that the terminal is gone; anywhere else, that somebody would have things read again.
    let at_a_desk = prepared.config.env() == Env::Dev && std::io::stdin().is_terminal();
    if !at_a_desk || has_certificates_to_exchange(&prepared.config.get::<HttpConfig>()) {
        server.reload_on_hangup()?;
    }
    let booted = start(prepared).await?;
    let (name, env, urls) = (prepared.app.name, prepared.config.env(), server.urls().join(" and "));
    let mut banner = format!("{name} runs in {env} at {urls}\n");
    if let Some(note) = &booted.database_note {
        banner.push_str(&format!("Database: {note}\n"));
    }
    banner.push_str("Stop it with Ctrl-C.\n");
    super::print(&banner)?;
    server
        .run(booted.endpoint().clone(), async move {
            if let Ok(Err(error)) = stop.await {
                tracing::error!(%error, "signals can not be watched; only SIGKILL will stop this");
                std::future::pending::<()>().await;
            }
            tracing::info!("stopping: requests in flight may finish; a second signal ends at once");
        })
        .await;
    booted.close().await;
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
