//! The same attacks where connections come another way than by a port: over a unix socket, and through a proxy that
//! says where they come from; and the table of smuggled requests against the sample app itself.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::harness::h1;
use crate::harness::target::temp_folder;
use crate::harness::way::{Way, by};
use crate::harness::wire::{Wire, shown};
use crate::http2::floods;
use crate::refusals::SMUGGLED;
use crate::{slow, smuggling};

fn smuggled_requests_are_refused() {
    smuggling::row_1_length_and_transfer_coding_together_are_refused();
    smuggling::row_2_a_length_that_is_no_length_is_refused();
    smuggling::row_2_a_transfer_coding_that_is_not_chunked_is_refused();
    smuggling::row_3_a_chunk_that_is_no_chunk_is_refused();
}

fn slow_heads_are_closed() {
    slow::row_15_a_head_that_is_begun_and_left_is_answered_with_408();
    slow::row_16_a_head_that_trickles_over_http2_is_closed_on_time();
}

fn floods_are_ended() {
    floods::row_26_rapid_resets_end_the_connection();
    floods::row_28_a_head_that_never_ends_is_refused();
}

#[test]
fn smuggled_requests_are_refused_over_a_unix_socket() {
    by(Way::UnixSocket, smuggled_requests_are_refused);
}

#[test]
fn slow_heads_are_closed_over_a_unix_socket() {
    by(Way::UnixSocket, slow_heads_are_closed);
}

#[test]
fn floods_are_ended_over_a_unix_socket() {
    by(Way::UnixSocket, floods_are_ended);
}

#[test]
fn smuggled_requests_are_refused_through_a_proxy() {
    by(Way::ProxyProtocol, smuggled_requests_are_refused);
}

#[test]
fn slow_heads_are_closed_through_a_proxy() {
    by(Way::ProxyProtocol, slow_heads_are_closed);
}

#[test]
fn floods_are_ended_through_a_proxy() {
    by(Way::ProxyProtocol, floods_are_ended);
}

/// The sample app as a process of its own; it is killed when this is dropped.
struct SampleApp {
    child: Child,
    folder: std::path::PathBuf,
    address: SocketAddr,
}

impl SampleApp {
    fn start() -> Self {
        let folder = temp_folder();
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let log = std::fs::File::create(folder.join("stderr")).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_app_under_test"))
            .env_clear()
            .env("ZZZ_ROOT", root)
            .env("ZZZ_ENV", "dev")
            .env("PORT", "0")
            .env("SECRET_KEY_BASE", "s".repeat(64))
            .env("DATABASE_URL", format!("sqlite://{}", folder.join("app.db").display()))
            .env("LOG", "info")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line =
            lines.find_map(|line| line.unwrap().split_once("http://").map(|(_, rest)| rest.to_owned()));
        let address = line.unwrap().split_whitespace().next().unwrap().parse().unwrap();
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, folder, address }
    }

    /// The requests that have come as far as the app, as it logs them.
    fn requests(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.folder.join("stderr")).unwrap();
        log.lines()
            .filter(|line| line.contains("GET /") || line.contains("POST /"))
            .map(str::to_owned)
            .collect()
    }
}

impl Drop for SampleApp {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn the_sample_app_refuses_what_smugglers_send() {
    let app = SampleApp::start();
    let mut faults = Vec::new();
    for refusal in smuggling::heads() {
        let mut wire = Wire::connect(app.address);
        wire.send(&refusal.bytes);
        wire.send(SMUGGLED);
        let reply = h1::reply(&mut wire, false);
        let closed = wire.closes_within(Duration::from_secs(15));
        match reply {
            Ok(reply) if refusal.statuses.contains(&reply.status) && closed && wire.inbox.is_empty() => {}
            other => {
                faults.push(format!("{}: {other:?}, closed: {closed}, {}", refusal.name, shown(&wire.inbox)))
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(app.requests(), [""; 0]);
    // Its log does show what comes.
    let mut wire = Wire::connect(app.address);
    wire.send(b"GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n");
    assert_eq!(h1::reply(&mut wire, false).unwrap().status, 200);
    crate::harness::until("the request is logged", || app.requests().len() == 1);
}
