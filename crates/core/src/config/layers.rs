//! [`Layers`]: what files and the environment say, one over the other; [`Config`]: what comes out.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use super::error::list;
use super::{ConfigError, Env, Key, Origin, Raw, Section, Values};
use crate::text::nearest;

type AnySection = Arc<dyn Any + Send + Sync>;

/// A declared section, with its type erased.
struct Declared {
    name: &'static str,
    keys: &'static [Key],
    type_id: TypeId,
    read: fn(&mut Values<'_>) -> (AnySection, Vec<Option<Raw>>),
}

/// The declared sections and the values that files and the environment give for them, lowest layer first.
pub struct Layers {
    env: Env,
    declared: Vec<Declared>,
    given: Vec<(String, String, Raw, Origin)>,
    /// Sections that stand in a file without a key.
    empty: Vec<(String, Origin)>,
    errors: Vec<ConfigError>,
}

impl Layers {
    /// No sections, no values.
    #[must_use]
    pub fn new(env: Env) -> Self {
        Self { env, declared: Vec::new(), given: Vec::new(), empty: Vec::new(), errors: Vec::new() }
    }

    /// Declares a section; twice the same does no harm.
    pub fn section<S: Section>(&mut self) {
        if self.declared.iter().any(|declared| declared.type_id == TypeId::of::<S>()) {
            return;
        }
        self.declared.push(Declared {
            name: S::NAME,
            keys: S::KEYS,
            type_id: TypeId::of::<S>(),
            read: |values| {
                let section = S::read(values);
                let shown = section.show();
                (Arc::new(section), shown)
            },
        });
    }

    /// A value of `key` in the table `section`, from line `line` of the file `path`.
    pub fn file_value(&mut self, path: &str, line: usize, section: &str, key: &str, raw: Raw) {
        self.given.push((section.into(), key.into(), raw, Origin::File(path.into(), line)));
    }

    /// The table `section`, which stands in line `line` of the file `path` without a key; its name must be
    /// known all the same.
    pub fn file_section(&mut self, path: &str, line: usize, section: &str) {
        self.empty.push((section.into(), Origin::File(path.into(), line)));
    }

    /// A value set by the program itself, above everything given before.
    pub fn program_value(&mut self, section: &str, key: &str, raw: Raw) {
        self.given.push((section.into(), key.into(), raw, Origin::Program));
    }

    /// A mistake found while the values were collected; [`resolve`](Self::resolve) reports it with the others.
    pub fn error(&mut self, error: ConfigError) {
        self.errors.push(error);
    }

    /// An environment variable. What is neither `ZZZ_SECTION__KEY` nor a short name of a declared key is
    /// passed over; so call this after every [`section`](Self::section).
    ///
    /// An empty variable counts as unset, whatever the type: compose files hand on `PORT=""` for what nobody
    /// has set. If both names of a key are given, the short one wins, in whatever order they come.
    pub fn variable(&mut self, name: &str, value: &str) {
        if value.is_empty() {
            return;
        }
        let (raw, origin) = (Raw::Text(value.into()), Origin::Variable(name.into()));
        let short = self.declared.iter().find_map(|section| {
            section.keys.iter().find(|key| key.env == Some(name)).map(|key| (section.name, key.name))
        });
        if let Some((section, key)) = short {
            self.given.push((section.into(), key.into(), raw, origin));
        } else if let Some((section, key)) = name.strip_prefix("ZZZ_").and_then(|rest| rest.split_once("__"))
        {
            let (section, key) = (section.to_ascii_lowercase(), key.to_ascii_lowercase());
            let short = self.given.iter().position(|(in_section, of_key, _, origin)| {
                *in_section == section && *of_key == key && self.is_short_name(origin)
            });
            // Below the short name, which the environment happened to list before.
            self.given.insert(short.unwrap_or(self.given.len()), (section, key, raw, origin));
        }
    }

    fn is_short_name(&self, origin: &Origin) -> bool {
        let Origin::Variable(name) = origin else { return false };
        self.declared.iter().flat_map(|section| section.keys).any(|key| key.env == Some(name))
    }

