//! Passwords over TLS are bound to the server's certificate, where it has a hash to bind to.
//!
//! The server is one of its own, from the programs on this machine; without them the test is skipped.

#![cfg(all(feature = "postgres", target_os = "linux"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../../../xtask/src/servers/postgres.rs"]
mod server;
#[path = "../../../xtask/src/servers/throwaway.rs"]
mod throwaway;

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use server::Server;
use zzz_db::{DatabaseConfig, DatabaseUrl, Repo, Result};

const RULES: &str = "hostssl all app 127.0.0.1/32 scram-sha-256\nhost all postgres 127.0.0.1/32 trust";

async fn connect(url: &str) -> Result<Repo> {
    let url = DatabaseUrl::parse(url, Path::new("/")).unwrap();
    Repo::connect(&url, &DatabaseConfig::default()).await
}

/// Writes a file into the server's folder, as the server's own user.
async fn write(repo: &Repo, name: &str, text: &str) {
    assert!(!text.contains('\'') && !text.contains('\\'));
    let lines = format!("SELECT unnest(string_to_array('{text}', chr(10)))");
    let copy = format!("COPY ({lines}) TO PROGRAM 'umask 077; cat > {name}'");
    repo.execute(&copy, []).await.unwrap();
}

fn pem(what: &str, der: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {what}-----\n{}\n-----END {what}-----", lines.join("\n"))
}

/// Gives the server a certificate, and waits until it shows it.
async fn certify(repo: &Repo, url: &str, algorithm: &'static rcgen::SignatureAlgorithm) {
    let key = rcgen::KeyPair::generate_for(algorithm).unwrap();
    let certificate =
        rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    let text = pem("CERTIFICATE", certificate.der());
    write(repo, "server.crt", &text).await;
    write(repo, "server.key", &pem("PRIVATE KEY", &key.serialize_der())).await;
    std::fs::write(std::env::temp_dir().join(format!("zzz-ca-{}.pem", std::process::id())), text).unwrap();
    repo.execute("ALTER SYSTEM SET ssl = on", []).await.unwrap();
    repo.sql::<bool>("SELECT pg_reload_conf()", []).await.unwrap();
    let file = std::env::temp_dir().join(format!("zzz-ca-{}.pem", std::process::id()));
    let url = format!("{url}?sslmode=verify-ca&sslrootcert={}", file.display());
    let shown = async {
        while connect(&url).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), shown).await.expect("the server shows its certificate");
    std::fs::remove_file(file).unwrap();
}

#[test]
fn a_password_is_bound_to_the_servers_certificate() {
    let Some(programs) = server::programs() else {
        assert!(std::env::var("CI").is_err(), "PostgreSQL's programs are not on this machine");
        eprintln!("SKIPPED: PostgreSQL's programs are not on this machine");
        return;
    };
    let server = Server::start(&programs).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let repo = connect(&format!("{}?sslmode=disable", server.url())).await.unwrap();
        let create = repo.transaction(async |tx| {
            tx.execute("SET LOCAL password_encryption = 'scram-sha-256'", []).await?;
            tx.execute("CREATE ROLE app LOGIN PASSWORD 'a secret'", []).await
        });
        create.await.unwrap();
        write(&repo, "pg_hba.conf", RULES).await;
        let app = server.url().replace("postgres@", "app:a%20secret@");
        let bound = async |options: &str| {
            let repo = connect(&format!("{app}?sslmode=require&channel_binding={options}")).await?;
            let encrypted =
                repo.sql::<bool>("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", []).await?;
            repo.close().await;
            Ok::<_, zzz_db::Error>(encrypted == [true])
        };
        // Signed with hashes of two kinds.
        for algorithm in [&rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_ECDSA_P384_SHA384] {
            certify(&repo, &server.url(), algorithm).await;
            for options in ["require", "prefer", "disable"] {
                assert!(bound(options).await.unwrap(), "{algorithm:?} {options}");
            }
        }
        let wrong =
            connect(&format!("{}?sslmode=require", app.replace("secret", "guess"))).await.unwrap_err();
        assert!(wrong.to_string().contains("password authentication failed"), "{wrong}");
    });
}
