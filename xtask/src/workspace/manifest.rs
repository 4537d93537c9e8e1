//! [`Manifest`]: a `Cargo.toml` line by line.
//!
//! `cargo metadata` tells what Cargo made of a manifest, but neither the line nor whether a value was
//! inherited from the workspace. This reader knows just the TOML that manifests are written in (tables, keys,
//! values over several lines), which keeps a TOML parser out of what every `cargo xtask` has to build.

/// The entries of a manifest, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// Every `key = value`.
    pub(crate) entries: Vec<Entry>,
}

/// One `key = value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Where it begins, counted from 1.
    pub(crate) line: usize,
    /// The table's path and the key's, without quotes: `["dependencies", "serde", "workspace"]`.
    pub(crate) path: Vec<String>,
    /// As it is written, comments removed; a value over several lines is joined with spaces.
    pub(crate) value: String,
}

/// A dependency as a manifest declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DependencyLine {
    /// Where it is declared, counted from 1.
    pub(crate) line: usize,
    /// Its key: the package's name, or the name it is renamed to.
    pub(crate) name: String,
    /// `dependencies`, `dev-dependencies` or `build-dependencies`.
    pub(crate) section: String,
    /// Whether it says `workspace = true`.
    pub(crate) inherits: bool,
}

impl Manifest {
    /// Reads a manifest that Cargo has accepted.
    pub(crate) fn parse(text: &str) -> Self {
        let mut entries = Vec::new();
        let mut table = Vec::new();
        let mut lines = text.lines().enumerate();
        while let Some((number, line)) = lines.next() {
            let line = without_comment(line).trim();
            if let Some(header) = line.strip_prefix('[') {
                table = split(header.trim_matches(['[', ']']), '.');
            } else if let Some((key, value)) = line.split_once('=') {
                let mut value = value.trim().to_owned();
                while open_brackets(&value) > 0 {
                    let Some((_, more)) = lines.next() else { break };
                    value.push(' ');
                    value.push_str(without_comment(more).trim());
                }
                let mut path = table.clone();
                path.extend(split(key, '.'));
                entries.push(Entry { line: number + 1, path, value });
            }
        }
        Manifest { entries }
    }

    /// The entry at this path.
    pub(crate) fn get(&self, path: &[&str]) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.path == path)
    }

    /// Whether `path` is inherited: `path.workspace = true` or `path = { workspace = true }`.
    pub(crate) fn inherits(&self, path: &[&str]) -> bool {
        let dotted: Vec<&str> = path.iter().copied().chain(["workspace"]).collect();
        self.get(&dotted).is_some_and(|entry| entry.value == "true")
            || self.get(path).is_some_and(|entry| says_workspace(&entry.value))
    }

    /// Every dependency of the package, those for one target included.
    pub(crate) fn dependencies(&self) -> Vec<DependencyLine> {
        let mut found: Vec<DependencyLine> = Vec::new();
        for entry in self.entries.iter().filter(|entry| entry.path[0] != "workspace") {
            let is_section = |word: &String| {
                ["dependencies", "dev-dependencies", "build-dependencies"].contains(&word.as_str())
            };
            let Some(at) = entry.path.iter().position(is_section) else { continue };
            let Some(name) = entry.path.get(at + 1) else { continue };
            let inherits = match entry.path.get(at + 2) {
                Some(key) => key == "workspace" && entry.value == "true",
                None => says_workspace(&entry.value),
            };
            let section = &entry.path[at];
            // `[dependencies.serde]` spreads one dependency over several entries.
            match found.iter_mut().find(|known| known.name == *name && known.section == *section) {
                Some(known) => known.inherits |= inherits,
                None => found.push(DependencyLine {
                    line: entry.line,
                    name: name.clone(),
                    section: section.clone(),
                    inherits,
                }),
            }
        }
        found
    }

    /// The line that declares a dependency, or the first.
    pub(crate) fn line_of(&self, dependency: &str, section: &str) -> usize {
        let found = self.dependencies().into_iter().find(|it| it.name == dependency && it.section == section);
        found.map_or(1, |it| it.line)
    }
}

/// Whether an inline table says `workspace = true`.
fn says_workspace(value: &str) -> bool {
    value.starts_with('{')
        && split(value.trim_matches(['{', '}']), ',').iter().any(|pair| {
            pair.split_once('=')
                .is_some_and(|(key, value)| key.trim() == "workspace" && value.trim() == "true")
        })
}

/// The line up to a `#` that is in no string.
fn without_comment(line: &str) -> &str {
    let mut quote = None;
    for (at, letter) in line.char_indices() {
        match (quote, letter) {
            (None, '#') => return &line[..at],
            (None, '"' | '\'') => quote = Some(letter),
            (Some(open), _) if open == letter => quote = None,
            _ => {}
        }
    }
    line
}

/// The parts between separators that are in no string; spaces and quotes around a part are removed.
fn split(text: &str, separator: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quote = None;
    for letter in text.chars() {
        match quote {
            None if letter == separator => {
                parts.push(String::new());
                continue;
            }
            None if letter == '"' || letter == '\'' => quote = Some(letter),
            Some(open) if open == letter => quote = None,
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push(letter);
        }
    }
    parts.iter().map(|part| part.trim().trim_matches(['"', '\'']).to_owned()).collect()
}

/// How many brackets and braces outside strings are not closed.
fn open_brackets(value: &str) -> i32 {
    let mut quote = None;
    let mut open = 0;
    for letter in value.chars() {
        match (quote, letter) {
            (None, '[' | '{') => open += 1,
            (None, ']' | '}') => open -= 1,
            (None, '"' | '\'') => quote = Some(letter),
            (Some(quoted), _) if quoted == letter => quote = None,
            _ => {}
        }
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r##"
[package]
name = "a" # the name
version.workspace = true
edition = { workspace = true }

[features]
default = [
    "one", # "#" in a comment
    "x?/y",
]

[dependencies]
serde.workspace = true
http = { workspace = true, optional = true }
"quoted" = "1"

[dependencies.long]
workspace = true
features = ["a"]

[target.'cfg(target_os = "linux")'.dev-dependencies]
socket2 = { version = "0.6", features = ["all"] }
"##;

    #[test]
    fn reads_keys_values_and_lines() {
        let manifest = Manifest::parse(MANIFEST);
        assert_eq!(manifest.get(&["package", "name"]).unwrap().value, "\"a\"");
        let default = manifest.get(&["features", "default"]).unwrap();
        assert_eq!((default.line, default.value.as_str()), (8, "[ \"one\", \"x?/y\", ]"));
        assert!(manifest.inherits(&["package", "version"]));
        assert!(manifest.inherits(&["package", "edition"]));
        assert!(!manifest.inherits(&["package", "name"]));
    }

    #[test]
    fn finds_dependencies_in_each_way_of_writing_them() {
        let found: Vec<_> = Manifest::parse(MANIFEST)
            .dependencies()
            .into_iter()
            .map(|it| format!("{} {} {} {}", it.line, it.section, it.name, it.inherits))
            .collect();
        assert_eq!(
            found,
            [
                "14 dependencies serde true",
                "15 dependencies http true",
                "16 dependencies quoted false",
                "19 dependencies long true",
                "23 dev-dependencies socket2 false",
            ]
        );
    }

    #[test]
    fn what_the_workspace_offers_is_no_dependency() {
        assert_eq!(Manifest::parse("[workspace.dependencies]\nserde = \"1\"\n").dependencies(), []);
    }
}
