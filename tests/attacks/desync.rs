//! Reliability row 6, directly: the 159 requests of http-desync-guardian, which pull servers and proxies apart.

use std::sync::LazyLock;

use serde_json::Value;

use crate::harness::PATIENCE;
use crate::harness::h1;
use crate::harness::target::Target;
use crate::harness::wire::{Wire, shown};
use crate::harness::witness::Witness;
use crate::refusals::{SMUGGLED, smuggled};

/// One of the requests.
pub(crate) struct Vector {
    pub(crate) name: String,
    /// `Severe`, `Ambiguous`, `Acceptable` or `Compliant`.
    tier: String,
    pub(crate) bytes: Vec<u8>,
}

/// All of them. None has a Host, which alone would be its end, so each gets one.
pub(crate) static VECTORS: LazyLock<Vec<Vector>> = LazyLock::new(|| {
    let all: Vec<Value> = serde_json::from_str(include_str!("../data/desync/requests.json")).unwrap();
    all.iter().map(vector).collect()
});

fn vector(value: &Value) -> Vector {
    let text = |key: &str| value[key].as_str().unwrap().to_owned();
    let headers: Vec<(&str, &str)> = value["headers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|header| (header[0].as_str().unwrap(), header[1].as_str().unwrap()))
        .collect();
    let version = text("version");
    let space = if version.is_empty() { "" } else { " " };
    let mut head = format!("{} {}{space}{version}\r\n", text("method"), text("uri"));
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        head.push_str("host: localhost\r\n");
    }
    for (name, value) in &headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    let mut bytes: Vec<u8> = head.chars().flat_map(byte).collect();
    // A body as its headers promise it, as far as they promise one at all.
    let mentions = |wanted: &str| headers.iter().any(|(name, _)| name.to_lowercase().contains(wanted));
    let lengths = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = lengths.filter_map(|(_, value)| value.trim().parse::<usize>().ok()).min();
    if mentions("transfer-encoding") {
        bytes.extend(b"0\r\n\r\n");
    } else if let Some(length) = length {
        bytes.extend(vec![b'x'; length.min(64 << 10)]);
    }
    Vector { name: format!("{}: {}", text("file"), text("name")), tier: text("tier"), bytes }
}

/// A character of the file is a byte, as far as it can be one.
fn byte(c: char) -> Vec<u8> {
    match u8::try_from(c) {
        Ok(byte) => vec![byte],
        Err(_) => c.to_string().into_bytes(),
    }
}

#[test]
fn row_6_the_severe_requests_get_400_and_a_close_and_hide_nothing() {
    assert_eq!(VECTORS.len(), 159);
    let mut target = Target::start(&[("header_timeout", "3s")]);
    let witness = Witness::watch(&target);
    let severe: Vec<&Vector> = VECTORS.iter().filter(|vector| vector.tier == "Severe").collect();
    assert_eq!(severe.len(), 58);
    let mut faults = Vec::new();
    for vector in severe {
        let before = (target.board().dispatched, smuggled(&target));
        let mut wire = Wire::connect(target.plain);
        wire.send(&vector.bytes);
        wire.send(SMUGGLED);
        let status = h1::reply(&mut wire, false).map(|reply| reply.status);
        let closed = wire.closes_within(PATIENCE);
        let after = (target.board().dispatched, smuggled(&target));
        let refused = status == Ok(400) && after.0 == before.0;
        if !closed || after.1 != before.1 || !wire.inbox.is_empty() || !refused {
            faults.push(format!(
                "{}: {status:?}, closed: {closed}, dispatched: {}, smuggled: {}, more: {}\n  {}",
                vector.name,
                after.0 - before.0,
                after.1 - before.1,
                shown(&wire.inbox),
                shown(&vector.bytes)
            ));
        }
    }
    witness.check(&mut target);
    assert!(faults.is_empty(), "{} were not refused:\n{}", faults.len(), faults.join("\n"));
}

/// Fine by the grammar, and still not for us: a coding that we do not know (RFC 9112, section 6.1, asks for 501),
/// and a target of which nothing is left.
fn is_beyond_us(vector: &Vector) -> bool {
    let text = String::from_utf8_lossy(&vector.bytes).to_lowercase();
    let codings: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("transfer-encoding:")).map(str::trim).collect();
    !matches!(codings[..], [] | ["chunked"]) || text.starts_with("get  http")
}

#[test]
fn row_6_the_compliant_requests_are_served() {
    let target = Target::start(&[]);
    let mut faults = Vec::new();
    for vector in VECTORS.iter().filter(|vector| vector.tier == "Compliant") {
        let mut wire = Wire::connect(target.plain);
        wire.send(&vector.bytes);
        match h1::reply(&mut wire, vector.bytes.starts_with(b"HEAD ")) {
            Ok(reply) if is_beyond_us(vector) && matches!(reply.status, 400 | 501) => {}
            // Their paths are nobody's.
            Ok(reply) if matches!(reply.status, 200 | 404 | 405) => {}
            other => faults.push(format!("{}: {other:?}\n  {}", vector.name, shown(&vector.bytes))),
        }
    }
    assert!(faults.is_empty(), "{} are not served:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn row_6_whatever_is_refused_ends_its_connection() {
    let mut target = Target::start(&[("header_timeout", "3s")]);
    let witness = Witness::watch(&target);
    let mut faults = Vec::new();
    for vector in VECTORS.iter().filter(|vector| !matches!(&*vector.tier, "Severe" | "Compliant")) {
        let before = (target.board().dispatched, smuggled(&target));
        let mut wire = Wire::connect(target.plain);
        wire.send(&vector.bytes);
        wire.send(SMUGGLED);
        wire.finish();
        let first = h1::reply(&mut wire, vector.bytes.starts_with(b"HEAD "));
        let closed = wire.closes_within(PATIENCE);
        let after = (target.board().dispatched, smuggled(&target));
        let (dispatched, smuggled) = (after.0 - before.0, (after.1 - before.1) as u64);
        let refused = matches!(&first, Ok(reply) if matches!(reply.status, 400 | 501 | 505));
        // Either it is refused, and nothing behind it is seen, or it is served as one request, and the other
        // as another.
        let fine = if refused { dispatched == 0 } else { smuggled <= 1 && dispatched == 1 + smuggled };
        if !closed || !fine || first.is_err() {
            let first = first.map(|reply| reply.status);
            faults.push(format!(
                "{}: {first:?}, {dispatched}, {smuggled}\n  {}",
                vector.name,
                shown(&vector.bytes)
            ));
        }
    }
    witness.check(&mut target);
    assert!(faults.is_empty(), "{} went wrong:\n{}", faults.len(), faults.join("\n"));
}
