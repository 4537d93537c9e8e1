//! One table for all deadlines of a connection, and what else the state decides.

use super::*;

const HEADER: u64 = 100;
const KEEP_ALIVE: u64 = 500;
const GRACE: u64 = 200;
const STALL: u64 = 300;
const LINGER: u64 = 50;
const ROUND: u64 = 10;

const DEADLINES: Deadlines = Deadlines {
    header: HEADER,
    keep_alive: KEEP_ALIVE,
    body_min_rate: 1000,
    body_grace: GRACE,
    write_stall: STALL,
    linger: LINGER,
    round: ROUND,
};

const GET: &[u8] = b"GET / HTTP/1.1\r\n\r\n";
const POST: &[u8] = b"POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\n";

fn state() -> (Arc<CoarseClock>, Arc<ConnectionState>) {
    let clock = Arc::new(CoarseClock::new());
    let budget = Arc::new(Budget::new(100 * 1024));
    (Arc::clone(&clock), Arc::new(ConnectionState::new(clock, budget, ShutdownSignal::new())))
}

/// Moves the clock on and lets the sweeper come round.
fn order_at(clock: &CoarseClock, state: &ConnectionState, now: u64) -> Order {
    clock.set(now);
    state.sweep(now, &DEADLINES);
    state.order()
}

fn get(state: &ConnectionState) {
    state.received(&mut GET.to_vec());
    let _ = state.request_began(0, Framing::Empty, 0);
}

