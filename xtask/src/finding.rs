//! [`Finding`]: one thing that is wrong, where it is, and how to mend it.

use std::fmt;

/// Shown as `path:line: what; mend`, so that editors and terminals make it a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Relative to the workspace's folder.
    pub(crate) path: String,
    /// Counted from 1.
    pub(crate) line: usize,
    /// What is wrong, with the value that is.
    pub(crate) what: String,
    /// How to mend it.
    pub(crate) mend: String,
    /// The compiler's own words, shown below.
    pub(crate) detail: Option<String>,
}

impl Finding {
    /// Without detail.
    pub(crate) fn new(
        path: impl Into<String>,
        line: usize,
        what: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Finding { path: path.into(), line, what: what.into(), mend: mend.into(), detail: None }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}; {}", self.path, self.line, self.what, self.mend)?;
        for line in self.detail.iter().flat_map(|detail| detail.trim_end().lines()) {
            write!(f, "\n    {line}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_a_place_a_fault_and_a_remedy() {
        let mut finding = Finding::new("src/lib.rs", 7, "a tab", "use spaces");
        assert_eq!(finding.to_string(), "src/lib.rs:7: a tab; use spaces");
        finding.detail = Some("one\ntwo\n".to_owned());
        assert_eq!(finding.to_string(), "src/lib.rs:7: a tab; use spaces\n    one\n    two");
    }
}
