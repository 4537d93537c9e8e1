//! Load: many connections that ask as fast as they are answered, for a fixed time.

mod oha;
pub(crate) mod own;
mod wrk;

use std::{
    ffi::OsString,
    io::Read,
    net::SocketAddr,
    path::PathBuf,
    process::{Command, Stdio},
};

use super::{keeper::Keeper, rows::Sends, tools::Tools};

/// What makes the load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Generator {
    /// <https://github.com/wg/wrk>
    Wrk(PathBuf),
    /// <https://github.com/hatoo/oha>
    Oha(PathBuf),
    /// Ours, see [`own`].
    Own,
}

/// What is asked of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Job<'a> {
    /// Whom.
    pub(crate) address: SocketAddr,
    /// What for.
    pub(crate) path: &'a str,
    /// What goes with it.
    pub(crate) sends: Sends,
    /// Over how many kept connections.
    pub(crate) connections: usize,
    /// For how long.
    pub(crate) seconds: u64,
}

/// Reads a generator's report.
type Parse = fn(&str) -> Option<Load>;

impl Job<'_> {
    fn url(&self) -> String {
        format!("http://{}{}", self.address, self.path)
    }
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Load {
    /// Requests that were answered.
    pub(crate) requests: u64,
    /// Answers that were none: connections refused or broken, statuses that are not 2xx.
    pub(crate) failed: u64,
    /// How long it took.
    pub(crate) seconds: f64,
    /// Half of the answers took at most this, in microseconds.
    pub(crate) p50_micros: f64,
    /// 99 of 100 answers took at most this, in microseconds.
    pub(crate) p99_micros: f64,
}

impl Generator {
    /// The best that there is.
    pub(crate) fn choose(tools: &Tools) -> Self {
        match (&tools.wrk, &tools.oha) {
            (Some(wrk), _) => Generator::Wrk(wrk.clone()),
            (None, Some(oha)) => Generator::Oha(oha.clone()),
            (None, None) => Generator::Own,
        }
    }

    /// Itself, or ours for what the others can not send without holding it in memory.
    pub(crate) fn for_sending(&self, sends: Sends) -> Self {
        match sends {
            Sends::Nothing => self.clone(),
            Sends::File(_) => Generator::Own,
        }
    }

    /// Its name and version, for the page.
    pub(crate) fn name(&self) -> String {
        match self {
            Generator::Wrk(program) => wrk::name(program),
            Generator::Oha(program) => oha::name(program),
            Generator::Own => "the generator of `cargo xtask bench`".to_owned(),
        }
    }

    /// Makes load, with `prefix` before the command line.
    pub(crate) fn run(&self, keeper: &Keeper, prefix: &[OsString], job: &Job<'_>) -> Result<Load, String> {
        let (words, parse): (_, Parse) = match self {
            Generator::Wrk(program) => (wrk::command(program, job), wrk::parse),
            Generator::Oha(program) => (oha::command(program, job), oha::parse),
            Generator::Own => (own::command(job)?, own::parse),
        };
        let output = run(keeper, prefix.iter().chain(&words))?;
        let load = parse(&output).ok_or_else(|| format!("the load generator says:\n{}", output.trim()))?;
        if load.failed > 0 {
            return Err(format!("{} of {} requests under load failed", load.failed, load.requests));
        }
        if load.requests == 0 {
            return Err("not one request under load was answered".to_owned());
        }
        Ok(load)
    }
}

/// Runs a command to its end, and gives both of its streams.
fn run<'a>(keeper: &Keeper, words: impl Iterator<Item = &'a OsString>) -> Result<String, String> {
    let mut words = words;
    let failed = |error: std::io::Error| format!("the load generator could not be run: {error}");
    let mut command = Command::new(words.next().cloned().unwrap_or_default());
    command.args(words).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = keeper.spawn(&mut command).map_err(failed)?;
    let mut output = String::new();
    if let Some(mut stdout) = child.stdout.take() {
        stdout.read_to_string(&mut output).map_err(failed)?;
    }
    child.wait().map_err(failed)?;
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrk_is_preferred_and_ours_is_the_last() {
        let mut tools = Tools { wrk: Some("wrk".into()), oha: Some("oha".into()), ..Tools::default() };
        assert_eq!(Generator::choose(&tools), Generator::Wrk("wrk".into()));
        tools.wrk = None;
        assert_eq!(Generator::choose(&tools), Generator::Oha("oha".into()));
        tools.oha = None;
        assert_eq!(Generator::choose(&tools), Generator::Own);
    }
}
