//! TLS against clients on real sockets: who is shown which certificate, what is refused, and how certificates are
//! exchanged.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rcgen::{CertificateParams, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, ProtocolVersion, RootCertStore};
use support::{Folder, LONG, Running, config, get, rest, run, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use zzz_core::config::{Raw, Setting};
use zzz_core_http::tls::SniHost;
use zzz_core_http::{HttpConfig, PublicUrl, Served, Server};

/// An authority that signs for servers and clients.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let certificate = parameters.self_signed(&key).unwrap().der().clone();
        Self { issuer: Issuer::new(parameters, key), certificate }
    }

    /// A certificate for this name, and its key.
    fn sign(
        &self,
        name: &str,
        change: impl FnOnce(&mut CertificateParams),
    ) -> (CertificateDer<'static>, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new(vec![name.to_owned()]).unwrap();
        change(&mut parameters);
        (parameters.signed_by(&key, &self.issuer).unwrap().der().clone(), key)
    }

    /// The same as files.
    fn files(&self, folder: &Folder, file: &str, name: &str) -> (PathBuf, PathBuf) {
        let (certificate, key) = self.sign(name, |_| {});
        write_pair(folder, file, &certificate, &key)
    }
}

fn write_pair(
    folder: &Folder,
    file: &str,
    certificate: &CertificateDer<'_>,
    key: &KeyPair,
) -> (PathBuf, PathBuf) {
    let (cert, secret) = (folder.file(&format!("{file}.pem")), folder.file(&format!("{file}.key")));
    write_pem(&cert, "CERTIFICATE", certificate);
    write_pem(&secret, "PRIVATE KEY", &key.serialize_der());
    (cert, secret)
}

