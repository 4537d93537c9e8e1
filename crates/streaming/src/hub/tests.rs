//! Who gets which event of a hub, and who is dropped.

use zzz_core::http::now_or_never;

use super::*;

/// What comes next: `None` if nothing is there yet, `Some("")` at the end.
fn next(subscription: &mut Subscription) -> Option<String> {
    let event = now_or_never(std::future::poll_fn(|cx| Pin::new(&mut *subscription).poll_next(cx)))?;
    Some(String::from_utf8(event.unwrap_or_default().into()).unwrap())
}

/// The texts of the events that are there.
fn texts(subscription: &mut Subscription) -> Vec<String> {
    let mut all = Vec::new();
    while let Some(event) = next(subscription) {
        all.push(event.split_once("data: ").map_or("the end", |(_, data)| data.trim_end()).to_owned());
        if event.is_empty() {
            break;
        }
    }
    all
}

fn publish(hub: &Hub, texts: &[&str]) {
    for text in texts {
        hub.publish(&Event::new(*text));
    }
}

fn from_now() -> LastEventId {
    LastEventId(None)
}

fn after(id: String) -> LastEventId {
    LastEventId(Some(id))
}

#[test]
fn everybody_gets_what_is_published_from_now_on() {
    let hub = Hub::new(10);
    publish(&hub, &["before"]);
    let (mut one, mut other) = (hub.subscribe(&from_now()), hub.subscribe(&from_now()));
    assert_eq!(next(&mut one), None);
    hub.publish(&Event::new("a").named("post").unwrap().id("mine").unwrap());
    let id = hub.last_event_id();
    assert_eq!(next(&mut one), Some(format!("id: {id}\nevent: post\ndata: a\n\n")));
    assert_eq!(texts(&mut other), ["a"]);
    publish(&hub, &["b", "c"]);
    assert_eq!(
        (texts(&mut one), texts(&mut other)),
        (vec!["b".into(), "c".into()], vec!["b".into(), "c".into()])
    );
}

#[test]
fn who_comes_back_gets_what_it_has_missed() {
    let hub = Hub::new(4);
    let page = hub.last_event_id();
    publish(&hub, &["a", "b"]);
    let known = hub.last_event_id();
    publish(&hub, &["c", "d"]);
    for (id, expected) in [(page.clone(), &["a", "b", "c", "d"][..]), (known.clone(), &["c", "d"])] {
        let mut reader = hub.subscribe(&after(id)).when_missed(&Event::new("lost"));
        assert!(!reader.has_missed());
        assert_eq!(texts(&mut reader), expected);
    }
    publish(&hub, &["e"]);
    assert!(!hub.subscribe(&after(known)).has_missed());
    let mut late = hub.subscribe(&after(page)).when_missed(&Event::new("lost"));
    assert!(late.has_missed());
    assert_eq!(texts(&mut late), ["lost", "b", "c", "d", "e"]);
}

#[test]
fn an_id_of_another_hub_is_no_id_of_this_one() {
    let (hub, before) = (Hub::new(10), Hub::new(10));
    publish(&before, &["x", "y", "z"]);
    publish(&hub, &["a", "b", "c"]);
    let beyond = format!("{}0", hub.last_event_id());
    for id in [before.last_event_id(), "nonsense".into(), String::new(), "-".into(), "1-".into(), beyond] {
        let mut reader = hub.subscribe(&after(id.clone())).when_missed(&Event::new("lost"));
        assert_eq!(texts(&mut reader), ["lost", "a", "b", "c"], "{id}");
    }
}

#[test]
fn a_slow_reader_is_dropped_and_can_catch_up() {
    let hub = Hub::new(8);
    let mut slow = hub.subscribe(&from_now());
    publish(&hub, &["0"]);
    assert_eq!(texts(&mut slow), ["0"]);
    let has = hub.last_event_id();
    publish(&hub, &["1", "2", "3", "4", "5"]);
    assert_eq!(texts(&mut slow), ["the end"]);
    let mut back = hub.subscribe(&after(has));
    publish(&hub, &["6", "7"]);
    assert!(!back.has_missed());
    assert_eq!(
        texts(&mut back),
        ["1", "2", "3", "4", "5", "6", "7"],
        "what it catches up with does not count"
    );
}

#[test]
fn memory_is_bounded_in_events_and_bytes() {
    let hub = Hub::with_limits(1_000, 10_000);
    let mut slow = hub.subscribe(&from_now());
    for _ in 0..100 {
        hub.publish(&Event::new("x".repeat(1_000)));
    }
    let kept = hub.shared().lock();
    let (count, bytes) = (kept.events.len(), kept.bytes);
    assert_eq!(bytes, kept.events.iter().map(Bytes::len).sum::<usize>());
    drop(kept);
    assert!((9..10).contains(&count) && bytes <= 10_000, "{count} events, {bytes} bytes");
    assert_eq!(texts(&mut slow), ["the end"], "what it would get next is kept no more");
    hub.publish(&Event::new("y".repeat(20_000)));
    assert_eq!(hub.shared().lock().events.len(), 1, "one event always has room");
}

#[test]
fn readers_are_woken_and_leave_nothing_behind() {
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    use std::task::{Wake, Waker};
    #[derive(Default)]
    struct Count(AtomicUsize);
    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Relaxed);
        }
    }
    let hub = Hub::new(10);
    let count = Arc::new(Count::default());
    let mut reader = hub.subscribe(&from_now());
    let waker = Waker::from(Arc::clone(&count));
    assert!(Pin::new(&mut reader).poll_next(&mut Context::from_waker(&waker)).is_pending());
    publish(&hub, &["a"]);
    assert_eq!(count.0.load(Relaxed), 1);
    drop(reader);
    publish(&hub, &["b"]);
    assert_eq!((count.0.load(Relaxed), Arc::strong_count(&count)), (1, 2));
}

#[test]
fn streams_end_with_the_hub() {
    let hub = Hub::new(10);
    let mut reader = hub.subscribe(&from_now());
    publish(&hub, &["last"]);
    let clone = hub.clone();
    drop(hub);
    assert_eq!(texts(&mut reader), ["last"]);
    drop(clone);
    assert_eq!(texts(&mut reader), ["the end"]);
}
