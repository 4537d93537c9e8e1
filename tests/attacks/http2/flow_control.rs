//! Flow control: section 6.9.

use super::case::Expected::{Answered, ConnectionError, StreamError};
use super::case::{FLOW, bytes, case, get, post, run};
use crate::harness::PATIENCE;
use crate::harness::flow::over_h2;
use crate::harness::h2::{Client, code, data, flag, kind, settings, window_update};
use crate::harness::target::Target;

const MOST: u32 = (1 << 31) - 1;

#[test]
fn row_25_a_window_beyond_its_bound_is_an_error() {
    run(&[
        case("6.9.1", "the connection's window", bytes(&[window_update(0, MOST)]), ConnectionError(FLOW)),
        case(
            "6.9.1",
            "the connection's window, in two steps",
            bytes(&[window_update(0, MOST - 65_535), window_update(0, 1)]),
            ConnectionError(FLOW),
        ),
        case(
            "6.9.1",
            "a stream's window",
            bytes(&[post(1, "/sink"), window_update(1, MOST)]),
            StreamError(FLOW),
        ),
        case(
            "6.9.1",
            "the largest window",
            bytes(&[window_update(0, MOST - 65_535), get(1, "/echo")]),
            Answered(200),
        ),
        case(
            "6.9.2",
            "a setting that lifts a window too high",
            bytes(&[post(1, "/sink"), window_update(1, MOST - 65_535), settings(&[(4, 65_536)])]),
            ConnectionError(FLOW),
        ),
    ]);
}

/// The sizes of the DATA frames of stream 1 until a PING sent now is answered, and whether the stream ended.
fn sizes(client: &mut Client) -> (Vec<usize>, bool) {
    client.send(&crate::harness::h2::ping(*b"so much?"));
    let (mut sizes, mut ended) = (Vec::new(), false);
    loop {
        let frame = client.frame(PATIENCE).expect("the answer to the PING");
        match frame.kind {
            kind::PING if frame.has(flag::ACK) => return (sizes, ended),
            kind::DATA => {
                sizes.push(frame.payload.len());
                ended |= frame.has(flag::END_STREAM);
            }
            kind::HEADERS => drop(client.decode(&frame.payload)),
            _ => {}
        }
    }
}

/// Waits until the server has sent this much on stream 1.
fn receive(client: &mut Client, wanted: usize) -> bool {
    let (mut received, mut ended) = (0, false);
    while received < wanted {
        let (sizes, end) = sizes(client);
        received += sizes.iter().sum::<usize>();
        ended |= end;
    }
    assert_eq!(received, wanted, "more than the window");
    ended
}

#[test]
fn row_25_no_more_is_sent_than_windows_allow() {
    over_h2(|transport| {
        let target = Target::start(&[]);
        // Of two values for one setting, the later counts (section 6.5.3).
        let mut client = Client::open_with(transport.connect(&target), &[(4, 100), (4, 1)]);
        client.gives_windows = false;
        client.request(1, "GET", "/stream?chunks=1&size=1000");
        receive(&mut client, 1);
        client.send(&window_update(1, 9));
        receive(&mut client, 9);
        // A new value of the setting moves the window of a stream that is open: 1 + 9 - 10 + 20 - 1 are left.
        client.send(&settings(&[(4, 21)]));
        receive(&mut client, 20);
        // It may become negative, and has to be made up for.
        client.send(&settings(&[(4, 1)]));
        client.send(&window_update(1, 20));
        let (sizes, ended) = sizes(&mut client);
        assert_eq!((sizes, ended), (vec![], false));
        client.send(&window_update(1, 970));
        assert!(receive(&mut client, 970), "all 1,000 bytes came");
    });
}

#[test]
fn row_25_no_more_is_sent_than_the_connections_window_allows() {
    over_h2(|transport| {
        let target = Target::start(&[]);
        let mut client = Client::open_with(transport.connect(&target), &[(4, 1 << 20)]);
        client.gives_windows = false;
        client.request(1, "GET", "/stream?chunks=100&size=1000");
        receive(&mut client, 65_535);
        let (sizes, ended) = sizes(&mut client);
        assert_eq!((sizes, ended), (vec![], false));
        client.send(&window_update(0, 1 << 20));
        assert!(receive(&mut client, 100_000 - 65_535));
    });
}

#[test]
fn row_25_data_beyond_the_servers_window_is_an_error() {
    over_h2(|transport| {
        let target = Target::start(&[]);
        let mut client = Client::open(transport.connect(&target));
        // `/wait` does not read, so no window is given back.
        client.send(&post(1, "/wait"));
        let most = client.initial_window.max(client.window) as usize + (2 << 20);
        let mut sent = 0;
        while sent < most && client.send(&data(1, vec![0; 16_384], false)) {
            sent += 16_384;
        }
        let error = loop {
            match client.frame(PATIENCE) {
                Some(frame) if frame.kind == kind::RST_STREAM => break Some(frame.number(0)),
                Some(frame) if frame.kind == kind::GOAWAY => break Some(frame.number(4)),
                Some(_) => {}
                None => break None,
            }
        };
        assert!(error.is_none_or(|error| error == code::FLOW_CONTROL_ERROR), "{error:?} after {sent} bytes");
        assert!(error.is_some() || client.wire.end.is_some(), "{sent} bytes were taken");
    });
}
