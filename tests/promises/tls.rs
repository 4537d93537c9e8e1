//! TLS of the running app: what is refused at the start, SIGHUP, and a certificate that dev makes itself.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use zzz_testing::TempDatabase;

use crate::support::{ALIVE, App, command, copy_of_the_app, exchange, exchange_on, run};

/// A self-signed certificate for `localhost` and its key, as files in `folder`.
fn make_pair(folder: &Path) {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate =
        rcgen::CertificateParams::new(vec!["localhost".into()]).unwrap().self_signed(&key).unwrap();
    let pem = |label: &str, der: &[u8]| {
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
    };
    fs::write(folder.join("key.pem"), pem("PRIVATE KEY", &key.serialize_der())).unwrap();
    fs::write(folder.join("cert.pem"), pem("CERTIFICATE", certificate.der())).unwrap();
}

/// A connection that trusts the certificate in this file, and no other.
fn connect(app: &App, trusted: &Path) -> std::io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(trusted).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let socket = TcpStream::connect(&app.tls)?;
    socket.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut stream = StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), socket);
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock)?;
    }
    Ok(stream)
}

fn with_tls(database: &TempDatabase) -> std::process::Command {
    let mut command = command(database);
    command
        .env("ZZZ_HTTP__TLS_CERT", database.folder().join("cert.pem"))
        .env("ZZZ_HTTP__TLS_KEY", database.folder().join("key.pem"))
        .env("ZZZ_HTTP__TLS_PORT", "0");
    command
}

#[test]
fn a_pair_that_does_not_fit_is_one_sentence_and_no_database() {
    let database = TempDatabase::new();
    make_pair(database.folder());
    let cert = fs::read(database.folder().join("cert.pem")).unwrap();
    make_pair(database.folder());
    fs::write(database.folder().join("cert.pem"), cert).unwrap();
    let (code, stdout, stderr) = run(&mut with_tls(&database));
    assert_eq!((code, stdout.as_str(), stderr.lines().count()), (Some(1), "", 1), "{stderr}");
    let key = database.folder().join("key.pem").display().to_string();
    assert!(
        stderr.starts_with(&format!("error: {key} can not be used for TLS: it is not the key")),
        "{stderr}"
    );
    assert!(!database.file().exists());
}

#[cfg(unix)]
#[test]
fn a_hangup_exchanges_the_certificate_and_a_broken_pair_keeps_it() {
    let database = TempDatabase::new();
    let folder = database.folder();
    make_pair(folder);
    let mut app = App::start(&mut with_tls(&database));
    assert_eq!(
        exchange_on(&mut connect(&app, &folder.join("cert.pem")).unwrap(), ALIVE).unwrap().status,
        200
    );
    let mut old = connect(&app, &folder.join("cert.pem")).unwrap();

    make_pair(folder);
    fs::copy(folder.join("cert.pem"), folder.join("second.pem")).unwrap();
    app.signal("-HUP");
    while connect(&app, &folder.join("second.pem")).is_err() {
        std::thread::yield_now();
    }
    fs::write(folder.join("cert.pem"), "half a certificate").unwrap();
    app.signal("-HUP");
    // Signals of a kind are not queued, so a second hangup, with a good pair, tells that the first was seen.
    assert!(connect(&app, &folder.join("second.pem")).is_ok());
    make_pair(folder);
    app.signal("-HUP");
    while connect(&app, &folder.join("cert.pem")).is_err() {
        std::thread::yield_now();
    }
    assert_eq!(exchange_on(&mut old, ALIVE).unwrap().status, 200, "an old connection lives on");
    app.signal("-TERM");
    assert_eq!(app.wait().0.code(), Some(0));
}

#[test]
fn dev_makes_a_certificate_once_and_prod_does_not() {
    let root = copy_of_the_app();
    let database = TempDatabase::new();
    let start = || {
        let mut command = command(&database);
        command
            .env("ZZZ_ROOT", root.folder())
            .env("ZZZ_HTTP__TLS_CERT", "self-signed")
            .env("ZZZ_HTTP__TLS_PORT", "0")
            .env("ZZZ_HTTP__HTTP_REDIRECT", "true");
        command
    };
    let file = root.folder().join("data/tls/localhost.pem");
    let app = App::start(&mut start());
    let kept = fs::read(&file).unwrap();
    assert_eq!(exchange_on(&mut connect(&app, &file).unwrap(), ALIVE).unwrap().status, 200);
    let redirect =
        exchange(&app.address, "GET /posts HTTP/1.1\r\nhost: evil\r\nconnection: close\r\n\r\n").unwrap();
    assert_eq!(redirect.status, 308);
    assert!(redirect.head.contains(&format!("location: https://{}/posts\r\n", app.tls)), "{}", redirect.head);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let key = fs::metadata(root.folder().join("data/tls/localhost.key")).unwrap();
        assert_eq!(key.permissions().mode() & 0o777, 0o600);
    }
    drop(app);
    let app = App::start(&mut start());
    assert_eq!(fs::read(&file).unwrap(), kept, "a browser that trusts it still does");
    drop(app);

    let (code, _, stderr) = run(start().env("ZZZ_ENV", "prod"));
    assert_eq!((code, stderr.lines().count()), (Some(1), 1), "{stderr}");
    assert!(stderr.contains("prod needs the files of a certificate"), "{stderr}");
    let (code, _, stderr) = run(start().env("ZZZ_HTTP__TLS_KEY", "key.pem"));
    assert_eq!((code, stderr.lines().count()), (Some(1), 1), "{stderr}");
    assert!(stderr.contains("unset `tls_key`"), "{stderr}");
}

#[test]
fn sigterm_lets_a_request_over_tls_finish() {
    let database = TempDatabase::new();
    make_pair(database.folder());
    let mut app = App::start(&mut with_tls(&database));
    let mut stream = connect(&app, &database.folder().join("cert.pem")).unwrap();
    let head = "POST /api/v1/posts HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 18\r\n\
                expect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    app.signal("-TERM");
    // Refused connections tell that it is stopping.
    while TcpStream::connect(&app.tls).is_ok() || TcpStream::connect(&app.address).is_ok() {
        std::thread::yield_now();
    }
    let answer = exchange_on(&mut stream, r#"{"title": "in t "}"#).unwrap();
    assert!(answer.status == 201 && answer.head.contains("connection: close"), "{}", answer.head);
    assert_eq!(app.wait().0.code(), Some(0));
}
