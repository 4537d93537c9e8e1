//! Responses that nobody reads: what many clients can make the server keep of them together. Everything is as configured
//! by default; memory stays below what the [`Witness`] allows, and others get theirs meanwhile.

use std::fs::{self, File};
use std::path::PathBuf;
use std::time::Duration;

use crate::harness::flow::{self, Fate, Transport};
use crate::harness::h2::{self, Client};
use crate::harness::hpack;
use crate::harness::target::{Target, temp_folder};
use crate::harness::wire::Wire;
use crate::harness::witness::Witness;

/// Longer than what a kernel takes for a client that does not read.
const LARGE: u64 = 64 << 20;

/// The setting of HTTP/2 that says how large the window of a new stream is.
const INITIAL_WINDOW: u16 = 4;

/// How much of a response the client says that it takes.
#[derive(Debug, Clone, Copy)]
enum Window {
    Nothing,
    /// The beginning, so that the response has begun to leave.
    Tiny,
    /// All of it; but nothing is read.
    Everything,
}

impl Window {
    fn size(self) -> u32 {
        match self {
            Self::Nothing => 0,
            Self::Tiny => 100,
            Self::Everything => 0x7fff_ffff,
        }
    }
}

/// A server with a large file.
struct Library {
    target: Target,
    folder: PathBuf,
}

impl Library {
    fn open() -> Self {
        let folder = temp_folder();
        let file = folder.join("large");
        File::create(&file).unwrap().set_len(LARGE).unwrap();
        Self { target: Target::start_with(&[], |command| command.env("TARGET_FILE", file)), folder }
    }

    /// A client that asks for one response and reads nothing of it.
    fn ask(&self, transport: Transport, path: &str) -> Wire {
        let mut wire = transport.connect(&self.target);
        assert!(wire.send(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").as_bytes()));
        wire
    }

    /// A client that asks for many at once.
    fn ask_often(&self, transport: Transport, path: &str, streams: u32, window: Window) -> Wire {
        let mut client =
            Client::open_with(transport.connect(&self.target), &[(INITIAL_WINDOW, window.size())]);
        // That of the connection is as large as it gets.
        let mut bytes = h2::window_update(0, 0x7fff_0000).bytes();
        for stream in 0..streams {
            let head = hpack::encode(&h2::head("GET", path));
            bytes.extend(h2::headers(2 * stream + 1, head, true).bytes());
        }
        assert!(client.wire.send_within(&bytes, Duration::from_secs(20)));
        client.wire
    }

    /// Somebody who reads gets everything, however it is sent.
    fn others_are_served(&self) {
        // A GET has no body that could come in chunks.
        let transports = flow::TRANSPORTS.into_iter().filter(|transport| *transport != Transport::H1Chunked);
        for transport in transports {
            for (path, length) in
                [("/stream?size=65536&chunks=40", 40 << 16), ("/made?size=1000000", 1_000_000)]
            {
                let answer = flow::ask(transport, &self.target, ("GET", path), &[], b"");
                assert_eq!(
                    (answer.status, answer.fate, answer.body.len()),
                    (Some(200), Fate::Complete, length),
                    "{transport:?} {path}"
                );
            }
            let range = [("range", "bytes=1000-3000999")];
            let answer = flow::ask(transport, &self.target, ("GET", "/file"), &range, b"");
            assert_eq!(
                (answer.status, answer.fate, answer.body.len()),
                (Some(206), Fate::Complete, 3_000_000),
                "{transport:?} a part of a file"
            );
        }
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn take_little_memory(what: &str, responses: u64, attack: impl Fn(&Library) -> Vec<Wire>) {
    let mut library = Library::open();
    let witness = Witness::watch(&library.target);
    let wires = attack(&library);
    library.target.until("all is asked for", |board| board.dispatched >= responses);
    library.others_are_served();
    drop(wires);
    eprintln!("{what}: {:?}", witness.check(&mut library.target));
}

#[test]
fn responses_that_a_thousand_clients_do_not_read_take_little_memory() {
    for transport in [Transport::H1Length, Transport::H1Tls] {
        for path in ["/file", "/stream/endless"] {
            take_little_memory(&format!("{transport:?} {path}"), 1_000, |library| {
                (0..1_000).map(|_| library.ask(transport, path)).collect()
            });
        }
    }
}

#[test]
fn streams_of_http2_that_nobody_reads_take_little_memory() {
    for (transport, path, window) in [
        (Transport::H2c, "/events", Window::Everything),
        (Transport::H2Tls, "/stream/endless", Window::Everything),
        (Transport::H2c, "/stream?size=1000&chunks=1000000", Window::Tiny),
        (Transport::H2Tls, "/lines", Window::Nothing),
    ] {
        take_little_memory(&format!("{transport:?} {path} {window:?}"), 8_000, |library| {
            (0..80).map(|_| library.ask_often(transport, path, 100, window)).collect()
        });
    }
}

/// Each of them is an open file.
#[test]
fn files_that_are_sent_over_http2_to_nobody_take_little_memory() {
    for (transport, window) in [
        (Transport::H2c, Window::Everything),
        (Transport::H2Tls, Window::Tiny),
        (Transport::H2c, Window::Nothing),
    ] {
        take_little_memory(&format!("{transport:?} {window:?}"), 5_000, |library| {
            (0..50).map(|_| library.ask_often(transport, "/file", 100, window)).collect()
        });
    }
}
