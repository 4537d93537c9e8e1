//! `queries`: twenty rows of a database, each with a query of its own.

use super::{Answer, Check, Row, Sends};

pub(super) const ROW: Row = Row {
    name: "queries",
    does: "GET `/queries?n=20` reads 20 rows of `world` by random keys, with one query for each, and answers them as JSON",
    path: "/queries?n=20",
    sends: Sends::Nothing,
    database: true,
    checks: &[
        Check { path: "/queries?n=20", answer: Answer::Worlds(20) },
        Check { path: "/queries?n=1", answer: Answer::Worlds(1) },
        Check { path: "/queries?n=0", answer: Answer::Worlds(1) },
        Check { path: "/queries?n=501", answer: Answer::Worlds(500) },
        Check { path: "/queries?n=many", answer: Answer::Refused },
    ],
};
