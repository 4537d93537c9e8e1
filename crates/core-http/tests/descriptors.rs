//! A server that may have few files open, in a process of its own, against clients that want more.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use zzz_core::http::{IntoResponse, Request, StatusCode};
use zzz_core_http::{HttpConfig, Listen, Runtime, Server, service_fn};

/// What tells the test program that it is the server.
const RUNTIME: &str = "ZZZ_TEST_SERVER_RUNTIME";

/// What tells it that it is the server of [`workers_without_descriptors`], and where to listen.
const SOCKET: &str = "ZZZ_TEST_SERVER_SOCKET";

/// The hard limit of the server; the soft one is lower.
const LIMIT: usize = 256;

/// What [`LIMIT`] has room for: 64 are kept, and 8 for each of two workers.
const PLACES: usize = LIMIT - 64 - 16;

/// The server, which ends with its standard input.
struct Served(Child);

impl Served {
    fn start(runtime: &str) -> (Self, String) {
        let limited = format!("ulimit -Sn 100 && ulimit -Hn {LIMIT} && exec \"$0\" \"$@\"");
        let mut child = Command::new("sh")
            .args(["-c", &limited])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", "the_server", "--nocapture"])
            .env(RUNTIME, runtime)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines.find_map(|line| Some(line.unwrap().strip_prefix("at ")?.to_owned())).unwrap();
        // What else it prints must find a reader.
        std::thread::spawn(move || lines.for_each(drop));
        (Self(child), address)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// The server itself, in the process that [`Served`] starts. It answers with the number of its open files, which it
/// has to open a folder for.
#[test]
fn the_server() {
    let Ok(runtime) = std::env::var(RUNTIME) else { return };
    let runtime = if runtime == "per_core" { Runtime::PerCore } else { Runtime::Shared };
    let config = HttpConfig {
        port: 0,
        workers: 2,
        runtime,
        header_timeout: Duration::from_secs(60),
        shutdown_grace: Duration::ZERO,
        ..HttpConfig::default()
    };
    let server = Server::bind(&config).unwrap();
    println!("\nat {}", server.local_addr().unwrap());
    let open_files = service_fn(|_: Request| async {
        match std::fs::read_dir("/proc/self/fd") {
            Ok(files) => files.count().to_string().into_response(),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    });
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let served = tokio.block_on(server.run(open_files, async {
        let _ = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await;
    }));
    assert!(served.is_ok());
}

/// A server whose workers can not all have a runtime, in a process of its own.
#[test]
fn workers_without_descriptors() {
    let Ok(socket) = std::env::var(SOCKET) else { return };
    let listen = Listen::Unix(socket.into());
    let config =
        HttpConfig { listen: Some(listen), workers: 200, runtime: Runtime::PerCore, ..HttpConfig::default() };
    println!("\nat {}", Server::bind(&config).unwrap_err());
}

#[test]
fn a_worker_that_can_not_start_is_an_error_of_the_start() {
    let socket = std::env::temp_dir().join(format!("zzz-workers-{}.sock", std::process::id()));
    let limited = format!("ulimit -n {LIMIT} && exec \"$0\" \"$@\"");
    let output = Command::new("sh")
        .args(["-c", &limited])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "workers_without_descriptors", "--nocapture"])
        .env(SOCKET, &socket)
        .output()
        .unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    let error = output.lines().find_map(|line| line.strip_prefix("at ")).unwrap_or(&output);
    assert!(error.starts_with("200 workers can not have a thread and a runtime each ("), "{error}");
    assert!(
        error.ends_with("; lower `workers`, or raise the limits of processes and of open files"),
        "{error}"
    );
}

/// How many files the server says that it has open.
fn open_files(client: &mut BufReader<TcpStream>) -> usize {
    client.get_mut().write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(client.read_line(&mut head).unwrap(), 0, "closed after {head}");
    }
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    client.read_exact(&mut body).unwrap();
    String::from_utf8(body).unwrap().parse().unwrap()
}

fn is_served_while_others_fill_up_the_rest(runtime: &str) {
    let (_server, address) = Served::start(runtime);
    let client = TcpStream::connect(&address).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut client = BufReader::new(client);
    let before = open_files(&mut client);
    let silent: Vec<_> = (0..LIMIT + 50).map(|_| TcpStream::connect(&address).unwrap()).collect();
    // All places but the client's own are taken; more than the limit would be asked for if nothing bounded them.
    let started = Instant::now();
    while open_files(&mut client) < before + PLACES - 1 {
        assert!(started.elapsed() < Duration::from_secs(20), "so many are not let in");
        std::thread::sleep(Duration::from_millis(2));
    }
    for _ in 0..100 {
        let open = open_files(&mut client);
        // The server itself has some open, and each worker a connection that waits for its place.
        assert!(open <= LIMIT - 32, "{open} files, and {before} before");
    }
    drop(silent);
}

#[test]
fn a_kept_client_is_served_while_silent_ones_take_all_there_is() {
    is_served_while_others_fill_up_the_rest("shared");
}

#[test]
fn a_kept_client_is_served_by_workers_of_their_own_too() {
    is_served_while_others_fill_up_the_rest("per_core");
}