    /// Merges the layers and reads every section.
    ///
    /// # Errors
    /// Every unknown section or key and every value that does not fit, one line each: the place, the name,
    /// the value, and the nearest known key or what was expected.
    pub fn resolve(self) -> Result<Config, ConfigError> {
        let Self { env, declared, given, empty, mut errors } = self;
        for (section, origin) in &empty {
            if !declared.iter().any(|declared| declared.name == section) {
                errors.push(unknown_section(section, &declared, origin));
            }
        }
        for (section, key, _, origin) in &given {
            match declared.iter().find(|declared| declared.name == section) {
                None => errors.push(unknown_section(section, &declared, origin)),
                Some(known) if !known.keys.iter().any(|known| known.name == key) => {
                    errors.push(ConfigError::unknown_key(section, key, known.keys, origin));
                }
                Some(_) => {}
            }
        }
        let mut sections = HashMap::new();
        let mut shown = Vec::new();
        for section in &declared {
            let last: Vec<_> = latest(section.name, &given);
            let mut values = Values { section: section.name, given: &last, errors: &mut errors };
            let (read, raws) = (section.read)(&mut values);
            sections.insert(section.type_id, read);
            for (key, value) in section.keys.iter().zip(raws) {
                let origin =
                    last.iter().find(|(name, ..)| name == key.name).map(|(.., origin)| origin.clone());
                let origin = origin.unwrap_or(Origin::Default);
                shown.push(ShownKey { section: section.name, key, value, origin });
            }
        }
        if errors.is_empty() { Ok(Config { env, sections, shown }) } else { Err(ConfigError::all(errors)) }
    }
}

/// For each key of a section, the value of the highest layer.
fn latest(section: &str, given: &[(String, String, Raw, Origin)]) -> Vec<(String, Raw, Origin)> {
    let mut last: Vec<(String, Raw, Origin)> = Vec::new();
    for (_, key, raw, origin) in given.iter().filter(|(name, ..)| name == section) {
        last.retain(|(name, ..)| name != key);
        last.push((key.clone(), raw.clone(), origin.clone()));
    }
    last
}

fn unknown_section(name: &str, declared: &[Declared], origin: &Origin) -> ConfigError {
    let hint = match nearest(name, declared.iter().map(|section| section.name)) {
        Some(near) => format!("did you mean [{near}]?"),
        None => format!("there are {}", list(declared.iter().map(|section| section.name))),
    };
    ConfigError::new(format!("{origin}: there is no section [{name}]; {hint}"))
}

/// A key with its value, for `app config`.
#[derive(Debug, Clone)]
pub struct ShownKey {
    /// The section's name.
    pub section: &'static str,
    /// The key as it is declared.
    pub key: &'static Key,
    /// The value as a file would hold it, secrets redacted; `None` if unset.
    pub value: Option<Raw>,
    /// Where it was given.
    pub origin: Origin,
}

/// The configuration of a running app: every section, by its type.
#[derive(Clone)]
pub struct Config {
    env: Env,
    sections: HashMap<TypeId, AnySection>,
    shown: Vec<ShownKey>,
}

impl Config {
    /// The environment that the app runs in.
    #[must_use]
    pub fn env(&self) -> Env {
        self.env
    }

    /// The section of this type; if it was never declared, its defaults.
    #[must_use]
    pub fn get<S: Section>(&self) -> Arc<S> {
        let section = self.sections.get(&TypeId::of::<S>()).cloned();
        section.and_then(|section| section.downcast().ok()).unwrap_or_else(|| {
            let mut values = Values { section: S::NAME, given: &[], errors: &mut Vec::new() };
            Arc::new(S::read(&mut values))
        })
    }

