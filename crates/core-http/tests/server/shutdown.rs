//! The end of a server.

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use zzz_core_http::{HttpConfig, Served};

use crate::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_finishes_what_is_in_flight_and_refuses_the_rest() {
    let running = start(HttpConfig::default());
    let mut idle = connect(running.address).await;
    idle.write_all(GET.as_bytes()).await.unwrap();
    assert!(response(&mut idle).await.ends_with("ok"));
    let mut slow = connect(running.address).await;
    slow.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    running.app.entered.notified().await;

    running.stop.send(()).unwrap();
    assert_eq!(within(rest(&mut idle)).await, "", "an idle connection is closed at once");
    assert!(
        within(async {
            // Refused as soon as every listener is closed.
            while TcpStream::connect(running.address).await.is_ok() {
                tokio::task::yield_now().await;
            }
            true
        })
        .await
    );
    running.app.go.notify_one();
    let answer = within(rest(&mut slow)).await;
    assert!(answer.contains("connection: close\r\n") && answer.ends_with("slow"), "{answer}");
    assert_eq!(answer.matches("connection:").count(), 1, "{answer}");
    assert_eq!(within(running.served).await.unwrap(), Served { cut: 0 });
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_cuts_what_does_not_finish_within_the_grace() {
    let running = start(HttpConfig { shutdown_grace: short(100), ..HttpConfig::default() });
    let mut slow = connect(running.address).await;
    slow.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    running.app.entered.notified().await;
    running.stop.send(()).unwrap();
    assert_eq!(within(running.served).await.unwrap(), Served { cut: 1 });
    assert_eq!(within(rest(&mut slow)).await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_answers_clients_that_were_let_in() {
    let running = start(HttpConfig { max_connections: 1, ..HttpConfig::default() });
    let mut slow = connect(running.address).await;
    slow.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    running.app.entered.notified().await;
    // There is no room for these; one waits in each accept loop, the others in the backlog.
    let mut waiting = Vec::new();
    for _ in 0..6 {
        let mut stream = connect(running.address).await;
        stream.write_all(GET.as_bytes()).await.unwrap();
        waiting.push(stream);
    }
    running.stop.send(()).unwrap();
    running.app.go.notify_one();
    assert!(within(rest(&mut slow)).await.ends_with("slow"));
    for mut stream in waiting {
        assert!(within(rest(&mut stream)).await.ends_with("ok"));
    }
    assert_eq!(within(running.served).await.unwrap(), Served { cut: 0 });
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_the_server_leaves_no_task_behind() {
    let metrics = tokio::runtime::Handle::current().metrics();
    let before = metrics.num_alive_tasks();
    let running = start(HttpConfig::default());
    let mut stream = connect(running.address).await;
    stream.write_all(GET.as_bytes()).await.unwrap();
    assert!(response(&mut stream).await.ends_with("ok"));
    assert!(metrics.num_alive_tasks() > before);
    running.served.abort();
    assert_eq!(within(rest(&mut stream)).await, "");
    within(async {
        while metrics.num_alive_tasks() > before {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
