//! [`Table`]: headings and cells, for the terminal and for Markdown.

/// Cells under headings; the first column is left-aligned, the others right-aligned unless all text is.
pub(crate) struct Table {
    /// Whether every column holds words.
    pub(crate) words: bool,
    /// The heads of the columns.
    pub(crate) headings: Vec<String>,
    /// As many cells in each as there are headings.
    pub(crate) rows: Vec<Vec<String>>,
}

impl Table {
    /// Without the columns in which no row has anything but a dash.
    pub(crate) fn without_empty_columns(mut self) -> Self {
        let empty: Vec<bool> = (0..self.headings.len())
            .map(|at| self.rows.iter().all(|row| row.get(at).is_none_or(|cell| cell == "–")))
            .collect();
        for cells in std::iter::once(&mut self.headings).chain(&mut self.rows) {
            let mut gone = empty.iter();
            cells.retain(|_| gone.next() != Some(&true));
        }
        self
    }

    /// For a terminal, each column as wide as it needs.
    pub(crate) fn text(&self) -> String {
        let width = |cell: &String| cell.chars().count();
        let mut widths: Vec<usize> = self.headings.iter().map(width).collect();
        for row in &self.rows {
            for (known, cell) in widths.iter_mut().zip(row) {
                *known = (*known).max(width(cell));
            }
        }
        let mut text = String::new();
        for row in std::iter::once(&self.headings).chain(&self.rows) {
            let mut line = String::new();
            for (at, (cell, width)) in row.iter().zip(&widths).enumerate() {
                let cell =
                    if at == 0 || self.words { format!("{cell:<width$}") } else { format!("{cell:>width$}") };
                line.push_str(&cell);
                line.push_str("  ");
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    /// For a page.
    pub(crate) fn markdown(&self) -> String {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let rule: Vec<&str> =
            (0..self.headings.len()).map(|at| if at == 0 || self.words { "---" } else { "---:" }).collect();
        let mut text = line(&self.headings);
        text.push_str(&format!("|{}|\n", rule.join("|")));
        for row in &self.rows {
            text.push_str(&line(row));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let cells = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let rows = vec![cells(["zzz", "–", "10"]), cells(["hyper", "–", "9 µs"])];
        Table { words: false, headings: cells(["", "gone", "µs"]), rows }.without_empty_columns()
    }

    #[test]
    fn aligns_for_the_terminal() {
        assert_eq!(table().text(), "         µs\nzzz      10\nhyper  9 µs\n");
    }

    #[test]
    fn writes_markdown() {
        assert_eq!(table().markdown(), "|  | µs |\n|---|---:|\n| zzz | 10 |\n| hyper | 9 µs |\n");
    }
}
