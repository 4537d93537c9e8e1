//! `updates`: twenty rows of a database, read and changed.

use super::{Answer, Check, Row, Sends};

pub(super) const ROW: Row = Row {
    name: "updates",
    does: "GET `/updates?n=20` reads 20 rows of `world` as `queries` does, gives each another number, writes all of them in \
           one statement, and answers them as JSON",
    path: "/updates?n=20",
    sends: Sends::Nothing,
    database: true,
    checks: &[
        Check { path: "/updates?n=20", answer: Answer::Changed(20) },
        Check { path: "/updates?n=0", answer: Answer::Worlds(1) },
        Check { path: "/updates?n=501", answer: Answer::Changed(500) },
        Check { path: "/updates?n=many", answer: Answer::Refused },
    ],
};
