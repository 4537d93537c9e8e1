//! What happens to a pool when its MySQL or MariaDB server is stopped, restarted or gone.
//!
//! Each test has a server of its own, from the programs on this machine; without them it is skipped.

#![cfg(all(feature = "mysql", target_os = "linux"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../../../../xtask/src/servers/mysql.rs"]
mod server;
#[path = "../../../../xtask/src/servers/throwaway.rs"]
mod throwaway;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use server::Server;
use zzz_db::{DatabaseConfig, DatabaseUrl, ErrorKind, Repo, Result, Schema};

#[derive(Schema, Debug, Default)]
#[schema(table = "entries")]
struct Entry {
    id: i64,
    number: i64,
}

fn config() -> DatabaseConfig {
    DatabaseConfig { pool_size: 4, acquire_timeout: Duration::from_secs(1), ..DatabaseConfig::default() }
}

async fn try_connect(server: &Server, options: &str) -> Result<Repo> {
    let url = DatabaseUrl::parse(&format!("{}{options}", server.url()), Path::new("/")).unwrap();
    Repo::connect(&url, &config()).await
}

/// Runs a case with a server of its own, and a table in it.
fn with_server(case: impl AsyncFnOnce(&mut Server, Repo)) {
    let Some(programs) = server::programs() else {
        assert!(std::env::var("CI").is_err(), "the programs of MariaDB or MySQL are not on this machine");
        eprintln!("SKIPPED: the programs of MariaDB or MySQL are not on this machine");
        return;
    };
    let mut server = Server::start(&programs).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let repo = try_connect(&server, "").await.unwrap();
        let table = "CREATE TABLE entries (id BIGINT AUTO_INCREMENT PRIMARY KEY, number BIGINT)";
        repo.execute(table, []).await.unwrap();
        let case = tokio::time::timeout(Duration::from_secs(180), case(&mut server, repo));
        case.await.expect("the case does not hang");
    });
}

async fn recovered(repo: &Repo) {
    while repo.ping().await.is_err() {
        tokio::task::yield_now().await;
    }
}

async fn numbers(repo: &Repo) -> Vec<i64> {
    Entry::query().order_by(Entry::number.asc()).select(Entry::number).all(repo).await.unwrap()
}

#[test]
fn a_server_that_is_stopped_lets_requests_fail_and_is_found_again() {
    with_server(async |server, repo| {
        for number in 0..4 {
            repo.insert(Entry { id: 0, number }).await.unwrap();
        }
        server.signal_all("STOP");
        // Each of these ends although the server does not go on before they have.
        let requests: Vec<_> = (0..12)
            .map(|n| {
                let repo = repo.clone();
                tokio::spawn(async move {
                    match n % 3 {
                        0 => repo.get::<Entry>(1).await.map(drop),
                        1 => repo.insert(Entry { id: 0, number: 100 + n }).await.map(drop),
                        _ => repo
                            .transaction(async |tx| tx.insert(Entry { id: 0, number: 100 + n }).await)
                            .await
                            .map(drop),
                    }
                })
            })
            .collect();
        for request in requests {
            let error = request.await.unwrap().unwrap_err();
            assert!(
                matches!(error.kind(), ErrorKind::AcquireTimeout | ErrorKind::ConnectionLost),
                "{error:?}"
            );
        }
        server.signal_all("CONT");
        recovered(&repo).await;
        let found = numbers(&repo).await;
        assert_eq!(found[..4], [0, 1, 2, 3]);
        let once: BTreeSet<_> = found.iter().collect();
        assert_eq!(once.len(), found.len(), "nothing was written twice");
        repo.insert(Entry { id: 0, number: 7 }).await.unwrap();
    });
}

#[test]
fn a_server_that_is_gone_is_named_and_found_when_it_is_back() {
    with_server(async |server, repo| {
        server.stop("KILL");
        let error = loop {
            match repo.get::<Entry>(1).await {
                Err(error) if error.is_acquire_timeout() => break error.to_string(),
                _ => tokio::task::yield_now().await,
            }
        };
        assert!(error.contains("127.0.0.1") && error.contains("refused"), "{error}");
        let error = repo.transaction(async |tx| tx.ping().await).await.unwrap_err();
        assert!(error.is_acquire_timeout(), "{error}");
        server.run().unwrap();
        recovered(&repo).await;
        repo.insert(Entry { id: 0, number: 1 }).await.unwrap();
        assert_eq!(numbers(&repo).await, [1]);
    });
}