#[test]
fn each_phase_has_its_deadline() {
    type Steps = fn(&Arc<ConnectionState>);
    const NEVER: u64 = u64::MAX;
    let table: &[(&str, Steps, u64, Order)] = &[
        ("silent, or shaking hands", |_| {}, HEADER, Order::Close),
        (
            "head",
            |state| {
                state.received(&mut b"GET / HT".to_vec());
            },
            HEADER,
            Order::Refuse,
        ),
        ("busy", |state| get(state), NEVER, Order::None),
        (
            "idle",
            |state| {
                get(state);
                state.response_ended();
            },
            KEEP_ALIVE,
            Order::Close,
        ),
        (
            "next head came with the first",
            |state| {
                state.received(&mut b"GET / HTTP/1.1\r\n\r\nGET /nex".to_vec());
                let _ = state.request_began(0, Framing::Empty, 0);
                state.response_ended();
            },
            HEADER,
            Order::Refuse,
        ),
        (
            "next head came while busy",
            |state| {
                get(state);
                state.received(&mut b"GET /nex".to_vec());
                state.response_ended();
            },
            HEADER,
            Order::Refuse,
        ),
        (
            "next head came in pieces while busy, and its time has not begun",
            |state| {
                get(state);
                state.received(&mut b"GET /nex".to_vec());
                state.received(&mut b"t HTTP".to_vec());
            },
            NEVER,
            Order::None,
        ),
        (
            "idle after a body",
            |state| {
                state.received(&mut POST.to_vec());
                let _ = state.request_began(1, Framing::Length(5), 0);
                state.received(&mut b"12345".to_vec());
                state.request_body_ended();
                state.response_ended();
            },
            KEEP_ALIVE,
            Order::Close,
        ),
        (
            "idle after a head whose last line came by itself",
            |state| {
                state.received(&mut b"GET / HTTP/1.1\r\nhost: x\r\n".to_vec());
                state.received(&mut b"\r\n".to_vec());
                assert_eq!(state.request_began(1, Framing::Empty, 0), Some(27));
                state.response_ended();
            },
            KEEP_ALIVE,
            Order::Close,
        ),
        (
            "idle after a second head that came with the first",
            |state| {
                state.received(&mut b"GET / HTTP/1.1\r\n\r\nGET /next HTTP/1.1\r\n\r\n".to_vec());
                for length in [18, 22] {
                    assert_eq!(state.request_began(0, Framing::Empty, 0), Some(length));
                    state.response_ended();
                }
            },
            KEEP_ALIVE,
            Order::Close,
        ),
        (
            "next head came with the end of a body",
            |state| {
                state.received(&mut POST.to_vec());
                assert_eq!(state.request_began(1, Framing::Length(5), 0), Some(POST.len() as u64));
                state.received(&mut b"123".to_vec());
                state.received(&mut b"45GET / HT".to_vec());
                state.request_body_ended();
                state.response_ended();
            },
            HEADER,
            Order::Refuse,
        ),
        (
            "next head came with a body in chunks and the head before it",
            |state| {
                let chunks = "transfer-encoding: chunked\r\n\r\n2\r\nxx\r\n0\r\n\r\nGET / HT";
                state.received(&mut format!("POST / HTTP/1.1\r\n{chunks}").into_bytes());
                assert_eq!(state.request_began(1, Framing::Chunked, 0), Some(47));
                state.request_body_ended();
                state.response_ended();
            },
            HEADER,
            Order::Refuse,
        ),
        (
            "idle after a body in chunks",
            |state| {
                state.received(&mut b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n2\r\nx".to_vec());
                assert_eq!(state.request_began(1, Framing::Chunked, 0), Some(47));
                state.received(&mut b"x\r\n0\r\n\r".to_vec());
                state.received(&mut b"\n".to_vec());
                state.request_body_ended();
                state.response_ended();
            },
            KEEP_ALIVE,
            Order::Close,
        ),
        (
            "idle while a body comes that is answered already",
            |state| {
                state.received(&mut POST.to_vec());
                assert_eq!(state.request_began(1, Framing::Length(5), 0), Some(POST.len() as u64));
                state.response_ended();
                state.received(&mut b"12345".to_vec());
            },
            KEEP_ALIVE,
            Order::Close,
        ),
        (
            "next head behind a body that is answered already",
            |state| {
                state.received(&mut POST.to_vec());
                assert_eq!(state.request_began(1, Framing::Length(5), 0), Some(POST.len() as u64));
                state.response_ended();
                state.received(&mut b"12345G".to_vec());
            },
            HEADER,
            Order::Refuse,
        ),
        (
            "idle after an empty line behind a body, which is no head",
            |state| {
                state.received(&mut POST.to_vec());
                assert_eq!(state.request_began(1, Framing::Length(5), 0), Some(POST.len() as u64));
                state.received(&mut b"12345\r\n".to_vec());
                state.request_body_ended();
                state.response_ended();
                state.received(&mut b"\r".to_vec());
            },
            KEEP_ALIVE,
            Order::Close,
        ),
        (
            "a body that is not read",
            |state| {
                state.received(&mut POST.to_vec());
                let _ = state.request_began(1, Framing::Length(5), 0);
            },
            NEVER,
            Order::None,
        ),
        (
            "a body that is waited for, after the response has begun",
            |state| {
                state.received(&mut POST.to_vec());
                let _ = state.request_began(1, Framing::Length(5), 0);
                state.exchange.answered();
                state.exchange.body_awaited(0);
            },
            GRACE,
            Order::Close,
        ),
        (
            "a response that the peer does not take",
            |state| {
                get(state);
                state.exchange.answered();
                state.write_blocked();
            },
            STALL,
            Order::Close,
        ),
        (
            "the end of a response that the peer does not take",
            |state| {
                get(state);
                state.exchange.answered();
                state.write_blocked();
                state.response_ended();
            },
            STALL,
            Order::Close,
        ),
        (
            "a response that the peer takes again",
            |state| {
                get(state);
                state.exchange.answered();
                state.write_blocked();
                state.write_flows();
            },
            NEVER,
            Order::None,
        ),
        (
            "upgraded",
            |state| {
                get(state);
                let upgrade = zzz_core::http::Upgrade::new();
                let mut response = upgrade.accept("echo", |_| async {});
                state.hand_over_to(response.extensions_mut().remove().unwrap());
                state.response_ended();
                assert!(state.take_handover().is_some());
                state.received(&mut b"anything".to_vec());
            },
            NEVER,
            Order::None,
        ),
        ("lingering", |state| state.lingers(), LINGER, Order::Close),
        #[cfg(feature = "http2")]
        ("HTTP/2 without a request", |state| state.speaks_http2(1), HEADER, Order::Finish),
        #[cfg(feature = "http2")]
        (
            "HTTP/2 with a request in flight",
            |state| {
                state.speaks_http2(1);
                assert!(state.streams().unwrap().begin(state, 0, false, 0).is_some());
            },
            NEVER,
            Order::None,
        ),
        #[cfg(feature = "http2")]
        (
            "HTTP/2 after its requests",
            |state| {
                state.speaks_http2(1);
                state.streams().unwrap().begin(state, 0, false, 0).unwrap().ended();
            },
            KEEP_ALIVE,
            Order::Finish,
        ),
        #[cfg(feature = "http2")]
        (
            "a head of HTTP/2 that does not end",
            |state| {
                state.speaks_http2(2);
                assert!(state.streams().unwrap().begin(state, 0, false, 0).is_some());
                state.streams().unwrap().head_comes(true, 0);
            },
            HEADER,
            Order::Close,
        ),
        #[cfg(feature = "http2")]
        (
            "HTTP/2 that is not listened to any more",
            |state| {
                state.speaks_http2(2);
                assert!(state.streams().unwrap().begin(state, 0, false, 0).is_some());
                state.streams().unwrap().give_up(0);
            },
            LINGER,
            Order::Close,
        ),
    ];
    for (name, steps, deadline, order) in table {
        let (clock, state) = state();
        steps(&state);
        if *deadline == NEVER {
            assert_eq!(order_at(&clock, &state, 1_000_000), Order::None, "{name}");
            continue;
        }
        assert_eq!(order_at(&clock, &state, deadline + ROUND), Order::None, "{name}: too early");
        assert_eq!(order_at(&clock, &state, deadline + ROUND + 1), *order, "{name}");
    }
}

#[test]
fn a_head_that_hyper_shows_otherwise_than_it_came_is_refused() {
    const TWO: &[u8] = b"GET / HTTP/1.1\r\ncontent-length: 5\r\ncontent-length: 5\r\n\r\n";
    type Steps = fn(&ConnectionState);
    let table: &[(&str, Steps)] = &[
        ("alone", |state| {
            state.received(&mut TWO.to_vec());
        }),
        ("on a kept connection", |state| {
            get(state);
            state.response_ended();
            state.received(&mut TWO.to_vec());
        }),
        ("in pieces", |state| {
            state.received(&mut TWO[..30].to_vec());
            state.received(&mut TWO[30..].to_vec());
        }),
        ("behind a head", |state| {
            state.received(&mut [GET, TWO].concat());
            assert!(state.request_began(0, Framing::Empty, 0).is_some());
            state.response_ended();
        }),
        ("behind a body", |state| {
            state.received(&mut [POST, b"12"].concat());
            assert!(state.request_began(1, Framing::Length(5), 0).is_some());
            state.received(&mut [b"345", TWO].concat());
            state.response_ended();
        }),
    ];
    for (name, steps) in table {
        let (_, state) = state();
        steps(&state);
        assert_eq!(state.request_began(1, Framing::Length(5), 0), None, "{name}");
        state.received(&mut GET.to_vec());
        assert_eq!(state.request_began(0, Framing::Empty, 0), None, "{name}: nothing behind it is taken");
    }
    let (_, state) = state();
    state.received(&mut POST.to_vec());
    assert!(state.request_began(1, Framing::Length(5), 0).is_some());
    state.received(&mut b"1234".to_vec());
    assert_eq!(state.request_began(0, Framing::Empty, 0), None, "a head within a body");
}

#[test]
fn a_request_has_its_time_until_its_response_begins() {
    let (clock, state) = state();
    let _ = state.request_began(0, Framing::Empty, 50);
    order_at(&clock, &state, 60);
    assert!(state.overdue().is_none());
    order_at(&clock, &state, 61);
    assert_eq!(state.overdue(), Some(Overdue::Response));

    let _ = state.request_began(0, Framing::Empty, 50);
    assert!(state.overdue().is_none(), "the next request begins anew");
    state.exchange.answered();
    order_at(&clock, &state, 10_000);
    assert!(state.overdue().is_none(), "a stream may take its time");
}

/// Reads a body of which `bytes` come every `pace` milliseconds; when it was found too slow.
fn too_slow_at(bytes: u64, pace: u64, wait: bool) -> Option<u64> {
    let (clock, state) = state();
    state.received(&mut POST.to_vec());
    let _ = state.request_began(1, Framing::Length(5), 0);
    if wait {
        state.exchange.body_awaited(0);
    }
    for now in 1..5_000 {
        if now % pace == 0 {
            clock.set(now);
            if wait {
                state.exchange.body_came(now, bytes);
                state.exchange.body_awaited(now);
            }
        }
        if now % ROUND == 0 {
            assert_eq!(order_at(&clock, &state, now), Order::None);
        }
        if state.overdue() == Some(Overdue::Body) {
            return Some(now);
        }
    }
    None
}

#[test]
fn a_body_must_come_at_its_rate_while_somebody_waits_for_it() {
    assert_eq!(too_slow_at(0, 4_999, true), Some(GRACE + 2 * ROUND), "nothing comes");
    assert_eq!(too_slow_at(1, 10, true), Some(240), "a tenth of the rate");
    assert_eq!(too_slow_at(9, 10, true), Some(2_110), "nine tenths of the rate");
    assert_eq!(too_slow_at(10, 10, true), None, "the rate");
    assert_eq!(too_slow_at(150, 150, true), None, "the rate, in pieces");
    assert_eq!(
        too_slow_at(1_000_000, 300, true),
        Some(GRACE + 2 * ROUND),
        "what was fast may not stall for longer"
    );
    assert_eq!(too_slow_at(0, 10, false), None, "nobody waits");
}

#[test]
fn a_body_that_comes_just_in_time_is_in_time() {
    let (clock, state) = state();
    let _ = state.request_began(1, Framing::Length(5), 0);
    state.exchange.body_awaited(0);
    order_at(&clock, &state, 1_000);
    assert_eq!(state.overdue(), Some(Overdue::Body));
    state.exchange.body_came(1_000, 1);
    assert_eq!(state.overdue(), None);
}

#[test]
fn a_connection_that_lingers_has_carried_out_its_order() {
    let (clock, state) = state();
    state.received(&mut b"GET".to_vec());
    assert_eq!(order_at(&clock, &state, HEADER + ROUND + 1), Order::Refuse);
    state.lingers();
    assert_eq!(state.order(), Order::None);
    state.finish();
    assert_eq!(state.order(), Order::Finish);
    state.lingers();
    assert_eq!(state.order(), Order::Finish, "it is still to finish");
}

#[cfg(feature = "http2")]
mod http2 {
    use super::*;

    #[test]
    fn no_more_streams_begin_than_may_be() {
        let (_, state) = state();
        state.speaks_http2(2);
        let streams = state.streams().unwrap();
        let first = streams.begin(&state, 0, false, 0).unwrap();
        let second = streams.begin(&state, 0, false, 0).unwrap();
        assert!(streams.begin(&state, 0, false, 0).is_none());
        first.ended();
        first.ended();
        let third = streams.begin(&state, 0, false, 0).unwrap();
        assert!(streams.begin(&state, 0, false, 0).is_none(), "a stream ends once");
        second.ended();
        third.ended();
        assert!(streams.begin(&state, 0, false, 0).is_some());
    }

    #[test]
    fn a_peer_that_is_told_to_leave_is_not_waited_for() {
        let (clock, state) = state();
        state.speaks_http2(2);
        let streams = state.streams().unwrap();
        let stream = streams.begin(&state, 0, false, 0).unwrap();
        state.finish();
        assert_eq!(order_at(&clock, &state, 1_000), Order::Finish, "a request is in flight");
        stream.ended();
        assert_eq!(order_at(&clock, &state, 1_000 + LINGER + ROUND), Order::Finish);
        assert_eq!(order_at(&clock, &state, 1_001 + LINGER + ROUND), Order::Close);
    }

    #[test]
    fn each_stream_has_its_own_time() {
        let (clock, state) = state();
        state.speaks_http2(2);
        let streams = state.streams().unwrap();
        let short = streams.begin(&state, 50, false, 0).unwrap();
        let long = streams.begin(&state, 5_000, false, 0).unwrap();
        assert_eq!(order_at(&clock, &state, 61), Order::None);
        assert_eq!(short.overdue(), Some(Overdue::Response));
        assert_eq!(long.overdue(), None);
    }
}

#[test]
fn at_the_end_a_new_connection_has_a_second_for_its_first_byte() {
    let deadlines = Deadlines { header: 10_000, ..DEADLINES };
    let order_at = |clock: &CoarseClock, state: &ConnectionState, now| {
        clock.set(now);
        state.sweep(now, &deadlines);
        state.order()
    };
    let (clock, silent) = state();
    silent.finish();
    assert_eq!(order_at(&clock, &silent, 1_000 + ROUND), Order::None);
    assert_eq!(order_at(&clock, &silent, 1_001 + ROUND), Order::Close);

    let (clock, heard) = state();
    heard.finish();
    heard.received(&mut b"GET / HT".to_vec());
    assert_eq!(order_at(&clock, &heard, 5_000), Order::Finish);
}

#[test]
fn a_long_head_that_waits_is_declined_when_others_need_the_memory() {
    let (clock, state) = state();
    let piece = [b"GET / HTTP/1.1\r\nx: ".as_slice(), &[b'x'; 60 * 1024]].concat();
    assert!(state.received(&mut piece.to_vec()), "it has to be watched");
    let kept = state.account.kept();
    assert!(kept > 60 * 1024);
    let other = Account::default();
    other.set(state.budget(), 60 * 1024, 0);
    assert!(!state.may_keep_more_of(&other) || !state.may_keep_more());
    clock.set(3_000);
    let mut rents = Vec::new();
    state.rents(3_000, &mut |rent| rents.push(rent));
    let line = state.budget().line(rents).unwrap();
    assert_eq!(state.give_up_beyond(line, 3_000), 1);
    assert_eq!(state.order(), Order::Decline);
    state.lingers();
    assert_eq!((state.order(), state.account.kept()), (Order::None, 0));
    other.close(state.budget());
}

#[test]
fn a_head_of_normal_size_is_not_counted() {
    let (_, state) = state();
    assert!(!state.received(&mut [b"GET / HTTP/1.1\r\nx: ".as_slice(), &[b'x'; 4_000]].concat()));
    assert!(state.received(&mut [b'x'; 4_000]), "the next read may be too much");
    assert_eq!(state.account.kept(), 0);
}

#[test]
fn when_all_memory_is_taken_no_more_is_read_of_a_head_than_what_is_free() {
    let (_, state) = state();
    state.received(&mut [b"GET / HTTP/1.1\r\nx: ".as_slice(), &[b'x'; 5_000]].concat());
    assert_eq!(state.read_bound(), Some(8 * 1024 - 1));
    let other = Account::default();
    other.set(state.budget(), 100 * 1024, 0);
    assert_eq!(state.read_bound(), Some(8 * 1024 - 5_019));
    assert!(!state.budget().take_pressed());
    state.received(&mut [b'x'; 8 * 1024 - 5_019]);
    assert_eq!(state.account.kept(), 0);
    assert_eq!(state.read_bound(), Some(0), "it waits");
    assert!(state.budget().take_pressed() && state.account.take_waiting());
    other.close(state.budget());
    assert_eq!(state.read_bound(), Some(8 * 1024 - 1));
    get(&state);
    assert_eq!(state.read_bound(), None, "bodies are read in larger pieces");
}

#[cfg(feature = "tls")]
#[test]
fn what_tls_has_not_given_on_counts_where_a_request_may_come() {
    let (clock, state) = state();
    state.keeps_sealed(16_000);
    assert_eq!(state.account.kept(), 16_000);
    state.keeps(20_000);
    assert_eq!(state.account.kept(), 36_000);
    state.keeps(0);
    assert_eq!(state.account.kept(), 16_000);
    let other = Account::default();
    other.set(state.budget(), 100 * 1024, 0);
    state.keeps_sealed(30_000);
    assert!(!state.may_keep_more_sealed());
    assert!(!state.may_keep_first_sealed() && state.account.take_waiting());
    get(&state);
    assert!(state.may_keep_more_sealed(), "the body has an account of its own");
    assert!(state.may_keep_first_sealed());
    state.keeps_sealed(16_000);
    assert_eq!(state.account.kept(), 0);
    state.response_ended();
    state.keeps_sealed(16_000);
    clock.set(3_000);
    let rents = |state: &ConnectionState| {
        let mut rents = Vec::new();
        state.rents(3_000, &mut |rent| rents.push(rent));
        rents
    };
    let line = state.budget().line(rents(&state)).unwrap();
    assert_eq!((state.give_up_beyond(line, 3_000), state.order()), (1, Order::Close));
    state.closed();
    assert_eq!(state.account.kept(), 0);
    other.close(state.budget());
}

#[test]
fn a_connection_that_rests_gives_back_what_its_buffers_have_grown_to() {
    let (clock, state) = state();
    get(&state);
    state.long_head_began(20_000);
    assert_eq!(order_at(&clock, &state, 50), Order::None, "a request is in flight, and keeps its head");
    assert_eq!(state.account.kept(), 20_000);
    state.response_ended();
    // The table's deadlines are too short for that.
    let patient = Deadlines { keep_alive: 10_000, ..DEADLINES };
    clock.set(60);
    state.sweep(60, &patient);
    assert_eq!((state.account.kept(), state.order()), (0, Order::None));
    clock.set(50 + REST + ROUND + 1);
    state.sweep(50 + REST + ROUND + 1, &patient);
    assert_eq!(state.order(), Order::Renew);
    assert!(state.is_at_rest());
    state.renewed();
    assert_eq!(state.order(), Order::None);
    assert!(!state.received(&mut b"GET".to_vec()));
    assert!(!state.is_at_rest());
}

#[test]
fn what_an_earlier_request_kept_does_not_count_for_a_later_one() {
    let (clock, state) = state();
    get(&state);
    state.long_head_began(20_000);
    state.response_ended();
    clock.set(10);
    get(&state);
    assert_eq!(order_at(&clock, &state, 10), Order::None);
    assert_eq!(state.account.kept(), 0);
}
