//! One connection: hyper's HTTP machines, driven under deadlines of our own.
//!
//! hyper's own header timer allocates a timer for each request head. Here a connection only notes its phase
//! and the time in its [`state`], a request in its [`exchange`], and the sweeper closes what is overdue.
//!
//! | module | holds |
//! |---|---|
//! | `stream`, `facts` | the bytes under a connection, and what is known of it before its first request |
//! | `io` | the stream as hyper sees it: it notes what comes and what the peer does not take |
//! | `sniff`, `closing` | its first bytes and its end |
//! | `driver` | the task: opening, HTTP/1 or HTTP/2, another protocol, the end |
//! | `service`, `strict`, `upgrade` | from hyper's requests to the app's, and back |
//! | `inbound`, `raw_head`, `chunks` | where heads and bodies end in what comes, and what hyper hides of heads |
//! | `http2` | what HTTP/2 has of its own |
//! | `lane` | what a request runs in: a connection of HTTP/1 or a stream of HTTP/2 |
//! | `state`, `exchange`, `deadlines`, `clock` | the times of connections and requests |

mod chunks;
mod clock;
mod closing;
#[cfg(feature = "tls")]
mod counted;
mod deadlines;
mod driver;
mod exchange;
mod facts;
#[cfg(feature = "http2")]
mod http2;
mod inbound;
mod io;
mod lane;
mod raw_head;
#[cfg(feature = "tls")]
mod records;
mod service;
mod serving;
#[cfg(feature = "http2")]
mod sniff;
mod state;
mod stream;
mod strict;
mod upgrade;

pub(crate) use clock::CoarseClock;
#[cfg(feature = "tls")]
pub(crate) use counted::Counted;
pub(crate) use deadlines::{Deadlines, millis};
pub(crate) use driver::Driver;
pub(crate) use facts::Facts;
pub(crate) use serving::Serving;
pub(crate) use state::{ConnectionState, REST};
pub(crate) use stream::{Opening, Start, Stream};
