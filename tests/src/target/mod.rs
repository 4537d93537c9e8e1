//! The parts of the target server.

pub(crate) mod board;
pub(crate) mod routes;
