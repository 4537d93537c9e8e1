//! [`Witness`]: watches the target while it is attacked.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::target::Target;
use super::wire::Wire;
use super::{PATIENCE, h1};

/// How much an attack may add to resident memory.
const GROWTH: u64 = 64 << 20;

/// The slowest that the well-behaved client may be served. It is not the 500 ms of the promise, since tests
/// share two cores with their own attackers; see [`Report::slowest`].
const SLOWEST: Duration = Duration::from_secs(5);

/// A well-behaved client that asks for `/ok` all the time, and what it saw.
pub(crate) struct Witness {
    stop: Arc<AtomicBool>,
    most: Arc<AtomicU64>,
    client: Option<JoinHandle<Report>>,
    memory: u64,
    descriptors: usize,
}

/// What the well-behaved client saw.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Report {
    pub(crate) served: u64,
    pub(crate) slowest: Duration,
    /// How much memory grew.
    pub(crate) growth: u64,
}

impl Witness {
    /// Begins to watch; the target has to be idle now.
    pub(crate) fn watch(target: &Target) -> Self {
        // What the first request of each kind takes once belongs to the baseline.
        for _ in 0..3 {
            let mut wire = Wire::connect(target.plain);
            assert_eq!(ask(&mut wire), Ok(()));
        }
        let (memory, descriptors) = (target.memory(), idle(target));
        let (stop, most) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(memory)));
        let (address, pid) = (target.plain, target.pid());
        let (stopped, peak) = (Arc::clone(&stop), Arc::clone(&most));
        let client = std::thread::spawn(move || {
            let (mut report, mut wire) = (Report::default(), Wire::connect(address));
            while !stopped.load(SeqCst) || report.served == 0 {
                let began = Instant::now();
                if let Err(why) = ask(&mut wire) {
                    panic!("the well-behaved client is not served: {why}");
                }
                report.served += 1;
                report.slowest = report.slowest.max(began.elapsed());
                peak.fetch_max(memory_of(pid), SeqCst);
                // The pace of a client.
                std::thread::sleep(Duration::from_millis(10));
                if report.served % 50 == 0 {
                    wire = Wire::connect(address);
                }
            }
            report
        });
        Self { stop, most, client: Some(client), memory, descriptors }
    }

    /// Ends the watch: the well-behaved client was served all the time, memory stayed small, and descriptors
    /// are as they were.
    pub(crate) fn check(mut self, target: &mut Target) -> Report {
        self.stop.store(true, SeqCst);
        let client = self.client.take().expect("it ends once");
        let mut report = client.join().unwrap_or_else(|why| std::panic::resume_unwind(why));
        assert!(target.is_alive(), "the target is dead");
        assert!(report.slowest < SLOWEST, "the well-behaved client waited {:?}", report.slowest);
        report.growth = self.most.load(SeqCst).saturating_sub(self.memory);
        assert!(report.growth < GROWTH, "memory grew by {} MiB", report.growth >> 20);
        let give_up = Instant::now() + PATIENCE;
        while target.descriptors() > self.descriptors {
            let (now, before) = (target.descriptors(), self.descriptors);
            assert!(Instant::now() < give_up, "{now} descriptors are open, {before} were before");
            std::thread::sleep(Duration::from_millis(5));
        }
        report
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.stop.store(true, SeqCst);
    }
}

fn ask(wire: &mut Wire) -> Result<(), String> {
    if !wire.send(b"GET /ok HTTP/1.1\r\nhost: localhost\r\n\r\n") {
        return Err("the connection is closed".into());
    }
    match h1::reply(wire, false) {
        Ok(reply) if reply.status == 200 && reply.body == b"ok" => Ok(()),
        other => Err(format!("{other:?}")),
    }
}

/// How many descriptors it has while nobody is connected; it takes a moment to close the last ones.
fn idle(target: &Target) -> usize {
    let count = || {
        std::thread::sleep(Duration::from_millis(5));
        target.descriptors()
    };
    (0..5).map(|_| count()).min().unwrap_or(0)
}

fn memory_of(pid: u32) -> u64 {
    // The second number is resident pages.
    let statm = std::fs::read_to_string(format!("/proc/{pid}/statm")).unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4096
}
