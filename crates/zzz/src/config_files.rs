//! Reads `config/default.toml`, then `config/{env}.toml`, then the environment.

use std::io;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use zzz_core::config::{ConfigError, Layers, Raw};
use zzz_core::{Error, Result};

/// Adds the values of both files to the layers; a file that does not exist is passed over.
pub(crate) fn add(layers: &mut Layers, root: &Path, env: &str) -> Result<()> {
    for name in [format!("config/{}.toml", "default"), format!("config/{env}.toml")] {
        let text = match std::fs::read_to_string(root.join(&name)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(Error::internal(format!("{name} can not be read: {error}"))),
        };
        add_file(layers, &name, &text);
    }
    Ok(())
}

fn add_file(layers: &mut Layers, name: &str, text: &str) {
    let table = match DeTable::parse(text) {
        Ok(table) => table,
        Err(error) => {
            let line = error.span().map_or(1, |span| line_of(text, span.start));
            layers.error(ConfigError::new(format!("{name}:{line}: {}", error.message())));
            return;
        }
    };
    for (section, value) in table.get_ref() {
        let DeValue::Table(keys) = value.get_ref() else {
            let line = line_of(text, section.span().start);
            let message = format!("{name}:{line}: `{}` stands outside of any [section]", section.get_ref());
            layers.error(ConfigError::new(message));
            continue;
        };
        if keys.is_empty() {
            layers.file_section(name, line_of(text, section.span().start), section.get_ref());
        }
        for (key, value) in keys {
            let line = line_of(text, key.span().start);
            match raw(value) {
                Some(raw) => layers.file_value(name, line, section.get_ref(), key.get_ref(), raw),
                None => layers.error(ConfigError::new(format!(
                    "{name}:{line}: `{}` in [{}] has a value of a kind that no setting takes",
                    key.get_ref(),
                    section.get_ref()
                ))),
            }
        }
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}

fn raw(value: &Spanned<DeValue<'_>>) -> Option<Raw> {
    Some(match value.get_ref() {
        DeValue::String(text) => Raw::Text(text.to_string()),
        DeValue::Integer(number) => {
            Raw::Int(i64::from_str_radix(&number.as_str().replace('_', ""), number.radix()).ok()?)
        }
        DeValue::Float(number) => Raw::Float(number.as_str().replace('_', "").parse().ok()?),
        DeValue::Boolean(value) => Raw::Bool(*value),
        DeValue::Array(values) => Raw::List(values.iter().map(raw).collect::<Option<_>>()?),
        DeValue::Table(values) => {
            let values = values.iter().map(|(name, value)| Some((name.get_ref().to_string(), raw(value)?)));
            Raw::Table(values.collect::<Option<_>>()?)
        }
        DeValue::Datetime(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use zzz_core::config::Env;
    use zzz_core_http::HttpConfig;

    fn resolve(text: &str) -> Result<HttpConfig, String> {
        let mut layers = Layers::new(Env::Dev);
        layers.section::<HttpConfig>();
        add_file(&mut layers, "config/dev.toml", text);
        layers
            .resolve()
            .map(|config| (*config.get::<HttpConfig>()).clone())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn reads_every_kind_of_value() {
        let config =
            resolve("[http]\nport = 4_001\nheader_timeout = \"2s\" # short\nbody_limit = 0x10\n").unwrap();
        assert_eq!((config.port, config.header_timeout.as_secs(), config.body_limit.0), (4001, 2, 16));
    }

    #[test]
    fn a_list_of_tables_is_written_in_either_way() {
        let inline = "[http]\nsni = [{ host = \"a.example\", cert = \"a.pem\", key = \"a.key\" }]\n";
        let headed = "[[http.sni]]\nhost = \"a.example\"\ncert = \"a.pem\"\nkey = \"a.key\"\n";
        for text in [inline, headed] {
            let config = resolve(text).unwrap();
            assert_eq!(config.sni.len(), 1);
            assert_eq!(config.sni[0].to_string(), "a.example=a.pem:a.key");
        }
        let error = resolve("[http]\n\nsni = [{ host = \"a.example\", cert = \"a.pem\" }]\n").unwrap_err();
        assert!(error.starts_with("config/dev.toml:3: `sni` in [http] must be a list of hosts"), "{error}");
        assert!(error.ends_with("not [{ cert = \"a.pem\", host = \"a.example\" }]"), "{error}");
    }

    #[test]
    fn names_the_line_of_every_mistake() {
        let error =
            resolve("port = 1\n\n[http]\nprot = 1\nport = 1979-05-27\nworkers = \"many\"\n").unwrap_err();
        // TOML has no order of keys, so the mistakes have none either.
        let mut lines: Vec<_> = error.lines().collect();
        lines.sort_unstable();
        assert_eq!(
            lines.join("\n"),
            "config/dev.toml:1: `port` stands outside of any [section]\n\
             config/dev.toml:4: [http] has no key `prot`; did you mean `port`?\n\
             config/dev.toml:5: `port` in [http] has a value of a kind that no setting takes\n\
             config/dev.toml:6: `workers` in [http] must be a whole number from 1 to 1024, not \"many\""
        );
        let error = resolve("[http]\nport = = 1\n").unwrap_err();
        assert!(error.starts_with("config/dev.toml:2: "), "{error}");
    }
}
