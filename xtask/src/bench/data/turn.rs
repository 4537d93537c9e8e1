//! One run of a program: what it says, and what it used.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use super::{database::Database, rows::DataRow};
use crate::bench::{Bench, instructions, usage};

/// What a run came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Used {
    /// By the clock, in microseconds.
    time: f64,
    /// Of the processor, in microseconds; nothing where that can not be told.
    cpu: Option<f64>,
}

/// What each unit of a row's work used: time by the clock and of the processor, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Each {
    pub(super) time: f64,
    pub(super) cpu: Option<f64>,
}

/// What a program says of its work, and what is found of it in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    said: String,
    written: Option<String>,
}

/// Who works, and on what.
pub(super) struct Work<'a> {
    pub(super) bench: &'a Bench<'a>,
    pub(super) row: &'a DataRow,
    pub(super) database: &'a Database<'a>,
}

impl Work<'_> {
    /// Lets a program work for so many rounds.
    pub(super) fn run(&self, program: &Path, rounds: u32) -> Result<(Used, Answer), String> {
        self.run_as(Command::new(program), rounds)
    }

    fn run_as(&self, mut command: Command, rounds: u32) -> Result<(Used, Answer), String> {
        command.args([self.row.case, &rounds.to_string()]).env_clear().env("DATABASE_URL", self.database.url());
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Nothing else that was started ends in between.
        let used = || usage::children_cpu_micros(self.bench.ticks_per_second);
        let (before, began) = (used(), Instant::now());
        let child = self.bench.keeper.spawn(&mut command).map_err(|error| format!("it could not be started: {error}"))?;
        let output = child.wait_with_output().map_err(|error| format!("nobody knows how it ended: {error}"))?;
        let (time, after) = (began.elapsed(), used());
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(format!("it ended ({}): {}", output.status, said.trim()));
        }
        let said = checksum(&String::from_utf8_lossy(&output.stdout)).ok_or("it says no checksum")?;
        let written = self.row.writes().then(|| self.database.take()).transpose()?;
        #[allow(clippy::cast_precision_loss)]
        let cpu = before.zip(after).map(|(before, after)| after.saturating_sub(before) as f64);
        Ok((Used { time: time.as_secs_f64() * 1e6, cpu }, Answer { said, written }))
    }

    /// Counts the instructions of each unit of work.
    pub(super) fn count(&self, valgrind: &Path, program: &Path, profile: PathBuf) -> Result<f64, String> {
        let mut totals = [0; 2];
        for (total, rounds) in totals.iter_mut().zip(self.row.counted) {
            let profile = profile.with_extension(format!("{rounds}.out"));
            let _ = std::fs::remove_file(&profile);
            let mut command = Command::new(valgrind);
            command.args(["--tool=callgrind", "--quiet"]);
            command.arg(format!("--callgrind-out-file={}", profile.display())).arg(program);
            self.run_as(command, rounds)?;
            *total = instructions::of_profile(&profile)?;
        }
        let [few, many] = self.row.counted;
        instructions::difference(totals, u64::from(many - few) * u64::from(self.row.units))
    }

    /// What lies between two runs, for each unit of work.
    pub(super) fn each(&self, few: Used, many: Used) -> Each {
        let [first, second] = self.row.rounds;
        let units = f64::from(second - first) * f64::from(self.row.units);
        let between = |few: f64, many: f64| (many - few).max(0.0) / units;
        let cpu = few.cpu.zip(many.cpu).map(|(few, many)| between(few, many));
        Each { time: between(few.time, many.time), cpu }
    }
}

/// The number in the last line, `checksum 123`.
fn checksum(output: &str) -> Option<String> {
    let number = output.trim_end().lines().last()?.strip_prefix("checksum ")?;
    number.parse::<u64>().ok().map(|number| number.to_string())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn answer(said: &str, written: &str) -> Answer {
        Answer { said: said.to_owned(), written: Some(written.to_owned()) }
    }

    #[test]
    fn the_last_line_has_the_checksum() {
        assert_eq!(checksum("a note\nchecksum 42\n"), Some("42".to_owned()));
        assert_eq!(checksum("checksum 42\nbut then this\n"), None);
        assert_eq!(checksum("checksum of nothing"), None);
        assert_eq!(checksum(""), None);
    }
}
