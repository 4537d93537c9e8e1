//! How the app stops.

use std::io::{Read, Write};
use std::net::TcpStream;

use zzz_testing::TempDatabase;

use crate::support::{App, command};

/// A request whose body is still on its way: it is in flight until the rest comes.
fn half_a_request(app: &App) -> TcpStream {
    let mut stream = TcpStream::connect(&app.address).unwrap();
    let head = "POST /api/v1/posts HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 18\r\n\
                expect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    // The server says "continue" when the handler begins to read.
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream
}

fn finishes_what_is_in_flight(mut app: App) {
    let mut stream = half_a_request(&app);
    app.signal("-TERM");
    // Refused connections tell that it is stopping.
    while TcpStream::connect(&app.address).is_ok() {
        std::thread::yield_now();
    }
    stream.write_all(br#"{"title": "in t "}"#).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 Created") && answer.contains("connection: close"), "{answer}");
    assert_eq!(app.wait().0.code(), Some(0));
}

#[test]
fn sigterm_lets_a_request_in_flight_finish_and_exits_with_0() {
    let database = TempDatabase::new();
    finishes_what_is_in_flight(App::start(&mut command(&database)));
}

#[test]
fn a_second_signal_ends_at_once() {
    let database = TempDatabase::new();
    let mut app = App::start(&mut command(&database));
    let _in_flight = half_a_request(&app);
    app.signal("-INT");
    while TcpStream::connect(&app.address).is_ok() {
        std::thread::yield_now();
    }
    app.signal("-INT");
    assert_eq!(app.wait().0.code(), Some(130));
}

#[cfg(unix)]
#[test]
fn sigterm_lets_a_request_on_a_unix_socket_finish_and_takes_the_file_away_at_once() {
    let database = TempDatabase::new();
    let path = database.folder().join("app.sock");
    let mut app = App::start(command(&database).env("ZZZ_HTTP__LISTEN", format!("unix:{}", path.display())));
    let mut stream = std::os::unix::net::UnixStream::connect(&path).unwrap();
    let head = "POST /api/v1/posts HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 18\r\n\
                expect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).unwrap();
    app.signal("-TERM");
    while path.exists() {
        std::thread::yield_now();
    }
    stream.write_all(br#"{"title": "in t "}"#).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 Created") && answer.contains("connection: close"), "{answer}");
    assert_eq!(app.wait().0.code(), Some(0));
}

#[test]
fn a_runtime_per_core_stops_in_the_same_way() {
    let database = TempDatabase::new();
    finishes_what_is_in_flight(App::start(command(&database).env("ZZZ_HTTP__RUNTIME", "per_core")));
}

#[test]
fn sigterm_ends_streams_of_events_instead_of_waiting_for_them() {
    let database = TempDatabase::new();
    let mut app = App::start(&mut command(&database));
    let mut stream = TcpStream::connect(&app.address).unwrap();
    stream.write_all(b"GET /events HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let mut came = Vec::new();
    while !came.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        came.push(byte[0]);
    }
    app.signal("-TERM");
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    // Cut at the end of the grace, it would break off instead.
    assert_eq!(rest, "0\r\n\r\n");
    assert_eq!(app.wait().0.code(), Some(0));
}
