//! Where the app listens: sockets that it inherits, a unix socket, a port that is taken, and too few descriptors.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use zzz_testing::TempDatabase;

use crate::support::{ALIVE, App, after, command, exchange, exchange_on, run};

/// The app with an inherited socket, as systemd or another supervisor starts it.
fn inheriting(database: &TempDatabase, socket: OwnedFd, names: &str) -> Command {
    let hand_on = "exec 3<&0 </dev/null; export LISTEN_FDS=1 LISTEN_PID=$$";
    let mut command = after(hand_on, &command(database));
    command.env("LISTEN_FDNAMES", names).stdin(Stdio::from(socket));
    command
}

#[test]
fn a_restart_on_an_inherited_socket_refuses_nobody() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap().to_string();
    let database = TempDatabase::new();
    let start = || App::start(&mut inheriting(&database, socket.try_clone().unwrap().into(), "app.socket"));
    let (over, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let mut running = start();
        assert_eq!(running.address, address);
        let clients: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    while !over.load(Ordering::Relaxed) {
                        match exchange(&address, ALIVE) {
                            Ok(response) if response.status == 200 => {
                                answered.fetch_add(1, Ordering::Relaxed)
                            }
                            other => return Some(format!("{other:?}")),
                        };
                    }
                    None
                })
            })
            .collect();
        let wait_for_more = || {
            let until = answered.load(Ordering::Relaxed) + 100;
            while answered.load(Ordering::Relaxed) < until
                && clients.iter().all(|client| !client.is_finished())
            {
                std::thread::yield_now();
            }
        };
        for _ in 0..3 {
            wait_for_more();
            let new = start();
            wait_for_more();
            running.signal("-TERM");
            assert_eq!(running.wait().0.code(), Some(0));
            running = new;
        }
        // A supervisor may also stop the old one first: whoever comes in between waits in the socket's queue.
        running.signal("-TERM");
        assert_eq!(running.wait().0.code(), Some(0));
        let _running = start();
        wait_for_more();
        over.store(true, Ordering::Relaxed);
        for client in clients {
            assert_eq!(client.join().unwrap(), None);
        }
    });
}

#[test]
fn sockets_for_other_processes_and_sockets_that_can_not_be_served_on() {
    let database = TempDatabase::new();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let inherited = socket.local_addr().unwrap().to_string();
    let mut other = after("exec 3<&0 </dev/null; export LISTEN_FDS=1 LISTEN_PID=1", &command(&database));
    let app = App::start(other.stdin(Stdio::from(OwnedFd::from(socket))));
    assert_ne!(app.address, inherited, "it is not for this process");
    drop(app);

    let (connected, _other_end) = UnixStream::pair().unwrap();
    let (code, _, stderr) = run(&mut inheriting(&database, connected.into(), ""));
    assert_eq!((code, stderr.lines().count()), (Some(1), 1), "{stderr}");
    assert!(stderr.contains("the inherited socket 1") && stderr.contains("does not listen"), "{stderr}");
    let file = std::fs::File::open("/dev/null").unwrap();
    let (code, _, stderr) = run(&mut inheriting(&database, file.into(), ""));
    assert_eq!((code, stderr.lines().count()), (Some(1), 1), "{stderr}");
    assert!(stderr.contains("no stream socket"), "{stderr}");
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let (code, _, stderr) = run(&mut inheriting(&database, socket.into(), "tls"));
    assert_eq!((code, stderr.lines().count()), (Some(1), 1), "{stderr}");
    assert!(stderr.contains("is for TLS, but no certificate is set"), "{stderr}");
}

#[test]
fn a_unix_socket_is_served_on_and_gone_afterwards_and_its_place_is_not_taken_twice() {
    let database = TempDatabase::new();
    let path = database.folder().join("app.sock");
    let listen = format!("unix:{}", path.display());
    let mut app = App::start(command(&database).env("ZZZ_HTTP__LISTEN", &listen));
    assert!(app.banner.starts_with(&format!("example_app runs in dev at {listen}\n")), "{}", app.banner);
    let get = || exchange_on(&mut UnixStream::connect(&path)?, ALIVE);
    assert_eq!(get().unwrap().status, 200);

    let (code, _, stderr) = run(command(&database).env("ZZZ_HTTP__LISTEN", &listen));
    assert_eq!((code, stderr.lines().count()), (Some(1), 1), "{stderr}");
    assert!(stderr.contains(&format!("{listen} is in use by another process")), "{stderr}");
    assert_eq!(get().unwrap().status, 200);

    // What kill -9 leaves behind is no obstacle.
    app.kill();
    assert!(path.exists());
    let mut app = App::start(command(&database).env("ZZZ_HTTP__LISTEN", &listen));
    assert_eq!(get().unwrap().status, 200);
    app.signal("-TERM");
    assert_eq!(app.wait().0.code(), Some(0));
    assert!(!path.exists());
}

#[test]
fn a_port_that_another_process_would_share_is_an_error_all_the_same() {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    #[cfg(target_os = "linux")]
    socket.set_reuse_port(true).unwrap();
    socket.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    socket.listen(1).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let (code, _, stderr) = run(command(&TempDatabase::new()).env("PORT", address.port().to_string()));
    assert_eq!(code, Some(1));
    assert!(stderr.contains(&format!("{address} is in use by another process")), "{stderr}");
}

/// Ticks of the processor that a process has used.
#[cfg(target_os = "linux")]
fn ticks(id: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    let after_name = stat.rsplit_once(')').unwrap().1;
    after_name.split_whitespace().skip(11).take(2).map(|field| field.parse::<u64>().unwrap()).sum()
}

#[cfg(target_os = "linux")]
#[test]
fn it_waits_for_descriptors_without_spinning_and_goes_on_when_they_come_back() {
    const LIMIT: usize = 80;
    let database = TempDatabase::new();
    let app = App::start(command(&database).env("ZZZ_HTTP__HEADER_TIMEOUT", "5m"));
    let mut kept = TcpStream::connect(&app.address).unwrap();
    let ask = |kept: &mut TcpStream| {
        kept.write_all(b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        let mut answer = [0; 15];
        kept.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200 OK");
    };
    ask(&mut kept);
    // After its start, when it has counted its places: as if the app had used up the rest by itself.
    let limit = format!("--nofile={LIMIT}:{LIMIT}");
    let limited = Command::new("prlimit").args(["--pid", &app.id().to_string(), &limit]).status();
    assert!(limited.expect("prlimit, of util-linux").success());
    let crowd: Vec<_> = (0..LIMIT).map(|_| TcpStream::connect(&app.address).unwrap()).collect();
    let open = || std::fs::read_dir(format!("/proc/{}/fd", app.id())).unwrap().count();
    let began = Instant::now();
    while open() < LIMIT {
        assert!(began.elapsed() < Duration::from_secs(20), "{} descriptors are open", open());
        std::thread::yield_now();
    }
    // What is tested is that nothing happens for a while.
    let before = ticks(app.id());
    std::thread::sleep(Duration::from_millis(500));
    let used = ticks(app.id()) - before;
    assert!(used <= 10, "{used} ticks of 10 ms in half a second");
    // Who is in is served. The rest of the last answer is still to be read.
    let mut rest = [0; 4096];
    let _ = kept.read(&mut rest).unwrap();
    ask(&mut kept);
    drop(crowd);
    assert_eq!(exchange(&app.address, ALIVE).unwrap().status, 200);
}
