//! [`HttpConfig`]: the section `[http]`.

use std::path::PathBuf;
use std::time::Duration;

use zzz_core::config::{ByteSize, IpRange};
use zzz_core::http::{Limits, ProxyHeader};

use crate::listener::Listen;
use crate::public_url::PublicUrl;
use crate::runtime::Runtime;
use crate::tls::SniHost;

/// A timeout of nothing would end everything before it began.
const SHORTEST: Duration = Duration::from_millis(1);

zzz_core::config_section! {
    /// The HTTP server: where it listens, and what a client may cost it.
    pub struct HttpConfig in "http" {
        /// The address to listen on.
        host: String = "127.0.0.1".into(), env "HOST";
        /// The port to listen on; 0 picks a free one and prints it.
        port: u16 = 4000, env "PORT";
        /// Where to listen instead of `host` and `port`: another `HOST:PORT`, or `unix:/path`.
        listen: Option<Listen> = None;
        /// Threads that serve requests, each with an accept loop of its own; by default one per core.
        workers: usize = cores(), in 1..=1024;
        /// `shared`: the threads share all tasks; `per_core`: each connection stays on the thread that has
        /// accepted it.
        runtime: Runtime = Runtime::Shared;
        /// How clients reach the app, `https://www.example.org`; by default the address that it listens on.
        public_url: Option<PublicUrl> = None, env "PUBLIC_URL";
        /// The certificate chain of the server, in PEM. With it TLS is served on `tls_port`.
        tls_cert: Option<PathBuf> = None;
        /// The private key of `tls_cert`, in PEM.
        tls_key: Option<PathBuf> = None;
        /// Certificates for single hosts; `tls_cert` is for all others.
        sni: Vec<SniHost> = Vec::new();
        /// Authorities, in PEM, that client certificates are checked against. A client need not show one.
        tls_client_ca: Option<PathBuf> = None;
        /// The port for TLS, on the same host; 0 picks a free one and prints it.
        tls_port: u16 = 4443;
        /// Whether the plain port answers every request with 308 to the public URL.
        http_redirect: bool = false;
        /// Whether every connection begins with a PROXY header, version 1 or 2, of one of `trusted_proxies`.
        proxy_protocol: bool = false;
        /// The addresses that a proxy may have: who may begin a connection with a PROXY header, and whose word on
        /// the client counts in `proxy_headers`.
        trusted_proxies: Vec<IpRange> = Vec::new();
        /// The headers that the trusted proxies write, or take away. Another is a client's own, and is not read.
        proxy_headers: Vec<ProxyHeader> = ProxyHeader::ALL.to_vec();
        /// From accept, or on a kept connection from the first byte of the next request, to a complete head.
        /// Then the connection is closed, with 408 if a part of the head had come.
        header_timeout: Duration = Duration::from_secs(10), in SHORTEST..;
        /// How long a kept connection may be idle.
        keep_alive_timeout: Duration = Duration::from_secs(60), in SHORTEST..;
        /// How many bytes of a request's body must come in each second in which somebody waits for them; 0 for any.
        /// A client that lags behind by more than `body_grace` is answered with 408, and the connection closes.
        body_min_rate: ByteSize = ByteSize(500);
        /// How long a client may let somebody wait for a request's body beyond what `body_min_rate` allows.
        body_grace: Duration = Duration::from_secs(10), in SHORTEST..;
        /// How long a client may take nothing of what there is to send; then the connection is closed, or the
        /// stream of HTTP/2 reset.
        write_stall_timeout: Duration = Duration::from_secs(30), in SHORTEST..;
        /// How long a handler may take until its response begins; then 503. A route may set its own.
        request_timeout: Duration = Duration::from_secs(30), in SHORTEST..;
        /// The largest head of a request; then 431.
        max_head_size: ByteSize = ByteSize::kib(64), in ByteSize::kib(8)..=ByteSize::mib(1);
        /// The most headers of a request; then 431.
        max_headers: usize = 100, in 1..=1000;
        /// The longest target of a request; then 414. No target can be longer than 64KiB (`http::Uri`).
        max_target: ByteSize = ByteSize::kib(8), in ByteSize(1)..=ByteSize::kib(60);
        /// The largest body of a request; then 413. A route may set its own.
        body_limit: ByteSize = ByteSize::mib(2);
        /// What is kept in memory for all clients together of heads that are not complete and of bodies that a handler
        /// wants as a whole; see the guide to serving for who waits, and who is refused, beyond it.
        max_buffered: ByteSize = ByteSize::mib(16), in ByteSize::mib(1)..;
        /// Whether request bodies in gzip, br and zstd are decoded; limits count decoded bytes. An encoding that is
        /// not known is then 415. Without it, handlers get bodies as they come. Needs the feature `decompress`.
        decompress: bool = false;
        /// Connections at once. More wait in the kernel's backlog, without a deadline of ours, until one closes:
        /// no deadline runs before a connection is accepted. Fewer if the limit of open files is too low for them.
        max_connections: usize = 10_000, in 1..=1_000_000;
        /// Requests at once on a connection of HTTP/2; more are refused (REFUSED_STREAM).
        h2_max_streams: u32 = 100, in 1..=10_000;
        /// Streams that a client of HTTP/2 may reset in a second; then the connection is closed (ENHANCE_YOUR_CALM).
        h2_max_resets: u32 = 200, in 1..=1_000_000;
        /// How long requests in flight may take to finish after SIGTERM or SIGINT.
        shutdown_grace: Duration = Duration::from_secs(15);
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// `HOST:PORT`, with brackets around an IPv6 address.
fn join(host: &str, port: u16) -> String {
    match host.contains(':') && !host.starts_with('[') {
        true => format!("[{host}]:{port}"),
        false => format!("{host}:{port}"),
    }
}

impl HttpConfig {
    /// The limits of a route that sets none of its own, as an endpoint has to know them. `request_timeout` is not
    /// among them: the server starts it with every request, and an endpoint only changes it for a route.
    #[must_use]
    pub fn limits(&self) -> Limits {
        Limits::new().body(self.body_limit.0)
    }

    /// Where plain connections are accepted: what is set as `listen`, or `HOST:PORT`.
    #[must_use]
    pub fn plain_address(&self) -> Listen {
        self.listen.clone().unwrap_or_else(|| Listen::Tcp(join(&self.host, self.port)))
    }

    /// Where connections with TLS are accepted, if they are: `tls_port` on the same host.
    #[must_use]
    pub fn tls_address(&self) -> Listen {
        let host = match &self.listen {
            Some(Listen::Tcp(address)) => address.rsplit_once(':').map_or(address.as_str(), |(host, _)| host),
            _ => self.host.as_str(),
        };
        Listen::Tcp(join(host, self.tls_port))
    }

    /// Whether any setting asks for TLS.
    #[must_use]
    pub fn wants_tls(&self) -> bool {
        self.tls_cert.is_some()
            || self.tls_key.is_some()
            || !self.sni.is_empty()
            || self.tls_client_ca.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zzz_core::config::{Env, Layers, Raw, Setting};

    fn refusal(key: &str, value: &str) -> String {
        let mut layers = Layers::new(Env::Test);
        layers.section::<HttpConfig>();
        layers.program_value("http", key, Raw::Text(value.into()));
        layers.resolve().map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn refuses_what_could_not_be_served_with() {
        let duration = "a duration such as \"10s\", \"250ms\", \"5m\" or \"1h\" of at least \"1ms\"";
        let size = "a size such as \"2MiB\"";
        for (key, value, allowed) in [
            ("port", "70000", "a whole number from 0 to 65535"),
            ("workers", "0", "a whole number from 1 to 1024"),
            ("workers", "9999999999", "a whole number from 1 to 1024"),
            ("header_timeout", "0s", duration),
            ("keep_alive_timeout", "0ms", duration),
            ("request_timeout", "0h", duration),
            ("max_head_size", "8191", &format!("{size} from \"8KiB\" to \"1MiB\"")),
            ("max_headers", "0", "a whole number from 1 to 1000"),
            ("max_headers", "18446744073709551615", "a whole number from 1 to 1000"),
            ("max_target", "61KiB", &format!("{size} from \"1B\" to \"60KiB\"")),
            ("max_connections", "0", "a whole number from 1 to 1000000"),
            (
                "listen",
                "4000",
                "an address such as \"127.0.0.1:4000\" or a unix socket such as \"unix:/path\"",
            ),
            ("runtime", "many", "\"shared\" or \"per_core\""),
            ("public_url", "example.org", "a URL of a scheme and a host such as \"https://www.example.org\""),
            ("trusted_proxies", "10.0.0.1/8", "a list of IP addresses and ranges such as \"10.0.0.0/8\""),
        ] {
            let message = format!("the program: `{key}` in [http] must be {allowed}, not \"{value}\"");
            assert_eq!(refusal(key, value), message);
        }
    }

    #[test]
    fn the_defaults_are_within_their_ranges() {
        let mut layers = Layers::new(Env::Test);
        layers.section::<HttpConfig>();
        for shown in layers.resolve().unwrap().shown() {
            let mut again = Layers::new(Env::Test);
            again.section::<HttpConfig>();
            let Some(value) = shown.value.clone() else { continue };
            again.program_value("http", shown.key.name, value);
            assert!(again.resolve().is_ok(), "{}", shown.key.name);
        }
    }

    #[test]
    fn nothing_may_be_left_to_finish_at_shutdown() {
        let mut layers = Layers::new(Env::Test);
        layers.section::<HttpConfig>();
        layers.program_value("http", "shutdown_grace", Raw::Text("0s".into()));
        assert_eq!(layers.resolve().unwrap().get::<HttpConfig>().shutdown_grace, Duration::ZERO);
    }

    #[test]
    fn tls_is_served_on_the_host_that_plain_connections_come_to() {
        let with = |host: &str, listen: Option<&str>| {
            let listen = listen.and_then(|text| Setting::read(&Raw::Text(text.into())));
            HttpConfig { host: host.into(), listen, ..HttpConfig::default() }
        };
        for (host, listen, plain, tls) in [
            ("127.0.0.1", None, "127.0.0.1:4000", "127.0.0.1:4443"),
            ("::1", None, "[::1]:4000", "[::1]:4443"),
            ("127.0.0.1", Some("[::]:80"), "[::]:80", "[::]:4443"),
            ("0.0.0.0", Some("unix:/run/app.sock"), "unix:/run/app.sock", "0.0.0.0:4443"),
        ] {
            let config = with(host, listen);
            assert_eq!(config.plain_address().to_string(), plain);
            assert_eq!(config.tls_address().to_string(), tls);
        }
    }
}
