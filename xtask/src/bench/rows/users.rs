//! `users`: a parameter in the path.

use super::{Answer, Check, Row, Sends};

pub(super) const ROW: Row = Row {
    name: "users",
    does: "GET `/users/{id}` reads the id from the path as an `i64` and answers it as text",
    path: "/users/12345",
    sends: Sends::Nothing,
    database: false,
    checks: &[
        Check { path: "/users/12345", answer: Answer::Body { content_type: "text/plain", body: "12345" } },
        Check { path: "/users/-7", answer: Answer::Body { content_type: "text/plain", body: "-7" } },
        Check { path: "/users/seven", answer: Answer::Refused },
        Check { path: "/users/99999999999999999999", answer: Answer::Refused },
    ],
};
