//! What a person sees on the terminal: ticks, crosses and durations.

use std::{io::IsTerminal, time::Duration};

/// Colours for standard output; none where it is no terminal, or where `NO_COLOR` is set (no-color.org).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint {
    colour: bool,
}

impl Paint {
    /// As standard output can show it.
    pub(crate) fn of_stdout() -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Paint { colour: wanted && std::io::stdout().is_terminal() }
    }

    /// Whether there are colours.
    pub(crate) fn colour(self) -> bool {
        self.colour
    }

    /// A green tick or a red cross.
    pub(crate) fn mark(self, good: bool) -> &'static str {
        match (good, self.colour) {
            (true, true) => "\x1b[32m✓\x1b[0m",
            (true, false) => "✓",
            (false, true) => "\x1b[31m✗\x1b[0m",
            (false, false) => "✗",
        }
    }
}

/// `0.4 s`, `12.3 s`, `2 min 05 s`.
pub(crate) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 60 {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_durations_as_people_say_them() {
        assert_eq!(duration(Duration::from_millis(440)), "0.4 s");
        assert_eq!(duration(Duration::from_secs(125)), "2 min 05 s");
    }
}
