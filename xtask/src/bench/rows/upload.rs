//! `upload`: a large file in a form, written to a temporary one.

use super::{Row, Sends};

pub(super) const ROW: Row = Row {
    name: "upload",
    does: "POST `/upload` takes a `multipart/form-data` body with a file of 100 MiB, writes it to a temporary file as it \
           comes, and answers its length as text; the file is removed again",
    path: "/upload",
    sends: Sends::File(100 << 20),
    checks: &[],
};
