//! Log lines: to standard error, filtered by `LOG`.

use std::io::IsTerminal;

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use zzz_core::config::Env;
use zzz_core::{Error, Result};

/// Starts logging. A second call, as in tests, changes nothing.
pub(crate) fn start(filter: Option<&str>, env: Env, app: &str) -> Result<()> {
    let default = if env.is_dev() { format!("info,{app}=debug") } else { "info".to_owned() };
    let filter = filter.filter(|filter| !filter.is_empty()).unwrap_or(&default);
    for part in filter.split(',').map(str::trim).filter(|part| !part.contains('=')) {
        // The filter would take any other word for the name of a target, and show nothing else.
        if part.parse::<tracing_subscriber::filter::LevelFilter>().is_err() {
            return Err(Error::internal(format!(
                "LOG has `{part}`, which is no level; write off, error, warn, info, debug or trace, or `{app}=debug`"
            )));
        }
    }
    let targets: Targets = filter.parse().map_err(|error| {
        Error::internal(format!(
            "LOG is `{filter}`, which is no filter ({error}); write it as `info` or `warn,{app}=debug`"
        ))
    })?;
    let colors = std::io::stderr().is_terminal();
    let lines =
        tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colors).with_target(false);
    let _ = tracing_subscriber::registry().with(lines).with(targets).try_init();
    Ok(())
}