fn write_pem(path: &PathBuf, label: &str, der: &[u8]) {
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    std::fs::write(path, format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")).unwrap();
}

/// An authority, a certificate of it for `localhost`, and a configuration that serves it.
fn localhost() -> (Authority, Folder, HttpConfig) {
    let (authority, folder) = (Authority::new(), Folder::new());
    let (cert, key) = authority.files(&folder, "localhost", "localhost");
    (authority, folder, HttpConfig { tls_cert: Some(cert), tls_key: Some(key), ..config() })
}

fn start(config: &HttpConfig) -> Running {
    run(Server::bind(config).unwrap())
}

/// What a client trusts and offers.
struct Client {
    config: ClientConfig,
}

impl Client {
    fn new(authority: &Authority) -> Self {
        Self::of(authority, &[&rustls::version::TLS13, &rustls::version::TLS12], None)
    }

    fn of(
        authority: &Authority,
        versions: &[&'static rustls::SupportedProtocolVersion],
        own: Option<(CertificateDer<'static>, KeyPair)>,
    ) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(authority.certificate.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots);
        let config = match own {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let key = PrivatePkcs8KeyDer::from(key.serialize_der());
                builder.with_client_auth_cert(vec![certificate], key.into()).unwrap()
            }
        };
        Self { config }
    }

    fn alpn(mut self, protocols: &[&str]) -> Self {
        self.config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        self
    }

    async fn connect(&self, address: Option<SocketAddr>, name: &str) -> io::Result<TlsStream<TcpStream>> {
        let socket = TcpStream::connect(address.unwrap()).await?;
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let connector = TlsConnector::from(Arc::new(self.config.clone()));
        within(connector.connect(name, socket)).await
    }
}

/// The alert that a failed handshake ended with.
fn alert(error: &io::Error) -> Option<rustls::AlertDescription> {
    match error.get_ref()?.downcast_ref()? {
        rustls::Error::AlertReceived(alert) => Some(*alert),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn serves_tls_1_2_and_1_3_beside_the_plain_port() {
    let (authority, _folder, config) = localhost();
    let running = start(&config);
    for (version, name) in [
        (&rustls::version::TLS12, ProtocolVersion::TLSv1_2),
        (&rustls::version::TLS13, ProtocolVersion::TLSv1_3),
    ] {
        let client = Client::of(&authority, &[version], None).alpn(&["http/1.1"]);
        let mut stream = client.connect(running.tls, "localhost").await.unwrap();
        assert_eq!(stream.get_ref().1.protocol_version(), Some(name));
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"http/1.1".as_slice()));
        let peer = stream.get_ref().0.local_addr().unwrap();
        let answer = get(&mut stream, "/").await;
        let told = format!("secure=true peer={peer} local={} proxy=none certificate=0", running.tls.unwrap());
        assert!(answer.contains(&told), "{answer}");
    }
    let mut plain = TcpStream::connect(running.plain.unwrap()).await.unwrap();
    assert!(get(&mut plain, "/").await.contains("secure=false"));
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_versions_before_1_2() {
    let (_authority, _folder, config) = localhost();
    let running = start(&config);
    // A hello of TLS 1.1: version, random, no session, one cipher suite, no compression.
    let mut hello = vec![1, 0, 0, 43, 3, 2];
    hello.extend([7; 32]);
    hello.extend([0, 0, 2, 0xc0, 0x13, 1, 0, 0, 0]);
    hello[3] = u8::try_from(hello.len() - 4).unwrap();
    let mut stream = TcpStream::connect(running.tls.unwrap()).await.unwrap();
    stream.write_all(&[22, 3, 1, 0, u8::try_from(hello.len()).unwrap()]).await.unwrap();
    stream.write_all(&hello).await.unwrap();
    let mut answer = Vec::new();
    within(stream.read_to_end(&mut answer)).await.unwrap();
    // An alert, and a fatal one.
    assert_eq!((answer[0], answer[5], answer.len()), (21, 2, 7));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_without_a_common_protocol_is_told_so() {
    let (authority, _folder, config) = localhost();
    let running = start(&config);
    let client = Client::new(&authority).alpn(&["foo"]);
    let error = client.connect(running.tls, "localhost").await.unwrap_err();
    assert_eq!(alert(&error), Some(rustls::AlertDescription::NoApplicationProtocol));
    let client = Client::new(&authority).alpn(&["foo", "http/1.1"]);
    let stream = client.connect(running.tls, "localhost").await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"http/1.1".as_slice()));
}

#[cfg(feature = "http2")]
#[tokio::test(flavor = "multi_thread")]
async fn speaks_http_2_if_the_handshake_says_so() {
    let (authority, _folder, config) = localhost();
    let running = start(&config);
    let client = Client::new(&authority).alpn(&["h2"]);
    let mut stream = client.connect(running.tls, "localhost").await.unwrap();
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let mut frame = [0; 9];
    within(stream.read_exact(&mut frame)).await.unwrap();
    assert_eq!((frame[3], frame[4]), (4, 0), "the first frame is SETTINGS");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_name_gets_its_certificate() {
    let (authority, folder, mut config) = localhost();
    for (file, host) in [("a", "a.example"), ("b", "*.b.example")] {
        let (cert, key) = authority.files(&folder, file, host);
        config.sni.push(SniHost { host: host.into(), cert, key });
    }
    let running = start(&config);
    let client = Client::new(&authority);
    // The client itself checks that the certificate is for the name.
    for name in ["localhost", "a.example", "A.EXAMPLE", "x.b.example"] {
        let mut stream = client.connect(running.tls, name).await.unwrap();
        assert!(get(&mut stream, "/").await.starts_with("HTTP/1.1 200"), "{name}");
    }
    for name in ["b.example", "x.y.b.example", "x.a.example", "127.0.0.1"] {
        let error = client.connect(running.tls, name).await.unwrap_err();
        assert!(error.to_string().contains("not valid for name"), "{name}: {error}");
    }

    // Without a certificate for all others, a name that nobody has is refused.
    (config.tls_cert, config.tls_key) = (None, None);
    let running = start(&config);
    client.connect(running.tls, "a.example").await.unwrap();
    assert!(alert(&client.connect(running.tls, "localhost").await.unwrap_err()).is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_on_the_tls_port_and_tls_on_the_plain_port_end_at_once() {
    let (authority, _folder, config) = localhost();
    let running = start(&config);
    let began = Instant::now();
    let mut plain = TcpStream::connect(running.tls.unwrap()).await.unwrap();
    let answer = get(&mut plain, "/").await;
    assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\nconnection: close\r\n"), "{answer}");
    assert!(answer.ends_with("use an https URL.\n"), "{answer}");

    let error = Client::new(&authority).connect(running.plain, "localhost").await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{error}");
    assert!(began.elapsed() < config.header_timeout);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_deadline_of_the_first_head_holds_for_the_handshake_too() {
    let (authority, _folder, config) = localhost();
    let running = start(&HttpConfig { header_timeout: Duration::from_millis(300), ..config });
    let mut silent = TcpStream::connect(running.tls.unwrap()).await.unwrap();
    let mut stalls = TcpStream::connect(running.tls.unwrap()).await.unwrap();
    stalls.write_all(&[22, 3, 1, 2, 0, 1, 0]).await.unwrap();
    let mut shaken = Client::new(&authority).connect(running.tls, "localhost").await.unwrap();
    let mut begun = Client::new(&authority).connect(running.tls, "localhost").await.unwrap();
    begun.write_all(b"GET / HT").await.unwrap();
    assert_eq!(rest(&mut silent).await, "");
    assert_eq!(rest(&mut stalls).await, "");
    assert_eq!(rest(&mut shaken).await, "");
    let answer = rest(&mut begun).await;
    assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\nconnection: close\r\n"), "{answer}");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_reads_steadily_shows_progress_over_tls_too() {
    let (authority, _folder, config) = localhost();
    let running = start(&HttpConfig { write_stall_timeout: Duration::from_secs(1), ..config });
    let mut stream = Client::new(&authority).connect(running.tls, "localhost").await.unwrap();
    stream.write_all(b"GET /long HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut all = vec![0; 800_000];
    for part in all.chunks_mut(20_000) {
        within(stream.read_exact(part)).await.unwrap();
        // The pace is what is tested.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    within(stream.read_to_end(&mut all)).await.unwrap();
    let head = all.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
    assert_eq!(all.len() - head, LONG);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_ends_its_request() {
    let (authority, _folder, config) = localhost();
    let running = start(&config);
    let mut stream = Client::new(&authority).connect(running.tls, "localhost").await.unwrap();
    stream.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    running.app.entered.notified().await;
    // With a farewell of TLS, and the socket still open: there are bytes to read, and they say that it is over.
    let (socket, mut tls) = stream.into_inner();
    tls.send_close_notify();
    let mut farewell = Vec::new();
    tls.write_tls(&mut farewell).unwrap();
    let mut socket = socket;
    socket.write_all(&farewell).await.unwrap();
    within(running.app.left.notified()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_exchanged_without_touching_connections() {
    let (authority, folder, config) = localhost();
    let server = Server::bind(&config).unwrap();
    let certificates = server.certificates().unwrap();
    let running = run(server);
    let shown = async || {
        let stream = Client::new(&authority).connect(running.tls, "localhost").await.unwrap();
        stream.get_ref().1.peer_certificates().unwrap()[0].clone()
    };
    let mut old = Client::new(&authority).connect(running.tls, "localhost").await.unwrap();
    let first = shown().await;
    let (second, key) = authority.sign("localhost", |_| {});
    write_pair(&folder, "localhost", &second, &key);
    assert_eq!(shown().await, first, "files alone change nothing");
    certificates.reload().unwrap();
    assert_eq!(shown().await, second);

    let (_, wrong) = authority.sign("localhost", |_| {});
    write_pem(&folder.file("localhost.key"), "PRIVATE KEY", &wrong.serialize_der());
    let error = certificates.reload().unwrap_err().to_string();
    assert!(
        error.contains("localhost.key") && error.contains("it is not the key of the certificate"),
        "{error}"
    );
    std::fs::write(folder.file("localhost.pem"), "half a cert").unwrap();
    assert!(certificates.reload().unwrap_err().to_string().contains("localhost.pem"));
    assert_eq!(shown().await, second, "a broken pair changes nothing");
    assert!(get(&mut old, "/").await.contains("secure=true"), "an old connection lives on");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_hangup_exchanges_certificates() {
    let (authority, folder, config) = localhost();
    let server = Server::bind(&config).unwrap();
    server.certificates().unwrap().reload_on_hangup().unwrap();
    let running = run(server);
    let (second, key) = authority.sign("localhost", |_| {});
    write_pair(&folder, "localhost", &second, &key);
    let hangup = format!("kill -HUP {}", std::process::id());
    assert!(std::process::Command::new("sh").args(["-c", &hangup]).status().unwrap().success());
    within(async {
        loop {
            let stream = Client::new(&authority).connect(running.tls, "localhost").await.unwrap();
            if stream.get_ref().1.peer_certificates().unwrap()[0] == second {
                return;
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn client_certificates_are_checked_if_they_are_shown() {
    let (authority, folder, mut config) = localhost();
    let ca = folder.file("clients.pem");
    write_pem(&ca, "CERTIFICATE", &authority.certificate);
    config.tls_client_ca = Some(ca);
    let running = start(&config);
    let both = [&rustls::version::TLS12, &rustls::version::TLS13];
    for version in both {
        let answer = async |own: Option<(CertificateDer<'static>, KeyPair)>| {
            let client = Client::of(&authority, &[version], own);
            let mut stream = client.connect(running.tls, "localhost").await?;
            stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await?;
            let mut all = String::new();
            // With TLS 1.3 the client learns only here that it was refused.
            within(stream.read_to_string(&mut all)).await?;
            io::Result::Ok(all)
        };
        assert!(answer(None).await.unwrap().contains("certificate=0"));
        let good = authority.sign("client", |_| {});
        let length = good.0.len();
        assert!(answer(Some(good)).await.unwrap().contains(&format!("certificate={length} ")));
        let stranger = Authority::new().sign("client", |_| {});
        assert!(alert(&answer(Some(stranger)).await.unwrap_err()).is_some());
        let expired = authority.sign("client", |own| own.not_after = rcgen::date_time_ymd(2020, 1, 1));
        assert!(alert(&answer(Some(expired)).await.unwrap_err()).is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plain_port_redirects_to_the_configured_host() {
    let (_authority, _folder, config) = localhost();
    let url = |text: &str| PublicUrl::read(&Raw::Text(text.into()));
    for (public_url, wanted) in
        [(None, None), (url("https://www.example.org"), Some("https://www.example.org"))]
    {
        let running = start(&HttpConfig { http_redirect: true, public_url, ..config.clone() });
        let wanted = wanted.map_or_else(|| format!("https://{}", running.tls.unwrap()), str::to_owned);
        let mut stream = TcpStream::connect(running.plain.unwrap()).await.unwrap();
        let request = "POST /posts?page=2 HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\
                       x-forwarded-host: evil.example\r\ncontent-length: 2\r\n\r\nhi";
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = rest(&mut stream).await.to_ascii_lowercase();
        assert!(answer.starts_with("http/1.1 308"), "{answer}");
        assert!(answer.contains(&format!("location: {wanted}/posts?page=2\r\n")), "{answer}");
        assert!(!answer.contains("evil"), "{answer}");
    }
    let refusal = |config: HttpConfig| Server::bind(&config).unwrap_err().to_string();
    let error = refusal(HttpConfig { http_redirect: true, public_url: url("http://a"), ..config.clone() });
    assert!(error.contains("would lead in a circle"), "{error}");
    let error = refusal(HttpConfig { http_redirect: true, host: "0.0.0.0".into(), ..config });
    assert!(error.contains("set PUBLIC_URL"), "{error}");
    let error = refusal(HttpConfig { http_redirect: true, ..support::config() });
    assert!(error.contains("nothing is served over TLS"), "{error}");
}

#[test]
fn what_can_not_be_used_is_named() {
    let (authority, folder, config) = localhost();
    let refusal = |config: &HttpConfig| Server::bind(config).unwrap_err().to_string();
    let with = |certificate: &CertificateDer<'_>, key: &KeyPair| {
        let (cert, key) = write_pair(&folder, "other", certificate, key);
        HttpConfig { tls_cert: Some(cert), tls_key: Some(key), ..config.clone() }
    };
    let (expired, key) = authority.sign("localhost", |own| own.not_after = rcgen::date_time_ymd(2020, 1, 1));
    let error = refusal(&with(&expired, &key));
    assert!(
        error.contains("other.pem can not be used for TLS: it expired") && error.contains("days ago"),
        "{error}"
    );
    let (certificate, _) = authority.sign("localhost", |_| {});
    let error = refusal(&with(&certificate, &key));
    assert!(error.contains("other.key can not be used for TLS: it is not the key"), "{error}");
    assert!(error.contains("other.pem"), "{error}");

    let missing = HttpConfig { tls_cert: Some(folder.file("missing.pem")), ..config.clone() };
    assert!(refusal(&missing).contains("missing.pem can not be used for TLS: No such file"));
    let swapped = HttpConfig { tls_cert: config.tls_key.clone(), ..config.clone() };
    assert!(
        refusal(&swapped).contains("localhost.key can not be used for TLS: it holds no certificate in PEM")
    );
    let swapped = HttpConfig { tls_key: config.tls_cert.clone(), ..config.clone() };
    assert!(refusal(&swapped).contains("localhost.pem can not be used for TLS: it holds no private key"));
    let half = HttpConfig { tls_key: None, ..config.clone() };
    assert!(refusal(&half).contains("`tls_cert` is set without `tls_key`"));
    let half = HttpConfig { tls_cert: None, ..config.clone() };
    assert!(refusal(&half).contains("`tls_key` is set without `tls_cert`"));
    let alone = HttpConfig { tls_client_ca: config.tls_cert.clone(), ..support::config() };
    assert!(refusal(&alone).contains("`tls_client_ca` is set without"));
    let (cert, key) = authority.files(&folder, "a", "a.example");
    let host = SniHost { host: "b.example".into(), cert, key };
    let wrong = HttpConfig { sni: vec![host.clone()], ..config.clone() };
    assert!(refusal(&wrong).contains("a.pem can not be used for TLS: it is not for the host b.example"));
    let host = SniHost { host: "a.example".into(), ..host };
    let twice = HttpConfig { sni: vec![host.clone(), host], ..config };
    assert!(refusal(&twice).contains("`sni` has the host a.example twice"));
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_finishes_requests_over_tls_and_serves_who_was_let_in() {
    let (authority, _folder, config) = localhost();
    let running = start(&config);
    let mut slow = Client::new(&authority).connect(running.tls, "localhost").await.unwrap();
    slow.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    running.app.entered.notified().await;
    // Connected, and no further.
    let socket = TcpStream::connect(running.tls.unwrap()).await.unwrap();
    running.stop.send(()).unwrap();
    let connector = TlsConnector::from(Arc::new(Client::new(&authority).config));
    let mut late = within(connector.connect("localhost".try_into().unwrap(), socket)).await.unwrap();
    assert!(get(&mut late, "/").await.contains("secure=true"));
    running.app.go.notify_one();
    let answer = rest(&mut slow).await;
    assert!(answer.contains("connection: close") && answer.ends_with("slow"), "{answer}");
    assert_eq!(within(running.served).await.unwrap(), Served { cut: 0 });
}

#[tokio::test(flavor = "multi_thread")]
async fn both_ports_share_the_limit_of_connections() {
    let (authority, _folder, config) = localhost();
    let running = start(&HttpConfig { max_connections: 1, ..config });
    let mut plain = TcpStream::connect(running.plain.unwrap()).await.unwrap();
    plain.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    running.app.entered.notified().await;
    let client = Client::new(&authority);
    let mut waits = Box::pin(client.connect(running.tls, "localhost"));
    let early = tokio::time::timeout(Duration::from_millis(100), &mut waits).await;
    assert!(early.is_err(), "served beyond the limit");
    running.app.go.notify_one();
    assert!(rest(&mut plain).await.ends_with("slow"));
    assert!(get(&mut within(waits).await.unwrap(), "/").await.contains("secure=true"));
}
