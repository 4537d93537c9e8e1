//! Tables of HTTP/1 requests that must be refused: what is refused is never dispatched, and nothing after it is.

use std::time::Duration;

use crate::harness::h1::{self, NoReply};
use crate::harness::target::{Board, Target};
use crate::harness::wire::{Wire, shown};
use crate::harness::witness::Witness;

/// What follows every refused request: whoever takes it for a request of its own has been smuggled past.
pub(crate) const SMUGGLED: &[u8] = b"GET /smuggled HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// How soon a connection ends after its last response: a second, and time for a loaded machine.
const CLOSES: Duration = Duration::from_secs(4);

/// How much of a refused request may have been done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Nothing: the app has not seen it.
    BeforeTheApp,
    /// Its head was fine, so the app has seen it, but could not read its body.
    WithinTheBody,
}

/// A request to be refused.
pub(crate) struct Refusal<'a> {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    /// The statuses that will do; a close without a status does if 0 is among them.
    pub(crate) statuses: &'a [u16],
    pub(crate) refused: Refused,
}

/// Sends each, with a request smuggled after it, and panics with the list of those that were not refused.
pub(crate) fn are_refused(refusals: &[Refusal<'_>]) {
    // A request that never ends is closed soon.
    let mut target = Target::start(&[("header_timeout", "2s")]);
    let witness = Witness::watch(&target);
    let mut faults = Vec::new();
    for refusal in refusals {
        if let Err(fault) = is_refused(&target, refusal) {
            faults.push(format!("{}: {fault}\n    {}", refusal.name, shown(&refusal.bytes)));
        }
    }
    witness.check(&mut target);
    let (bad, all) = (faults.len(), refusals.len());
    assert!(faults.is_empty(), "{bad} of {all} were not refused:\n{}", faults.join("\n"));
}

fn is_refused(target: &Target, refusal: &Refusal<'_>) -> Result<(), String> {
    let (before, smuggled_before) = (target.board(), smuggled(target));
    let mut wire = Wire::connect(target.plain);
    wire.send(&refusal.bytes);
    wire.send(SMUGGLED);
    let first = h1::reply(&mut wire, false);
    let status = match &first {
        Ok(reply) => reply.status,
        Err(NoReply::Cut(came)) if came.is_empty() => 0,
        Err(other) => return Err(format!("{other:?}")),
    };
    let closed = wire.closes_within(CLOSES);
    let more = shown(&wire.inbox);
    let after = target.board();
    let mut faults = Vec::new();
    if !refusal.statuses.contains(&status) {
        faults.push(format!("answered {status}, not {:?}", refusal.statuses));
    }
    if !closed {
        faults.push("the connection stays open".to_owned());
    }
    if !more.is_empty() {
        faults.push(format!("more was answered: {more}"));
    }
    faults.extend(what_was_done(refusal.refused, &before, &after).map(str::to_owned));
    if smuggled(target) != smuggled_before {
        faults.push("SMUGGLED: the request behind it was dispatched".to_owned());
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("; ")) }
}

/// How often the request behind it was dispatched.
pub(crate) fn smuggled(target: &Target) -> usize {
    target.log().iter().filter(|line| line.contains("/smuggled")).count()
}

fn what_was_done(refused: Refused, before: &Board, after: &Board) -> Option<&'static str> {
    if after.committed != before.committed {
        return Some("the handler did its work");
    }
    (refused == Refused::BeforeTheApp && after.dispatched != before.dispatched).then_some("it was dispatched")
}
