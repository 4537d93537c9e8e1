//! What every program does that measures the data layer, whichever driver it is written on.
//!
//! `bench-<name> <case> <rounds>` works on the database that DATABASE_URL names, and prints `checksum <number>`: the sum
//! of what it has read, or of what the database said to what it wrote. Whoever does the same work prints the same. Then it
//! prints `cpu <nanoseconds>`: the processor time that the whole process has had, all its threads, those that have ended
//! too. What others can see of that is counted in hundredths of a second.
//!
//! | module | holds |
//! |---|---|
//! | [`order`] | the words and the variable that a program is started with |
//! | [`table`] | the two tables, and what is in them |
//! | [`tasks`] | the cases, for what is asynchronous |
//! | [`blocking`] | the cases, for what is not |

// A measurement that fails may panic.
#![allow(clippy::expect_used, clippy::panic)]

pub mod blocking;
pub mod order;
pub mod table;
pub mod tasks;

pub use order::{Case, Database, Order};

/// How many rows `gets` has under way at once.
pub const AT_ONCE: u64 = 20;
/// How many tasks work at once in the cases that have `64` in their name.
pub const TASKS: u64 = 64;
/// How many rows `insert_all` inserts with one call.
pub const BATCH: u64 = 100;

/// Says what came out, and what it cost.
fn report(checksum: u64) {
    println!("checksum {checksum}");
    #[cfg(unix)]
    {
        let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
        println!("cpu {}", used.tv_sec * 1_000_000_000 + used.tv_nsec);
    }
}
