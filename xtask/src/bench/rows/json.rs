//! `json`: a value serialized for each request.

use super::{Answer, Check, Row, Sends};

pub(super) const ROW: Row = Row {
    name: "json",
    does: "GET `/json` answers `{\"message\":\"Hello, World!\"}`, serialized by serde for each request",
    path: "/json",
    sends: Sends::Nothing,
    database: false,
    checks: &[
        Check {
            path: "/json",
            answer: Answer::Body {
                content_type: "application/json",
                body: "{\"message\":\"Hello, World!\"}",
            },
        },
        Check { path: "/jsonp", answer: Answer::Refused },
    ],
};
