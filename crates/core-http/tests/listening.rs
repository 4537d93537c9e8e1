//! Where the server listens and how its threads share the work: unix sockets, PROXY headers, a runtime per core.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use support::{Folder, config, get, rest, run, within};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use zzz_core::config::IpRange;
use zzz_core_http::{HttpConfig, Listen, Runtime, Served, Server, service_fn};

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn serves_on_a_unix_socket_whose_file_goes_with_it() {
    use tokio::net::UnixStream;
    for runtime in [Runtime::Shared, Runtime::PerCore] {
        let folder = Folder::new();
        let path = folder.file("app.sock");
        let config = HttpConfig { listen: Some(Listen::Unix(path.clone())), runtime, ..config() };
        let server = Server::bind(&config).unwrap();
        assert_eq!(server.urls(), [format!("unix:{}", path.display())]);
        let running = run(server);
        let mut stream = UnixStream::connect(&path).await.unwrap();
        assert!(get(&mut stream, "/").await.contains("secure=false peer=none local=none"));
        let mut slow = UnixStream::connect(&path).await.unwrap();
        slow.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        running.app.entered.notified().await;
        let mut late = UnixStream::connect(&path).await.unwrap();
        running.stop.send(()).unwrap();
        assert!(get(&mut late, "/").await.starts_with("HTTP/1.1 200"), "it was let in");
        within(async {
            while path.exists() {
                tokio::task::yield_now().await;
            }
        })
        .await;
        running.app.go.notify_one();
        assert!(rest(&mut slow).await.ends_with("slow"));
        assert_eq!(within(running.served).await.unwrap(), Served { cut: 0 });
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_client_on_a_unix_socket_that_leaves_ends_its_request() {
    let folder = Folder::new();
    let path = folder.file("app.sock");
    let config = HttpConfig { listen: Some(Listen::Unix(path.clone())), ..config() };
    let running = run(Server::bind(&config).unwrap());
    let mut stream = tokio::net::UnixStream::connect(&path).await.unwrap();
    stream.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    running.app.entered.notified().await;
    drop(stream);
    within(running.app.left.notified()).await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn deadlines_hold_on_a_unix_socket() {
    let folder = Folder::new();
    let path = folder.file("app.sock");
    let config = HttpConfig {
        listen: Some(Listen::Unix(path.clone())),
        header_timeout: Duration::from_millis(200),
        ..config()
    };
    let _running = run(Server::bind(&config).unwrap());
    let mut silent = tokio::net::UnixStream::connect(&path).await.unwrap();
    let mut begun = tokio::net::UnixStream::connect(&path).await.unwrap();
    begun.write_all(b"GET / HT").await.unwrap();
    assert_eq!(rest(&mut silent).await, "");
    assert!(rest(&mut begun).await.starts_with("HTTP/1.1 408"));
}

fn proxied(trusted: &str) -> HttpConfig {
    let trusted_proxies = vec![trusted.parse::<IpRange>().unwrap()];
    HttpConfig { proxy_protocol: true, trusted_proxies, ..config() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_proxy_says_who_the_client_is() {
    let running = run(Server::bind(&proxied("127.0.0.0/8")).unwrap());
    let v2 = |command: u8, rest: &[u8]| {
        let length = u8::try_from(rest.len()).unwrap();
        [b"\r\n\r\n\0\r\nQUIT\n".as_slice(), &[command, 0x11, 0, length], rest].concat()
    };
    let addresses = [192, 0, 2, 7, 127, 0, 0, 1, 0, 99, 0, 80];
    let tls = [addresses.as_slice(), &[0x20, 0, 5, 1, 0, 0, 0, 0]].concat();
    for (header, told) in [
        (
            b"PROXY TCP4 192.0.2.7 127.0.0.1 99 80\r\n".to_vec(),
            "secure=false peer=192.0.2.7:99 local=127.0.0.1:80 proxy=127.0.0.1 ",
        ),
        (
            b"PROXY TCP6 2001:db8::7 ::1 99 80\r\n".to_vec(),
            "secure=false peer=[2001:db8::7]:99 local=[::1]:80 proxy=127.0.0.1 ",
        ),
        (v2(0x21, &addresses), "secure=false peer=192.0.2.7:99 local=127.0.0.1:80 proxy=127.0.0.1 "),
        (v2(0x21, &tls), "secure=true peer=192.0.2.7:99 local=127.0.0.1:80 proxy=127.0.0.1 "),
        (b"PROXY UNKNOWN\r\n".to_vec(), "secure=false peer=127.0.0.1:"),
        (v2(0x20, &[]), "secure=false peer=127.0.0.1:"),
    ] {
        let mut stream = TcpStream::connect(running.plain.unwrap()).await.unwrap();
        stream.write_all(&header).await.unwrap();
        let answer = get(&mut stream, "/").await;
        assert!(answer.contains(told), "{told}: {answer}");
        assert_eq!(answer.contains("proxy=none"), told.ends_with(':'), "{answer}");
    }
}

/// A proxy that takes TLS off settles with the client on HTTP/2, and passes it on as it is.
#[cfg(feature = "http2")]
#[tokio::test(flavor = "multi_thread")]
async fn http_2_comes_through_a_proxy_that_takes_tls_off() {
    use tokio::io::AsyncReadExt;
    let running = run(Server::bind(&proxied("127.0.0.1")).unwrap());
    let mut stream = TcpStream::connect(running.plain.unwrap()).await.unwrap();
    let header =
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x14\xc0\0\x02\x07\x7f\0\0\x01\0\x63\0\x50\x20\0\x05\x01\0\0\0\0";
    stream.write_all(header).await.unwrap();
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let mut frame = [0; 9];
    within(stream.read_exact(&mut frame)).await.unwrap();
    assert_eq!((frame[3], frame[4]), (4, 0), "the first frame is SETTINGS");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_without_a_header_is_closed_and_nothing_of_it_is_read_as_http() {
    let running = run(Server::bind(&proxied("127.0.0.1")).unwrap());
    for bytes in ["", "PROXY TCP4 1.2.3.4\r\n", "PROXY UNKNOWN\n"] {
        let mut stream = TcpStream::connect(running.plain.unwrap()).await.unwrap();
        stream.write_all(bytes.as_bytes()).await.unwrap();
        assert_eq!(get(&mut stream, "/").await, "", "{bytes:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_no_trusted_proxy_is_closed_with_and_without_a_header() {
    let running = run(Server::bind(&proxied("192.0.2.1")).unwrap());
    for header in ["PROXY TCP4 192.0.2.7 127.0.0.1 99 80\r\n", ""] {
        let mut stream = TcpStream::connect(running.plain.unwrap()).await.unwrap();
        let request = format!("{header}GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        let _ = stream.write_all(request.as_bytes()).await;
        assert_eq!(rest(&mut stream).await, "");
    }
    let nobody = HttpConfig { proxy_protocol: true, ..config() };
    let error = Server::bind(&nobody).unwrap_err().to_string();
    assert!(error.contains("`trusted_proxies` names nobody"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_that_does_not_come_is_waited_for_no_longer_than_a_head() {
    let config = HttpConfig { header_timeout: Duration::from_millis(200), ..proxied("127.0.0.1") };
    let running = run(Server::bind(&config).unwrap());
    let mut silent = TcpStream::connect(running.plain.unwrap()).await.unwrap();
    let mut half = TcpStream::connect(running.plain.unwrap()).await.unwrap();
    half.write_all(b"PROXY TCP4 1.2").await.unwrap();
    assert_eq!(rest(&mut silent).await, "");
    assert_eq!(rest(&mut half).await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_worker_of_per_core_serves_on_its_own_thread_and_all_of_them_do() {
    let running = run(Server::bind(&HttpConfig { runtime: Runtime::PerCore, ..config() }).unwrap());
    let mut threads = std::collections::BTreeSet::new();
    within(async {
        while threads.len() < 2 {
            let mut stream = TcpStream::connect(running.plain.unwrap()).await.unwrap();
            let answer = get(&mut stream, "/").await;
            threads.insert(answer.rsplit_once("thread=").unwrap().1.to_owned());
        }
    })
    .await;
    assert_eq!(threads.into_iter().collect::<Vec<_>>(), ["zzz-worker-0", "zzz-worker-1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn per_core_ends_in_the_same_way() {
    let per_core = HttpConfig { runtime: Runtime::PerCore, ..config() };
    let running = run(Server::bind(&per_core).unwrap());
    let mut slow = TcpStream::connect(running.plain.unwrap()).await.unwrap();
    slow.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    running.app.entered.notified().await;
    running.stop.send(()).unwrap();
    within(async {
        while TcpStream::connect(running.plain.unwrap()).await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    running.app.go.notify_one();
    assert!(rest(&mut slow).await.ends_with("slow"));
    assert_eq!(within(running.served).await.unwrap(), Served { cut: 0 });

    let running =
        run(Server::bind(&HttpConfig { shutdown_grace: Duration::ZERO, ..per_core.clone() }).unwrap());
    let mut slow = TcpStream::connect(running.plain.unwrap()).await.unwrap();
    slow.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    running.app.entered.notified().await;
    running.stop.send(()).unwrap();
    assert_eq!(within(running.served).await.unwrap(), Served { cut: 1 });
    assert_eq!(rest(&mut slow).await, "");

    // Dropping it lets requests finish, too.
    let running = run(Server::bind(&per_core).unwrap());
    let mut slow = TcpStream::connect(running.plain.unwrap()).await.unwrap();
    slow.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    running.app.entered.notified().await;
    running.served.abort();
    within(async {
        while TcpStream::connect(running.plain.unwrap()).await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    running.app.go.notify_one();
    assert!(rest(&mut slow).await.ends_with("slow"));
}

/// More than tokio lets a task accept in one go, and before the runtime knows of any of them.
#[tokio::test]
async fn whoever_is_queued_when_the_server_stops_is_served() {
    for workers in [1, 2] {
        let server = Server::bind(&HttpConfig { workers, ..config() }).unwrap();
        let mut clients = Vec::new();
        for _ in 0..300 {
            let mut stream = std::net::TcpStream::connect(server.local_addr().unwrap()).unwrap();
            std::io::Write::write_all(&mut stream, b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
                .unwrap();
            clients.push(stream);
        }
        let served = server.run(service_fn(async |_| "ok"), std::future::ready(()));
        assert_eq!(within(served).await.unwrap(), Served { cut: 0 });
        for mut stream in clients {
            let mut answer = String::new();
            std::io::Read::read_to_string(&mut stream, &mut answer).unwrap();
            assert!(answer.ends_with("ok"), "{answer}");
        }
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_hangup_is_survived_where_there_are_no_certificates() {
    let server = Server::bind(&config()).unwrap();
    server.reload_on_hangup().unwrap();
    let running = run(server);
    let hangup = format!("kill -HUP {}", std::process::id());
    assert!(std::process::Command::new("sh").args(["-c", &hangup]).status().unwrap().success());
    let mut client = TcpStream::connect(running.plain.unwrap()).await.unwrap();
    assert!(get(&mut client, "/").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test(flavor = "multi_thread")]
async fn serves_from_a_listener_of_the_callers_own() {
    for runtime in [Runtime::Shared, Runtime::PerCore] {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = Server::from_tcp(listener, &HttpConfig { runtime, ..config() }).unwrap();
        assert_eq!(server.local_addr(), Some(address));
        let running = run(server);
        let mut client = TcpStream::connect(address).await.unwrap();
        assert!(get(&mut client, "/").await.starts_with("HTTP/1.1 200"));
        running.stop.send(()).unwrap();
        assert_eq!(within(running.served).await.unwrap(), Served { cut: 0 });
    }
}
