//! Requests that come one behind the other, cut into segments anywhere: good ones are answered as if each had come by
//! itself, and bad ones are refused wherever they are.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;
use zzz_core_http::HttpConfig;

use crate::support::*;

const LAST: &str = "GET /host HTTP/1.1\r\nhost: last\r\nconnection: close\r\n\r\n";
const CLOSE: &str = "connection: close\r\n";
const HEAD: &str = "HEAD /page HTTP/1.1\r\nhost: x\r\naccept: */*\r\n\r\n";
const BODY: &str = "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello";
/// Within the body is what looks like heads and ends of chunks.
const TRICKY: &str =
    "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 30\r\n\r\n\r\n0\r\n\r\n\nGET / HTTP/1.1\r\n\r\na:b\n";
const CHUNKS: &str = "POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n\
                      5;a=b\r\nhello\r\n5\r\n\r\n0\r\n\r\n0\r\na: b\r\n\r\n";
const EMPTY_CHUNKS: &str = "PUT /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
const BODY_OF_GET: &str = "GET /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nhi";
/// Clients of old send an empty line behind a body (RFC 9112, 2.2).
const LINE_BEHIND: &str = "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\nx\r\n";
const UNREAD: &str = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello";
const UNREAD_CHUNKS: &str =
    "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";

const GOOD: &[&str] = &[GET, HEAD, BODY, TRICKY, CHUNKS, EMPTY_CHUNKS, BODY_OF_GET, LINE_BEHIND];

/// Longer than any pause of a client of these tests on a busy machine.
const HEADER_TIMEOUT: Duration = Duration::from_secs(2);

fn kept() -> HttpConfig {
    HttpConfig {
        header_timeout: HEADER_TIMEOUT,
        keep_alive_timeout: Duration::from_secs(60),
        ..HttpConfig::default()
    }
}

/// Sends each segment such that the server reads it by itself, waits, sends what is `last`, and reads what comes until
/// the server closes. What is the server's own of a moment is left out.
async fn answers(address: SocketAddr, segments: Vec<Vec<u8>>, pause: Duration, last: &str) -> String {
    let (mut reader, mut writer) = {
        let stream = connect(address).await;
        stream.set_nodelay(true).unwrap();
        stream.into_split()
    };
    let read = tokio::spawn(async move {
        let mut all = Vec::new();
        let _ = reader.read_to_end(&mut all).await;
        String::from_utf8(all).unwrap()
    });
    // What refuses a segment or lets a connection end early closes it while this is still writing.
    for segment in segments {
        let _ = writer.write_all(&segment).await;
        tokio::time::sleep(short(2)).await;
    }
    tokio::time::sleep(pause).await;
    let _ = writer.write_all(last.as_bytes()).await;
    let all = within(read).await.unwrap();
    all.split_inclusive("\r\n").filter(|line| !line.starts_with("date: ")).collect()
}

/// The answers to these requests when each has a connection of its own.
async fn answers_one_by_one(address: SocketAddr, requests: &[&str]) -> Vec<String> {
    let mut all = Vec::new();
    for request in requests {
        let both = answers(address, vec![request.as_bytes().to_vec()], Duration::ZERO, LAST).await;
        // Who says that it closes gets no other request.
        let end = if both.contains(CLOSE) && !both.ends_with("last") {
            both.len()
        } else {
            both.rfind("HTTP/1.1 ").unwrap()
        };
        all.push(both[..end].to_owned());
    }
    let last = answers(address, vec![], Duration::ZERO, LAST).await;
    assert!(last.ends_with("last"), "{last}");
    all.push(last);
    all
}

/// Numbers that look random and are the same in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).unwrap()
    }
}

fn cut(bytes: &[u8], at: &[usize]) -> Vec<Vec<u8>> {
    let mut segments = Vec::new();
    let mut from = 0;
    for at in at {
        segments.push(bytes[from..*at].to_vec());
        from = *at;
    }
    segments.push(bytes[from..].to_vec());
    segments
}

