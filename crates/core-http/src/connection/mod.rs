//! One connection: hyper's HTTP machine, driven under deadlines of our own.
//!
//! hyper's own header timer allocates a timer for each request head. Here a connection only notes its phase
//! and the time in its [`state`], and the sweeper closes what is overdue.

mod driver;
mod facts;
mod io;
mod service;
mod serving;
mod state;
mod stream;

pub(crate) use driver::Driver;
pub(crate) use facts::Facts;
pub(crate) use serving::Serving;
pub(crate) use state::{CoarseClock, ConnectionState, Deadlines, millis};
pub(crate) use stream::{Opening, Start, Stream};
