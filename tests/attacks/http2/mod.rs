//! Reliability rows 25 and 30: HTTP/2 frame by frame, against RFC 9113 and RFC 7541.
//!
//! Every case is a row: what is sent after the connection is set up, and what has to happen. Where the RFC
//! wants a stream error, a connection error will do as well, and so will closing; where a request is
//! malformed, so will a response of status 400 (section 8.1.1). The handler must not have done its work.

mod case;
mod compression;
mod fields;
pub(crate) mod floods;
mod flow_control;
mod frames;
mod streams;