#[test]
fn what_was_acknowledged_survives_restarts_under_load_once_each() {
    with_server(async |server, repo| {
        let (acknowledged, unknown) =
            (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(BTreeSet::new())));
        let stop = Arc::new(AtomicBool::new(false));
        let writers: Vec<_> = (0..8_i64)
            .map(|writer| {
                let (repo, stop) = (repo.clone(), Arc::clone(&stop));
                let (acknowledged, unknown) = (Arc::clone(&acknowledged), Arc::clone(&unknown));
                tokio::spawn(async move {
                    let mut next = writer * 1_000_000;
                    while !stop.load(Ordering::Relaxed) {
                        next += 1;
                        let entry = Entry { id: 0, number: next };
                        let written = if next % 2 == 0 {
                            repo.insert(entry).await
                        } else {
                            repo.transaction(async |tx| tx.insert(entry).await).await
                        };
                        match written {
                            Ok(entry) => acknowledged.lock().unwrap().push(entry.number),
                            Err(error) if error.is_connection_lost() => {
                                unknown.lock().unwrap().insert(next);
                            }
                            // A transaction whose connection broke before its end.
                            Err(error) => {
                                assert!(error.is_acquire_timeout() || error.is_closed(), "{error:?}");
                            }
                        }
                        if let Ok(Some(found)) = repo.get::<Entry>(1).await {
                            assert_eq!(found.id, 1);
                        }
                    }
                })
            })
            .collect();
        for signal in ["KILL", "TERM", "KILL"] {
            let before = acknowledged.lock().unwrap().len();
            while acknowledged.lock().unwrap().len() < before + 200 {
                tokio::task::yield_now().await;
            }
            tokio::task::block_in_place(|| {
                server.stop(signal);
                server.run().unwrap();
            });
        }
        let before = acknowledged.lock().unwrap().len();
        while acknowledged.lock().unwrap().len() < before + 200 {
            tokio::task::yield_now().await;
        }
        stop.store(true, Ordering::Relaxed);
        for writer in writers {
            writer.await.unwrap();
        }
        let found = numbers(&repo).await;
        let once: BTreeSet<i64> = found.iter().copied().collect();
        assert_eq!(once.len(), found.len(), "nothing is there twice");
        let acknowledged: BTreeSet<i64> = acknowledged.lock().unwrap().iter().copied().collect();
        assert!(acknowledged.is_subset(&once), "what was acknowledged is there");
        let unknown = unknown.lock().unwrap().clone();
        assert!(once.iter().all(|number| acknowledged.contains(number) || unknown.contains(number)));
        repo.close().await;
    });
}

#[test]
fn tls_is_used_and_checked_as_the_url_says() {
    with_server(async |server, repo| {
        let encrypted = async |repo: &Repo| {
            let row =
                repo.sql::<(String, String)>("SHOW SESSION STATUS LIKE 'Ssl_cipher'", []).await.unwrap();
            !row[0].1.is_empty()
        };
        if encrypted(&repo).await {
            eprintln!(
                "SKIPPED: this server makes a certificate of its own; only one that is given is tested"
            );
            return;
        }
        let error = try_connect(server, "?sslmode=require").await.unwrap_err().to_string();
        assert!(error.contains("TLS failed") && error.contains("does not support TLS"), "{error}");
        repo.close().await;

        let mut of_authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
        of_authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let authority =
            rcgen::CertifiedIssuer::self_signed(of_authority, rcgen::KeyPair::generate().unwrap()).unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        let names = vec!["localhost".to_owned()];
        let certificate = rcgen::CertificateParams::new(names).unwrap().signed_by(&key, &authority).unwrap();
        let file = |name: &str, what: &str, der: &[u8]| {
            let path = server.folder().join(name);
            let text = base64::engine::general_purpose::STANDARD.encode(der);
            std::fs::write(&path, format!("-----BEGIN {what}-----\n{text}\n-----END {what}-----\n")).unwrap();
            path.display().to_string()
        };
        let signed: &rcgen::Certificate = authority.as_ref();
        let ca = file("ca.pem", "CERTIFICATE", signed.der());
        let cert = file("cert.pem", "CERTIFICATE", certificate.der());
        let key = file("key.pem", "PRIVATE KEY", &key.serialize_der());
        server.stop("TERM");
        server.arguments =
            vec![format!("--ssl-cert={cert}"), format!("--ssl-key={key}"), format!("--ssl-ca={ca}")];
        server.run().unwrap();

        for (options, is_encrypted) in [("", true), ("?sslmode=disable", false), ("?sslmode=require", true)] {
            let repo = try_connect(server, options).await.unwrap();
            assert_eq!(encrypted(&repo).await, is_encrypted, "{options}");
            repo.close().await;
        }
        // The certificate is signed, and for another name than 127.0.0.1.
        let repo = try_connect(server, &format!("?sslmode=verify-ca&sslrootcert={ca}")).await.unwrap();
        assert!(encrypted(&repo).await);
        repo.close().await;
        let error = try_connect(server, &format!("?sslmode=verify-full&sslrootcert={ca}")).await.unwrap_err();
        assert!(error.to_string().contains("TLS failed"), "{error}");
        // Nobody whom the system trusts has signed it.
        let error = try_connect(server, "?sslmode=verify-ca").await.unwrap_err();
        assert!(error.to_string().contains("TLS failed"), "{error}");
        let error = try_connect(server, "?sslmode=verify-ca&sslrootcert=/nowhere.pem").await.unwrap_err();
        assert!(error.to_string().contains("/nowhere.pem"), "{error}");
    });
}
