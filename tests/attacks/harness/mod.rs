//! What every attack needs: a server to attack, clients that speak its protocols to the letter or against it,
//! and somebody who watches.

pub(crate) mod flow;
pub(crate) mod h1;
pub(crate) mod h2;
pub(crate) mod hpack;
mod huffman;
pub(crate) mod target;
pub(crate) mod tls;
pub(crate) mod way;
pub(crate) mod wire;
pub(crate) mod witness;

use std::time::{Duration, Instant};

/// How long anything may take before a test calls it a hang: generous, since a loaded machine is slow.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Asks again and again until the answer is yes; panics with `what` if it never is.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let give_up = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < give_up, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
