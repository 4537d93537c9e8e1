//! A server in a Docker container, where its programs are not on this machine.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take to start, once its image is there.
const PATIENCE: Duration = Duration::from_secs(120);

/// An image, and how a server of it is started.
pub(super) struct Image {
    /// Its name and version.
    pub(super) name: &'static str,
    /// The port on which the server listens within.
    pub(super) port: u16,
    /// What its start script is told, so that nobody needs a password.
    pub(super) environment: &'static [&'static str],
}

/// A container. Dropping it removes it.
pub(super) struct Container {
    id: String,
    port: u16,
}

impl Container {
    /// Starts a container, and waits until the server in it is ready; `None` where there is no Docker.
    pub(super) fn start(image: &Image, is_ready: fn(u16) -> bool) -> Option<Result<Self, String>> {
        let mut asks = Command::new("docker");
        let there =
            asks.arg("info").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !there.is_ok_and(|status| status.success()) {
            return None;
        }
        Some(Self::run(image, is_ready))
    }

    fn run(image: &Image, is_ready: fn(u16) -> bool) -> Result<Self, String> {
        let publish = format!("127.0.0.1::{}", image.port);
        let mut words = vec!["run", "--detach", "--rm", "--publish", &publish];
        for variable in image.environment {
            words.extend(["--env", variable]);
        }
        words.push(image.name);
        let mut container = Self { id: docker(&words)?, port: 0 };
        let inner = format!("{}/tcp", image.port);
        let published = docker(&["port", &container.id, &inner])?;
        let port = published
            .lines()
            .next()
            .and_then(|line| line.rsplit_once(':'))
            .and_then(|(_, port)| port.parse().ok());
        container.port =
            port.ok_or_else(|| format!("docker says `{published}` of the port of `{}`", image.name))?;
        let started = Instant::now();
        while !is_ready(container.port) {
            if started.elapsed() > PATIENCE {
                let log = docker(&["logs", "--tail", "5", &container.id]).unwrap_or_default();
                return Err(format!("the server in the image `{}` did not start: {log}", image.name));
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        Ok(container)
    }

    /// A line for a shell that removes it.
    pub(super) fn ending(&self) -> String {
        format!("docker rm --force --volumes {}", self.id)
    }

    /// The port on this machine.
    pub(super) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let _ = docker(&["rm", "--force", "--volumes", &self.id]);
    }
}

/// Runs docker, and gives what it prints.
fn docker(words: &[&str]) -> Result<String, String> {
    let said = Command::new("docker").args(words).stdin(Stdio::null()).output();
    let said = said.map_err(|error| format!("docker could not be run: {error}"))?;
    if !said.status.success() {
        let why = String::from_utf8_lossy(&said.stderr);
        return Err(format!("`docker {}` failed: {}", words.join(" "), why.trim()));
    }
    Ok(String::from_utf8_lossy(&said.stdout).trim().to_owned())
}
