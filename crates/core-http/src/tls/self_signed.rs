//! A certificate for the developer's own machine.

use std::fs;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::certificate;
use super::files::unusable;
use crate::error::ServeError;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Systems refuse certificates that are valid for longer than 398 days.
const VALID: Duration = Duration::from_secs(397 * 24 * 60 * 60);

/// The files of a certificate for `localhost`, `127.0.0.1` and `::1`, and of its key, in `folder`. They are made
/// if they are not there, or will expire within 30 days; so whoever has told a browser to trust the certificate
/// need not do so again after every start.
///
/// # Errors
/// If the files can not be written.
pub fn self_signed(folder: &Path) -> Result<(PathBuf, PathBuf), ServeError> {
    let (cert, key) = (folder.join("localhost.pem"), folder.join("localhost.key"));
    if is_good(&cert) && key.is_file() {
        return Ok((cert, key));
    }
    let (certificate, secret) = make().map_err(|error| unusable(&cert, error))?;
    fs::create_dir_all(folder).map_err(|error| unusable(folder, error))?;
    write(&key, 0o600, "PRIVATE KEY", &secret).map_err(|error| unusable(&key, error))?;
    write(&cert, 0o644, "CERTIFICATE", &certificate).map_err(|error| unusable(&cert, error))?;
    Ok((cert, key))
}

fn is_good(cert: &Path) -> bool {
    let end = || certificate::not_after(&CertificateDer::from_pem_slice(&fs::read(cert).ok()?).ok()?);
    end().is_some_and(|end| end > SystemTime::now() + 30 * DAY)
}

/// Certificate and key, in DER.
fn make() -> Result<(Vec<u8>, Vec<u8>), rcgen::Error> {
    let key = rcgen::KeyPair::generate()?;
    let mut parameters = rcgen::CertificateParams::new(vec!["localhost".into()])?;
    let addresses = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    parameters.subject_alt_names.extend(addresses.map(rcgen::SanType::IpAddress));
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.distinguished_name.push(rcgen::DnType::CommonName, "localhost (made by zzz for development)");
    parameters.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    let now = SystemTime::now();
    parameters.not_before = (now - DAY).into();
    parameters.not_after = (now + VALID - DAY).into();
    let certificate = parameters.self_signed(&key)?;
    Ok((certificate.der().to_vec(), key.serialize_der()))
}

/// Writes PEM (RFC 7468), readable for whom `mode` says.
fn write(path: &Path, mode: u32, label: &str, der: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let mut text = format!("-----BEGIN {label}-----\n");
    let encoded = STANDARD.encode(der);
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str(&format!("-----END {label}-----\n"));
    options.open(path)?.write_all(text.as_bytes())
}
