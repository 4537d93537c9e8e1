//! One run of a program: what it says, and what it used.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use super::{database::Database, rows::DataRow};
use crate::bench::{Bench, instructions};

/// What a run came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Used {
    /// By the clock, in microseconds.
    time: f64,
    /// Of the processor, in microseconds; nothing where the program can not tell.
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
    said: u64,
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
        command
            .args([self.row.case, &rounds.to_string()])
            .env_clear()
            .env("DATABASE_URL", self.database.url());
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let began = Instant::now();
        let child = self
            .bench
            .keeper
            .spawn(&mut command)
            .map_err(|error| format!("it could not be started: {error}"))?;
        let output =
            child.wait_with_output().map_err(|error| format!("nobody knows how it ended: {error}"))?;
        let time = began.elapsed();
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(format!("it ended ({}): {}", output.status, said.trim()));
        }
        let output = String::from_utf8_lossy(&output.stdout);
        let said = number(&output, "checksum").ok_or("it says no checksum")?;
        let written = self.row.writes().then(|| self.database.take()).transpose()?;
        #[allow(clippy::cast_precision_loss)]
        let cpu = number(&output, "cpu").map(|nanoseconds| nanoseconds as f64 / 1e3);
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
}

/// What lies between two runs, for each unit of work.
pub(super) fn each(row: &DataRow, few: Used, many: Used) -> Each {
    let [first, second] = row.rounds;
    let units = f64::from(second - first) * f64::from(row.units);
    let between = |few: f64, many: f64| (many - few).max(0.0) / units;
    let cpu = few.cpu.zip(many.cpu).map(|(few, many)| between(few, many));
    Each { time: between(few.time, many.time), cpu }
}

/// The number in the line that begins with this word, as in `checksum 123`.
fn number(output: &str, word: &str) -> Option<u64> {
    output.lines().find_map(|line| line.strip_prefix(word)?.strip_prefix(' ')?.parse().ok())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::bench::data::rows::DATA_ROWS;

    pub(crate) fn answer(said: u64, written: &str) -> Answer {
        Answer { said, written: Some(written.to_owned()) }
    }

    #[test]
    fn numbers_are_found_by_their_word() {
        let output = "checksum 42\ncpu 7000\n";
        assert_eq!((number(output, "checksum"), number(output, "cpu")), (Some(42), Some(7000)));
        assert_eq!(number("checksum of nothing\ncheck 1\n", "checksum"), None);
        assert_eq!(number("checksum42", "checksum"), None);
    }

    #[test]
    fn start_and_stop_are_in_neither_figure() {
        let row = DATA_ROWS.iter().find(|row| row.name == "sqlite/gets64").unwrap();
        let units = f64::from(row.rounds[1] - row.rounds[0]) * 64.0;
        let used = |micros: f64| Used { time: 9000.0 + micros, cpu: Some(1000.0 + micros / 2.0) };
        assert_eq!(each(row, used(0.0), used(units * 3.0)), Each { time: 3.0, cpu: Some(1.5) });
        // A machine that was busy with something else meanwhile is no figure below nothing.
        assert_eq!(each(row, used(units), Used { time: 0.0, cpu: None }), Each { time: 0.0, cpu: None });
    }
}
