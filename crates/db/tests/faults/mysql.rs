//! MySQL and MariaDB.

use base64::Engine as _;
use zzz_db::{Error, Repo};

use crate::servers::mysql::{Server, programs};
use crate::{cases, try_connect, with_server};

impl crate::Server for Server {
    const NAME: &'static str = "MariaDB or MySQL";
    const TABLE: &'static str = "CREATE TABLE entries (id BIGINT AUTO_INCREMENT PRIMARY KEY, number BIGINT)";
    const AT_ONCE: &'static str = "KILL";
    const IN_ORDER: &'static str = "TERM";

    fn start() -> Option<Self> {
        Some(Server::start(&programs()?).unwrap())
    }

    fn url(&self) -> String {
        Server::url(self)
    }

    fn run(&mut self) {
        Server::run(self).unwrap();
    }

    fn stop(&mut self, signal: &str) {
        Server::stop(self, signal);
    }

    fn signal_all(&self, signal: &str) {
        Server::signal_all(self, signal);
    }

    /// Also a transaction whose connection broke before its end.
    fn has_written_nothing(error: &Error) -> bool {
        error.is_acquire_timeout() || error.is_closed()
    }
}

cases::tests!(Server);

#[test]
fn tls_is_used_and_checked_as_the_url_says() {
    with_server(async |server: &mut Server, repo| {
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
