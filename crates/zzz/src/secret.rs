//! The secret that keys are derived from.

use std::fs;
use std::io;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zzz_core::config::{Env, Secret};
use zzz_core::{Error, Result};
use zzz_middleware::Keyring;
use zzz_middleware::keyring::MIN_SECRET;

/// Where dev keeps the secret it made, so that cookies survive a restart.
const FILE: &str = "data/secret_key_base";

/// The app's keys: from the configured secret; in dev and test, if there is none, from one that is made once.
pub(crate) fn keyring(configured: Option<&Secret>, env: Env, root: &Path) -> Result<Keyring> {
    let secret = match configured {
        Some(secret) => secret.clone(),
        None if env.is_prod() => {
            return Err(Error::internal(format!(
                "SECRET_KEY_BASE is not set; prod needs a secret of at least {MIN_SECRET} random bytes, for example \
                 the output of `openssl rand -base64 64`"
            )));
        }
        None if env.is_dev() => kept(&root.join(FILE))?,
        None => make()?,
    };
    Keyring::new(&secret).ok_or_else(|| {
        let length = secret.expose().len();
        Error::internal(format!("SECRET_KEY_BASE has {length} bytes and needs at least {MIN_SECRET}"))
    })
}

fn make() -> Result<Secret> {
    let mut bytes = [0; 64];
    getrandom::fill(&mut bytes).map_err(|error| Error::internal(format!("no random bytes: {error}")))?;
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(bytes)))
}

/// Reads the secret, or makes one and writes it where only its owner can read it.
fn kept(file: &Path) -> Result<Secret> {
    match fs::read_to_string(file) {
        Ok(secret) if secret.trim().len() >= MIN_SECRET => return Ok(Secret::new(secret.trim())),
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(unusable(file, &error)),
        _ => {}
    }
    let secret = make()?;
    let write = || {
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        io::Write::write_all(&mut options.open(file)?, secret.expose().as_bytes())
    };
    write().map_err(|error| unusable(file, &error))?;
    Ok(secret)
}

fn unusable(file: &Path, error: &io::Error) -> Error {
    Error::internal(format!(
        "the secret for dev can not be kept in {} ({error}); make the folder writable, or set SECRET_KEY_BASE",
        file.display()
    ))
}
