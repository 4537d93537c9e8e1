//! Counting tests in the output of `cargo test`.
//!
//! Cargo prints one result line per test program and per package's doctests, and never their sum. libtest's
//! JSON would be the clean way, but it is not stable; the line has kept its form since 2014.

use std::{
    fmt,
    io::{Read, Write},
};

/// How many tests ended how, over every test program so far.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Tests that passed.
    pub(crate) passed: usize,
    /// Tests that failed.
    pub(crate) failed: usize,
    /// Tests that are marked `#[ignore]`.
    pub(crate) ignored: usize,
    /// The names of those that failed, in the order in which they ended.
    pub(crate) failures: Vec<String>,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} ignored", self.passed, self.failed, self.ignored)
    }
}

impl Tally {
    /// Copies `from` to `to` as it comes, byte for byte, and counts.
    ///
    /// What cannot be written (a closed pipe) is counted nevertheless.
    pub(crate) fn copy(mut from: impl Read, mut to: impl Write) -> std::io::Result<Tally> {
        let mut tally = Tally::default();
        let mut line = Vec::new();
        let mut chunk = [0; 8192];
        loop {
            let read = match from.read(&mut chunk) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let _ = to.write_all(&chunk[..read]).and_then(|()| to.flush());
            for byte in &chunk[..read] {
                if *byte == b'\n' {
                    tally.count(&String::from_utf8_lossy(&line));
                    line.clear();
                } else {
                    line.push(*byte);
                }
            }
        }
        tally.count(&String::from_utf8_lossy(&line));
        Ok(tally)
    }

    /// Adds what another run came to.
    pub(crate) fn add(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
        self.failures.extend(other.failures);
    }

    fn count(&mut self, line: &str) {
        let line = without_colours(line);
        if let Some(result) = line.strip_prefix("test result: ") {
            let number = |what: &str| -> Option<usize> {
                result.split(['.', ';']).find_map(|part| part.trim().strip_suffix(what)?.trim().parse().ok())
            };
            if let (Some(passed), Some(failed), Some(ignored)) =
                (number("passed"), number("failed"), number("ignored"))
            {
                self.passed += passed;
                self.failed += failed;
                self.ignored += ignored;
            }
        } else if let Some(name) =
            line.strip_prefix("test ").and_then(|line| line.trim_end().strip_suffix(" ... FAILED"))
        {
            self.failures.push(name.to_owned());
        }
    }
}

/// The line without ANSI escape sequences.
fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, escape)) = rest.split_once('\x1b') {
        plain.push_str(before);
        let end = escape.find(|c: char| c.is_ascii_alphabetic()).map_or(escape.len(), |end| end + 1);
        rest = &escape[end..];
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "\
running 2 tests
test errors::keeps_the_source ... ok
test errors::names_the_field ... FAILED
test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 3 filtered out; finished in 0.00s

test result: \x1b[32mok\x1b[m. 12 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out; finished in 1.20s
test result: this line is a test's own
";

    #[test]
    fn sums_over_programs_and_names_the_failures() {
        let mut copied = Vec::new();
        let tally = Tally::copy(OUTPUT.as_bytes(), &mut copied).unwrap();
        assert_eq!(tally.to_string(), "13 passed, 1 failed, 2 ignored");
        assert_eq!(tally.failures, ["errors::names_the_field"]);
        assert_eq!(copied, OUTPUT.as_bytes());
    }

    #[test]
    fn counts_a_last_line_without_its_end_and_lines_split_over_reads() {
        struct OneByte<'a>(&'a [u8]);
        impl Read for OneByte<'_> {
            fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
                let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
                into[0] = *first;
                self.0 = rest;
                Ok(1)
            }
        }
        let line = "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out";
        let tally = Tally::copy(OneByte(line.as_bytes()), std::io::sink()).unwrap();
        assert_eq!(tally.to_string(), "3 passed, 0 failed, 1 ignored");
    }
}
