//! `upload`: a large file in a form, written to a temporary one.

use super::{Row, Sends};

pub(super) const ROW: Row = Row {
    name: "upload",
    does: "POST `/upload` takes a `multipart/form-data` body with a file of 100 MiB, writes it to a temporary file as it \
           comes, and answers its length as text; the file is removed again. Temporary files are in `/dev/shm` where there \
           is one, so that it is no disk that is measured",
    path: "/upload",
    sends: Sends::File(100 << 20),
    database: false,
    checks: &[],
};
