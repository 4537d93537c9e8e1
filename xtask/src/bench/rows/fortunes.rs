//! `fortunes`: a page of what a database holds.

use super::{Answer, Check, Row, Sends};

pub(super) const ROW: Row = Row {
    name: "fortunes",
    does: "GET `/fortunes` reads all 12 rows of `fortune`, adds one, sorts them by their messages, and answers a page in \
           HTML, made by the template engine that the contender has or that its users take, with what the messages hold \
           escaped",
    path: "/fortunes",
    sends: Sends::Nothing,
    database: true,
    checks: &[
        Check { path: "/fortunes", answer: Answer::Fortunes },
        Check { path: "/fortunes/1", answer: Answer::Refused },
    ],
};