#[tokio::test(flavor = "multi_thread")]
async fn pipelines_are_answered_the_same_wherever_they_are_cut_and_the_connection_is_kept() {
    let running = start(kept());
    let mut clients = JoinSet::new();
    let mut send = |requests: &[&str], wanted: &str, cuts: Vec<usize>| {
        let (name, wanted) = (format!("{requests:?} cut at {cuts:?}"), wanted.to_owned());
        let (address, segments) = (running.address, cut(requests.concat().as_bytes(), &cuts));
        clients.spawn(async move {
            // For this long no head that has begun may be without its end.
            let pause = HEADER_TIMEOUT + Duration::from_secs(1);
            assert_eq!(answers(address, segments, pause, LAST).await, wanted, "{name}");
        });
    };
    for requests in [&[GET, GET][..], &[BODY, GET], &[CHUNKS, HEAD], &[LINE_BEHIND, BODY_OF_GET]] {
        let wanted = answers_one_by_one(running.address, requests).await.concat();
        for at in 1..requests.concat().len() {
            send(requests, &wanted, vec![at]);
        }
    }
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for _ in 0..100 {
        let requests: Vec<_> = (0..2 + numbers.below(5)).map(|_| GOOD[numbers.below(GOOD.len())]).collect();
        let wanted = answers_one_by_one(running.address, &requests).await.concat();
        let length = requests.concat().len();
        let mut cuts: Vec<_> = (0..numbers.below(7)).map(|_| 1 + numbers.below(length - 1)).collect();
        cuts.sort_unstable();
        cuts.dedup();
        send(&requests, &wanted, cuts);
    }
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_body_that_nobody_reads_all_is_answered_or_the_answer_before_says_that_it_is_not() {
    let running = start(kept());
    let without_close = |answers: &str| answers.replace(CLOSE, "");
    for requests in
        [&[UNREAD, GET][..], &[UNREAD_CHUNKS, GET], &[GET, UNREAD, BODY], &[UNREAD, UNREAD_CHUNKS]]
    {
        let wanted = without_close(&answers_one_by_one(running.address, requests).await.concat());
        let bytes = requests.concat();
        let mut clients = JoinSet::new();
        for at in 1..bytes.len() {
            let (address, segments) = (running.address, cut(bytes.as_bytes(), &[at]));
            clients.spawn(async move { (at, answers(address, segments, Duration::ZERO, LAST).await) });
        }
        while let Some(client) = clients.join_next().await {
            let (at, answered) = client.unwrap();
            let name = format!("{requests:?} cut at {at}: {answered}");
            assert!(wanted.starts_with(&without_close(&answered)), "{name}");
            // Each says whether it is the last, the one to `LAST` too.
            let last = answered.rfind("HTTP/1.1 ").expect(&name);
            assert_eq!(answered.find(CLOSE).map(|at| at > last), Some(true), "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_that_leave_a_doubt_are_refused_wherever_they_are_and_nothing_behind_them_is_dispatched() {
    const BAD: &[&str] = &[
        "GET / HTTP/1.1\nhost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: x\na: b\r\n\r\n",
        "HEAD / HTTP/1.1\r\nhost: x\r\na: b\n\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\n\n",
        "GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\ncontent-length: 0\r\n\r\n",
        "GET /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\nhi",
        "HEAD / HTTP/1.1\r\nhost: x\r\nContent-Length: 2\r\na: b\r\ncontent-length: 2\r\n\r\nhi",
        "POST /echo HTTP/1.1\r\nContent-Length: 5\r\nhost: x\r\nContent-Length: 5\r\n\r\nhello",
        "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nhost: x\ncontent-length: 5\r\n\r\nhello",
    ];
    for before in [&[][..], &[GET], &[BODY], &[CHUNKS], &[GET, LINE_BEHIND]] {
        for bad in BAD {
            let running = start(kept());
            let wanted = answers_one_by_one(running.address, before).await;
            let wanted = wanted[..before.len()].concat();
            let asked = running.requests();
            let bytes = format!("{}{bad}{GET}", before.concat());
            let mut clients = JoinSet::new();
            for at in 1..bytes.len() {
                let (address, segments) = (running.address, cut(bytes.as_bytes(), &[at]));
                clients.spawn(async move { (at, answers(address, segments, Duration::ZERO, GET).await) });
            }
            let sent = clients.len();
            while let Some(client) = clients.join_next().await {
                let (at, answered) = client.unwrap();
                let name = format!("{bad:?} behind {before:?} cut at {at}: {answered}");
                let refused = answered.strip_prefix(&wanted).expect(&name);
                assert!(refused.starts_with("HTTP/1.1 400 Bad Request\r\nconnection: close\r\n"), "{name}");
                assert_eq!(refused.matches("HTTP/1.").count(), 1, "{name}");
            }
            assert_eq!(running.requests() - asked, sent * before.len(), "{bad:?} behind {before:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_begins_with_the_end_of_a_body_has_the_time_of_a_head() {
    let config = HttpConfig { header_timeout: short(300), ..kept() };
    let running = start(config);
    for body in [BODY, CHUNKS, BODY_OF_GET] {
        let segments = cut(format!("{body}GET / HT").as_bytes(), &[body.len() - 1]);
        let answered = answers(running.address, segments, Duration::ZERO, "").await;
        assert!(answered.starts_with("HTTP/1.1 200"), "{answered}");
        assert_eq!(answered.matches("HTTP/1.1 408").count(), 1, "{answered}");
    }
}
