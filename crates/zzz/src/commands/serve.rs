//! `serve`: serves the app until it is told to stop.

use zzz_core::Result;
use zzz_core_http::{HttpConfig, Server, shutdown};

use crate::boot::{Prepared, start};

pub(super) async fn serve(prepared: &Prepared) -> Result<()> {
    // Watched from the beginning, so that Ctrl-C during a long migration ends in order too.
    let stop = tokio::spawn(shutdown::signal());
    // Listening comes first: an address that can not be had is found out before a database is made.
    let server = Server::bind(&prepared.config.get::<HttpConfig>())?;
    let booted = start(prepared).await?;
    let (name, env, address) = (prepared.app.name, prepared.config.env(), server.local_addr());
    let mut banner = format!("{name} runs in {env} at http://{address}\n");
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
