//! `plaintext`: what a request costs when the handler costs nothing.

use super::{Answer, Check, Row, Sends};

pub(super) const ROW: Row = Row {
    name: "plaintext",
    does: "GET `/plaintext` answers `Hello, World!` as text: what a request costs when the handler costs nothing",
    path: "/plaintext",
    sends: Sends::Nothing,
    database: false,
    checks: &[
        Check {
            path: "/plaintext",
            answer: Answer::Body { content_type: "text/plain", body: "Hello, World!" },
        },
        Check { path: "/plaintext/none", answer: Answer::Refused },
    ],
};
