//! The configuration of an app, declared section by section as types.
//!
//! A crate, or the app itself, declares its section with [`config_section!`](crate::config_section); the
//! framework reads `config/default.toml`, then `config/{dev,test,prod}.toml`, then the environment, and refuses
//! what no section knows. This module holds the types and the merging; reading files is the facade's.
//!
//! ```
//! use std::time::Duration;
//! use zzz_core::config::{Env, Layers, Raw};
//!
//! zzz_core::config_section! {
//!     /// The mail gateway.
//!     pub struct MailConfig in "mail" {
//!         /// The gateway's host name.
//!         host: String = "localhost".into();
//!         /// How long one delivery may take.
//!         timeout: Duration = Duration::from_secs(10);
//!     }
//! }
//!
//! let mut layers = Layers::new(Env::Dev);
//! layers.section::<MailConfig>();
//! layers.file_value("config/default.toml", 2, "mail", "timeout", Raw::Text("2s".into()));
//! layers.variable("ZZZ_MAIL__HOST", "mx.example.org");
//! let config = layers.resolve().unwrap();
//! assert_eq!(config.get::<MailConfig>().timeout, Duration::from_secs(2));
//! assert_eq!(config.get::<MailConfig>().host, "mx.example.org");
//!
//! let mut layers = Layers::new(Env::Dev);
//! layers.section::<MailConfig>();
//! layers.file_value("config/default.toml", 3, "mail", "timeot", Raw::Int(2));
//! let error = layers.resolve().unwrap_err().to_string();
//! assert!(error.contains("config/default.toml:3") && error.contains("did you mean `timeout`?"), "{error}");
//! ```

mod bounds;
mod env;
mod error;
mod ip_range;
mod layers;
mod secret;
mod section;
mod setting;
mod size;

pub use bounds::Bounds;
pub use env::Env;
pub use error::{ConfigError, Origin};
pub use ip_range::{IpRange, NoIpRange};
pub use layers::{Config, Layers, ShownKey};
pub use secret::Secret;
pub use section::{Key, Section, Values};
pub use setting::{Raw, Setting};
pub use size::ByteSize;
