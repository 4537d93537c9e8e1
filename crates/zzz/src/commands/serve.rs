//! `serve`: serves the app until it is told to stop.

use tokio::runtime::{Builder, Runtime};
use zzz_core::Result;
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
    #[cfg(feature = "tls")]
    if let Some(certificates) = server.certificates()
        // Nobody exchanges a certificate of dev, and there the signal says that the terminal is gone.
        && !crate::listening::is_self_signed(&prepared.config.get::<HttpConfig>())
    {
        certificates.reload_on_hangup()?;
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
