//! [`AppConfig`]: the section `[app]`.

use zzz_core::config::Secret;

zzz_core::config_section! {
    /// What belongs to the app as a whole.
    pub struct AppConfig in "app" {
        /// Signs cookies and tokens; at least 64 bytes. Required in prod; dev makes one and keeps it in
        /// `data/`, test makes one for each start.
        secret_key_base: Option<Secret> = None, env "SECRET_KEY_BASE";
        /// Which log lines are shown, as `info` or `warn,example_app=debug`; by default `info`, and in dev
        /// `debug` for the app.
        log: Option<String> = None, env "LOG";
    }
}
