//! What a row is meant to cost, and whether it does.

use super::results::{DataMeasured, DataResult};
use crate::bench::{contenders::OURS, metrics::thousands, statistics::median};

/// One goal of a row.
pub(super) struct Goal {
    /// Which figure it is about.
    pub(super) of: Of,
    /// What that is meant to be.
    pub(super) bound: Bound,
}

/// A figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// Processor time.
    Cpu,
    /// Time by the clock.
    Time,
}

/// What ours is meant to be.
pub(super) enum Bound {
    /// At most so many times the peer's.
    AtMost { times: f64, peer: &'static str },
    /// The peer's is at least so many times ours.
    Faster { times: f64, peer: &'static str },
    /// At most so many microseconds more than the peer's.
    Slower { micros: f64, peer: &'static str },
    /// At least so many in a second.
    EachSecond(f64),
}

/// What came of a goal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    /// What was meant.
    pub(super) goal: String,
    /// What was measured.
    pub(super) measured: String,
    /// Whether that is what was meant; nothing if it was not measured.
    pub(super) met: Option<bool>,
}

impl Verdict {
    /// `met`, `missed` or a dash.
    pub(super) fn word(&self) -> &'static str {
        match self.met {
            Some(true) => "met",
            Some(false) => "missed",
            None => "–",
        }
    }
}

impl Of {
    fn of(self, measured: &DataMeasured) -> Option<f64> {
        median(match self {
            Of::Cpu => &measured.cpu,
            Of::Time => &measured.time,
        })
    }

    fn word(self) -> &'static str {
        match self {
            Of::Cpu => "CPU",
            Of::Time => "time",
        }
    }
}

impl Goal {
    /// Whom it compares with.
    pub(super) fn peer(&self) -> Option<&'static str> {
        match self.bound {
            Bound::AtMost { peer, .. } | Bound::Faster { peer, .. } | Bound::Slower { peer, .. } => {
                Some(peer)
            }
            Bound::EachSecond(_) => None,
        }
    }

    /// What came of it. Where no processor time was measured, instructions stand in for it.
    pub(super) fn verdict(&self, result: &DataResult) -> Verdict {
        let of = |name: &str| result.contenders.iter().find(|it| it.name == name);
        let (ours, peer) = (of(OURS), self.peer().and_then(of));
        let both = |figure: fn(Of, &DataMeasured) -> Option<f64>| {
            Some((figure(self.of, ours?)?, figure(self.of, peer?)?))
                .filter(|(ours, peer)| *ours > 0.0 && *peer > 0.0)
        };
        let counted = |_: Of, it: &DataMeasured| it.instructions;
        let word = self.of.word();
        let (goal, found) = match self.bound {
            Bound::AtMost { times, peer } => {
                let timed = both(Of::of).map(|(ours, peer)| ours / peer);
                let counted = both(counted).filter(|_| self.of == Of::Cpu).map(|(ours, peer)| ours / peer);
                let found = match (timed, counted) {
                    (Some(timed), Some(counted)) => {
                        Some((format!("{timed:.2}× (instructions {counted:.2}×)"), timed <= times))
                    }
                    (Some(timed), None) => Some((format!("{timed:.2}×"), timed <= times)),
                    (None, Some(counted)) => Some((format!("instructions {counted:.2}×"), counted <= times)),
                    (None, None) => None,
                };
                (format!("{word} at most {times}× {peer}"), found)
            }
            Bound::Faster { times, peer } => {
                let found = both(Of::of).map(|(ours, peer)| peer / ours);
                let found = found.map(|found| (format!("{found:.2}×"), found >= times));
                (format!("at least {times}× as fast as {peer}"), found)
            }
            Bound::Slower { micros, peer } => {
                let found = both(Of::of).map(|(ours, peer)| ours - peer);
                let found = found.map(|found| (format!("{found:+.1} µs"), found <= micros));
                (format!("{word} at most {micros} µs more than {peer}"), found)
            }
            Bound::EachSecond(least) => {
                let found = ours.and_then(|ours| self.of.of(ours)).filter(|micros| *micros > 0.0);
                let found = found.map(|micros| 1e6 / micros);
                let found = found.map(|found| (thousands(found.round()), found >= least));
                (format!("at least {} in a second", thousands(least)), found)
            }
        };
        let met = found.as_ref().map(|(_, met)| *met);
        let measured = found.map_or_else(|| "not measured".to_owned(), |(measured, _)| measured);
        Verdict { goal, measured, met }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::data::results::tests::sample;

    fn verdict(of: Of, bound: Bound) -> (String, String, &'static str) {
        let verdict = Goal { of, bound }.verdict(&sample("postgres/get"));
        (verdict.goal.clone(), verdict.measured.clone(), verdict.word())
    }

    fn says(goal: &str, measured: &str, word: &'static str) -> (String, String, &'static str) {
        (goal.to_owned(), measured.to_owned(), word)
    }

    /// In the sample ours takes 50 µs, 20 of them of the processor, and the peer half as much of either.
    #[test]
    fn a_goal_is_met_or_missed() {
        let peer = "tokio-postgres";
        assert_eq!(
            verdict(Of::Cpu, Bound::AtMost { times: 2.0, peer }),
            says("CPU at most 2× tokio-postgres", "2.00× (instructions 2.00×)", "met")
        );
        assert_eq!(
            verdict(Of::Cpu, Bound::AtMost { times: 1.15, peer }),
            says("CPU at most 1.15× tokio-postgres", "2.00× (instructions 2.00×)", "missed")
        );
        assert_eq!(
            verdict(Of::Time, Bound::Slower { micros: 25.0, peer }),
            says("time at most 25 µs more than tokio-postgres", "+25.0 µs", "met")
        );
        assert_eq!(
            verdict(Of::Time, Bound::Faster { times: 3.0, peer }),
            says("at least 3× as fast as tokio-postgres", "0.50×", "missed")
        );
        assert_eq!(
            verdict(Of::Time, Bound::EachSecond(60_000.0)),
            says("at least 60,000 in a second", "20,000", "missed")
        );
    }

    #[test]
    fn what_was_not_measured_is_neither() {
        let bound = Bound::AtMost { times: 2.0, peer: "sqlx" };
        assert_eq!(verdict(Of::Cpu, bound), says("CPU at most 2× sqlx", "not measured", "–"));
        let mut counted = sample("postgres/get");
        counted.contenders.iter_mut().for_each(|it| it.cpu.clear());
        let goal = Goal { of: Of::Cpu, bound: Bound::AtMost { times: 2.0, peer: "tokio-postgres" } };
        assert_eq!(goal.verdict(&counted).measured, "instructions 2.00×");
        assert_eq!(goal.verdict(&counted).met, Some(true));
    }
}
