//! How a case is described and run.

use std::time::Duration;

use crate::harness::PATIENCE;
use crate::harness::flow::{Transport, over_h2};
use crate::harness::h2::{Client, Frame, Outcome, PREFACE, code, flag, headers, kind, ping, settings};
use crate::harness::hpack;
use crate::harness::target::Target;
use crate::harness::witness::Witness;

/// One row of a table.
pub(super) struct Case {
    pub(super) name: &'static str,
    /// Of RFC 9113, unless it says otherwise.
    pub(super) section: &'static str,
    pub(super) sent: Vec<u8>,
    pub(super) expected: Expected,
}

/// What has to happen.
#[derive(Debug, Clone, Copy)]
pub(super) enum Expected {
    /// Stream 1 is answered with this status.
    Answered(u16),
    /// Stream 1 is reset with one of these codes, or refused with 400, or the connection ends.
    StreamError(&'static [u32]),
    /// GOAWAY with one of these codes, or the connection is closed.
    ConnectionError(&'static [u32]),
    /// Nothing of note: the connection goes on.
    Ignored,
    /// A stream error by the RFC, of something that the library drops before anybody can see it: the app does
    /// not see it either.
    Unseen,
    /// The RFC leaves it open; the connection goes on, or ends with an error.
    Open,
}

// Where a more exact code is due, PROTOCOL_ERROR will do: the h2 crate says it for nearly all that breaks a
// connection, and ends the connection as it has to.
pub(super) const PROTOCOL: &[u32] = &[code::PROTOCOL_ERROR];
pub(super) const SIZE: &[u32] = &[code::FRAME_SIZE_ERROR, code::PROTOCOL_ERROR];
pub(super) const FLOW: &[u32] = &[code::FLOW_CONTROL_ERROR, code::PROTOCOL_ERROR];
pub(super) const CLOSED: &[u32] = &[code::STREAM_CLOSED, code::PROTOCOL_ERROR];
pub(super) const COMPRESSION: &[u32] = &[code::COMPRESSION_ERROR, code::PROTOCOL_ERROR];

/// A case in one line.
pub(super) fn case(section: &'static str, name: &'static str, sent: Vec<u8>, expected: Expected) -> Case {
    Case { name, section, sent, expected }
}

/// Frames, one after the other.
pub(super) fn bytes(frames: &[Frame]) -> Vec<u8> {
    frames.iter().flat_map(Frame::bytes).collect()
}

/// The block of a request for `path`.
pub(super) fn block(method: &str, path: &str) -> Vec<u8> {
    hpack::encode(&crate::harness::h2::head(method, path))
}

/// A whole request without a body.
pub(super) fn get(stream: u32, path: &str) -> Frame {
    headers(stream, block("GET", path), true)
}

/// The head of a request whose body is to come.
pub(super) fn post(stream: u32, path: &str) -> Frame {
    headers(stream, block("POST", path), false)
}

/// Runs a table over both kinds of HTTP/2 and panics with the list of the cases that went wrong.
pub(super) fn run(cases: &[Case]) {
    over_h2(|transport| {
        let mut target = Target::start(&[("header_timeout", "3s")]);
        let witness = Witness::watch(&target);
        let faults: Vec<String> = cases
            .iter()
            .filter_map(|case| {
                let fault = check(transport, &target, case).err()?;
                Some(format!("section {}, {}: {fault}", case.section, case.name))
            })
            .collect();
        witness.check(&mut target);
        let (bad, all) = (faults.len(), cases.len());
        assert!(faults.is_empty(), "{bad} of {all} went wrong over {transport:?}:\n{}", faults.join("\n"));
    });
}

fn check(transport: Transport, target: &Target, case: &Case) -> Result<(), String> {
    let before = target.board().committed;
    let raw = case.sent.starts_with(b"PRI") || case.section == "3.4";
    let mut client = match raw {
        true => Client::silent(transport.connect(target)),
        false => Client::open(transport.connect(target)),
    };
    client.wire.send(&case.sent);
    happened(&mut client, case.expected)?;
    let refused = matches!(case.expected, Expected::StreamError(_) | Expected::ConnectionError(_));
    if refused && target.board().committed != before {
        return Err("the handler did its work".into());
    }
    Ok(())
}

fn happened(client: &mut Client, expected: Expected) -> Result<(), String> {
    // What never comes is waited for less long: the table is long.
    const SOON: Duration = Duration::from_secs(6);
    match expected {
        Expected::Answered(wanted) => match client.outcome(1) {
            Outcome::Response { status, .. } if status == wanted => Ok(()),
            other => Err(format!("not answered with {wanted}: {other:?}")),
        },
        Expected::StreamError(codes) => match client.outcome_within(1, SOON) {
            Outcome::Reset { code, .. } | Outcome::GoAway(code) if codes.contains(&code) => Ok(()),
            Outcome::Response { status: 400, .. } | Outcome::Closed => Ok(()),
            other => Err(format!("no stream error {codes:?}: {other:?}")),
        },
        Expected::ConnectionError(codes) => match client.connection_error(SOON) {
            Some(None) => Ok(()),
            Some(Some(code)) if codes.contains(&code) => match client.wire.closes_within(SOON) {
                true => Ok(()),
                false => Err("GOAWAY, but the connection stays open".into()),
            },
            other => Err(format!("no connection error {codes:?}: {other:?}")),
        },
        Expected::Unseen => match client.outcome(1) {
            Outcome::Late => Err("neither a response nor an error".into()),
            _ => Ok(()),
        },
        Expected::Ignored => goes_on(client).then_some(()).ok_or("the connection does not go on".into()),
        Expected::Open => {
            if goes_on(client) || client.wire.end.is_some() {
                Ok(())
            } else {
                Err("neither an error nor does it go on".into())
            }
        }
    }
}

/// Whether a PING is answered.
pub(super) fn goes_on(client: &mut Client) -> bool {
    let content = *b"still on";
    client.send(&ping(content));
    while let Some(frame) = client.frame(PATIENCE) {
        if frame.kind == kind::PING && frame.has(flag::ACK) && frame.payload == content {
            return true;
        }
    }
    false
}

/// The preface and empty settings.
pub(super) fn preface() -> Vec<u8> {
    [PREFACE, &settings(&[]).bytes()].concat()
}
