//! [`Progress`]: a bar on a terminal, and lines in a log.

use std::{
    io::{IsTerminal, Write},
    time::Instant,
};

use crate::paint::duration;

/// Shows on standard error how far a run of known length is.
pub(crate) struct Progress {
    total: usize,
    done: usize,
    terminal: bool,
    stage: String,
    began: Instant,
}

/// Cells of the bar.
const WIDTH: usize = 24;

impl Progress {
    /// For this many steps.
    pub(crate) fn of(total: usize) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Progress { total, done: 0, terminal, stage: String::new(), began: Instant::now() }
    }

    /// The next step begins. A log has a line for each stage, and a terminal shows the step as well.
    pub(crate) fn step(&mut self, stage: &str, detail: &str) {
        if self.terminal {
            let bar = bar(self.done, self.total);
            let took = duration(self.began.elapsed());
            eprint!("\r\x1b[2K{bar} {stage}, {detail} ({took})");
            let _ = std::io::stderr().flush();
        } else if self.stage != stage {
            eprintln!("[{:>3}%] {stage}", percent(self.done, self.total));
        }
        stage.clone_into(&mut self.stage);
        self.done += 1;
    }

    /// A line that stays, as a contender that is left out.
    pub(crate) fn say(&self, line: &str) {
        let clear = if self.terminal { "\r\x1b[2K" } else { "" };
        eprintln!("{clear}{line}");
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.terminal {
            eprint!("\r\x1b[2K");
        }
    }
}

fn percent(done: usize, total: usize) -> usize {
    (done * 100).checked_div(total).unwrap_or(100).min(100)
}

fn bar(done: usize, total: usize) -> String {
    let filled = (done * WIDTH).checked_div(total).unwrap_or(WIDTH).min(WIDTH);
    format!("{}{} {:>3}%", "█".repeat(filled), "░".repeat(WIDTH - filled), percent(done, total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_fills() {
        assert_eq!(bar(0, 10), format!("{}   0%", "░".repeat(24)));
        assert_eq!(bar(5, 10), format!("{}{}  50%", "█".repeat(12), "░".repeat(12)));
        assert_eq!(bar(11, 10), format!("{} 100%", "█".repeat(24)));
        assert_eq!(percent(0, 0), 100);
    }
}