    /// Every key with its value and where it was given.
    #[must_use]
    pub fn shown(&self) -> &[ShownKey] {
        &self.shown
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.shown.iter().map(|shown| {
            (format!("{}.{}", shown.section, shown.key.name), shown.value.as_ref().map(Raw::to_string))
        });
        f.debug_map().entries(keys).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    crate::config_section! {
        struct Sample in "sample" {
            /// A number.
            count: u32 = 3;
            /// A number with a short name.
            port: u16 = 4000, env "PORT";
            /// Hidden.
            password: Option<Secret> = None;
        }
    }

    fn layers() -> Layers {
        let mut layers = Layers::new(Env::Test);
        layers.section::<Sample>();
        layers
    }

    #[test]
    fn later_layers_win() {
        let mut layers = layers();
        layers.file_value("default.toml", 2, "sample", "count", Raw::Int(5));
        layers.file_value("test.toml", 2, "sample", "count", Raw::Int(6));
        layers.variable("PORT", "0");
        layers.variable("HOME", "/root");
        let config = layers.resolve().unwrap();
        let sample = config.get::<Sample>();
        assert_eq!((sample.count, sample.port), (6, 0));
        assert_eq!(config.shown()[1].origin.to_string(), "the variable PORT");
    }

    #[test]
    fn every_mistake_is_named_at_once() {
        let mut layers = layers();
        layers.file_value("default.toml", 2, "sample", "cuont", Raw::Int(5));
        layers.file_value("default.toml", 7, "samples", "count", Raw::Int(5));
        layers.variable("ZZZ_SAMPLE__PORT", "high");
        let error = layers.resolve().unwrap_err().to_string();
        assert_eq!(
            error,
            "default.toml:2: [sample] has no key `cuont`; did you mean `count`?\n\
             default.toml:7: there is no section [samples]; did you mean [sample]?\n\
             the variable ZZZ_SAMPLE__PORT: `port` in [sample] must be a whole number from 0 to 65535, not \"high\""
        );
    }

    #[test]
    fn the_short_name_of_a_variable_wins_in_whatever_order_they_come() {
        for names in [["PORT", "ZZZ_SAMPLE__PORT"], ["ZZZ_SAMPLE__PORT", "PORT"]] {
            let mut layers = layers();
            layers.file_value("default.toml", 2, "sample", "port", Raw::Int(1));
            for name in names {
                layers.variable(name, if name == "PORT" { "2" } else { "3" });
            }
            let config = layers.resolve().unwrap();
            assert_eq!(config.get::<Sample>().port, 2, "{names:?}");
            assert_eq!(config.shown()[1].origin.to_string(), "the variable PORT");
        }
        let mut layers = layers();
        layers.file_value("default.toml", 2, "sample", "port", Raw::Int(1));
        layers.variable("ZZZ_SAMPLE__PORT", "3");
        assert_eq!(layers.resolve().unwrap().get::<Sample>().port, 3);
    }

    #[test]
    fn an_empty_variable_counts_as_unset() {
        let mut layers = layers();
        layers.file_value("default.toml", 2, "sample", "count", Raw::Int(5));
        layers.file_value("default.toml", 3, "sample", "password", Raw::Text("hunter2".into()));
        for name in ["PORT", "ZZZ_SAMPLE__COUNT", "ZZZ_SAMPLE__PASSWORD"] {
            layers.variable(name, "");
        }
        let sample = layers.resolve().unwrap().get::<Sample>();
        assert_eq!((sample.count, sample.port), (5, 4000));
        assert_eq!(sample.password.as_ref().map(Secret::expose), Some("hunter2"));
    }

    #[test]
    fn an_unknown_section_is_refused_also_without_keys() {
        let mut layers = layers();
        layers.file_section("dev.toml", 4, "sampel");
        layers.file_section("dev.toml", 9, "sample");
        assert_eq!(
            layers.resolve().map(|_| ()).unwrap_err().to_string(),
            "dev.toml:4: there is no section [sampel]; did you mean [sample]?"
        );
    }

    #[test]
    fn secrets_are_not_shown() {
        let mut layers = layers();
        layers.variable("ZZZ_SAMPLE__PASSWORD", "hunter2");
        let config = layers.resolve().unwrap();
        assert_eq!(config.get::<Sample>().password.as_ref().map(Secret::expose), Some("hunter2"));
        assert!(!format!("{config:?}").contains("hunter2"));
    }
}
