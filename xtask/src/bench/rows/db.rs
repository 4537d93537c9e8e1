//! `db`: one row of a database.

use super::{Answer, Check, Row, Sends};

pub(super) const ROW: Row = Row {
    name: "db",
    does: "GET `/db` reads one row of `world` (10,000 rows) by a random key, and answers it as JSON; this and the three \
           rows after it are TechEmpower's tests",
    path: "/db",
    sends: Sends::Nothing,
    database: true,
    checks: &[Check { path: "/db", answer: Answer::World }, Check { path: "/db/1", answer: Answer::Refused }],
};
