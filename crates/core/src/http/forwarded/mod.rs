//! Who a request was forwarded for: `X-Forwarded-*` and `Forwarded` (RFC 7239), from proxies that are trusted.
//!
//! Any client can send these headers. They count only where the other end of the connection is one of
//! [`TrustedProxies`], and of a list only as far as trusted proxies have written it: it is read from its end, where the
//! nearest proxy has put the address that it saw, and the first address that is no trusted proxy's is the client's. What
//! stands before that is the client's own invention.
//!
//! Nothing is computed before somebody asks: an argument [`ClientInfo`](super::ClientInfo), middleware, a log.

mod header_list;
mod host;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ::http::{HeaderMap, header};

use super::request::Head;
use crate::config::{IpRange, Raw, Setting};
use header_list::{Element, node, rev_items};
pub use host::AskedHost;
pub(crate) use host::Authority;

/// The proxies in front of the app, as a service of it, and the headers that they write.
///
/// `zzz::run` registers one from `[http] trusted_proxies` and `proxy_headers`. Without one, nobody is trusted.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies {
    ranges: Vec<IpRange>,
    ignored: Vec<ProxyHeader>,
}

impl TrustedProxies {
    /// Trusts these addresses, in whatever header.
    #[must_use]
    pub fn new(ranges: impl IntoIterator<Item = IpRange>) -> Self {
        Self { ranges: ranges.into_iter().collect(), ignored: Vec::new() }
    }

    /// Reads these headers alone, since the proxies write no other: what they do not write, and do not take away, is the
    /// client's.
    #[must_use]
    pub fn reading(mut self, headers: &[ProxyHeader]) -> Self {
        self.ignored = ProxyHeader::ALL.into_iter().filter(|header| !headers.contains(header)).collect();
        self
    }

    /// Whether this address is a proxy's.
    #[must_use]
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.ranges.iter().any(|range| range.contains(address))
    }

    /// Whether the other end of a connection is a proxy. Over a unix socket it is a process of this machine.
    fn trusts_peer(&self, peer: Option<IpAddr>) -> bool {
        match peer {
            Some(address) => self.trusts(address),
            None => self.trusts(Ipv4Addr::LOCALHOST.into()) || self.trusts(Ipv6Addr::LOCALHOST.into()),
        }
    }

    fn reads(&self, header: ProxyHeader) -> bool {
        !self.ignored.contains(&header)
    }
}

/// A header in which a proxy says for whom it forwards a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyHeader {
    /// `X-Forwarded-For`: the client's address, and those of the proxies.
    For,
    /// `X-Forwarded-Proto`: the scheme that the client used.
    Proto,
    /// `X-Forwarded-Host`: the host, and perhaps the port, that the client asked for.
    Host,
    /// `X-Forwarded-Port`: the port that the client asked for.
    Port,
    /// `Forwarded` (RFC 7239): all of it. Read only if there is none of the others.
    Forwarded,
}

impl ProxyHeader {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::For, Self::Proto, Self::Host, Self::Port, Self::Forwarded];

    /// Its name, in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::For => "x-forwarded-for",
            Self::Proto => "x-forwarded-proto",
            Self::Host => "x-forwarded-host",
            Self::Port => "x-forwarded-port",
            Self::Forwarded => "forwarded",
        }
    }
}

impl fmt::Display for ProxyHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Setting for ProxyHeader {
    const EXPECTS: &'static str = "one of \"x-forwarded-for\", \"x-forwarded-proto\", \"x-forwarded-host\", \
                                   \"x-forwarded-port\" and \"forwarded\"";
    const EXPECTS_LIST: &'static str = "a list of \"x-forwarded-for\", \"x-forwarded-proto\", \"x-forwarded-host\", \
                                        \"x-forwarded-port\" and \"forwarded\"";

    fn read(raw: &Raw) -> Option<Self> {
        let Raw::Text(text) = raw else { return None };
        Self::ALL.into_iter().find(|header| header.name().eq_ignore_ascii_case(text.trim()))
    }

    fn show(&self) -> Option<Raw> {
        Some(Raw::Text(self.to_string()))
    }
}

/// What a request says of its client, after what trusted proxies say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resolved {
    pub(crate) ip: Option<IpAddr>,
    pub(crate) secure: bool,
    pub(crate) authority: Option<Authority>,
}

/// What the connection and the head say, and the proxies where they are trusted. A value that is malformed is passed over
/// for the connection's own.
pub(crate) fn resolve(head: &Head) -> Resolved {
    let connection = head.connection();
    let peer = connection.and_then(|connection| connection.peer_addr()).map(|peer| peer.ip().to_canonical());
    let mut resolved = Resolved {
        ip: peer,
        secure: connection.is_some_and(|connection| connection.is_secure()),
        authority: own_host(head).and_then(Authority::parse),
    };
    if let Some(proxies) = trusted(head, peer) {
        let read = Reader { proxies, headers: head.headers() };
        if ProxyHeader::ALL[..4].iter().any(|header| read.has(*header)) {
            read.x_forwarded(&mut resolved);
        } else if read.has(ProxyHeader::Forwarded) {
            read.forwarded(&mut resolved);
        }
    }
    resolved
}

/// Whether the client's connection, to the first trusted proxy or to us, is encrypted: what
/// [`ClientInfo::is_secure`](super::ClientInfo::is_secure) says, for code that every request passes. Where no proxy is
/// trusted it costs a look at the connection.
#[must_use]
pub fn is_secure(head: &Head) -> bool {
    let Some(connection) = head.connection() else { return false };
    let peer = connection.peer_addr().map(|peer| peer.ip());
    if trusted(head, peer).is_some() { resolve(head).secure } else { connection.is_secure() }
}

/// The host that the client asked for, as [`ClientInfo::host`](super::ClientInfo::host) has it but for upper case, for
/// code that every request passes. Where no proxy is trusted it is lent, and costs no allocation.
#[must_use]
pub fn host(head: &Head) -> Option<AskedHost<'_>> {
    let peer = head.connection().and_then(|connection| connection.peer_addr()).map(|peer| peer.ip());
    if trusted(head, peer).is_none() {
        return Some(host::parse(own_host(head)?)?.0);
    }
    let Authority { host, .. } = resolve(head).authority?;
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    match address.and_then(|address| address.parse().ok()) {
        Some(address) => Some(AskedHost::Address(address)),
        None => Some(AskedHost::Name(host.into())),
    }
}

/// The trusted proxies, if one of them is the other end of the connection.
fn trusted(head: &Head, peer: Option<IpAddr>) -> Option<&TrustedProxies> {
    head.connection()?;
    head.services()
        .get::<TrustedProxies>()
        .map(|proxies| &**proxies)
        .filter(|proxies| proxies.trusts_peer(peer))
}

/// The host that the request is sent to: that of its target (HTTP/2, and proxies), else that of its header.
fn own_host(head: &Head) -> Option<&str> {
    match head.uri().authority() {
        Some(authority) => Some(authority.as_str()),
        None => head.headers().get(header::HOST)?.to_str().ok(),
    }
}

struct Reader<'a> {
    proxies: &'a TrustedProxies,
    headers: &'a HeaderMap,
}

impl<'a> Reader<'a> {
    fn has(&self, header: ProxyHeader) -> bool {
        self.proxies.reads(header) && self.headers.contains_key(header.name())
    }

    /// The items of a header, from the one that the nearest proxy has written to the first.
    fn items(&self, header: ProxyHeader) -> impl Iterator<Item = &'a str> {
        let read = self.proxies.reads(header);
        rev_items(self.headers.get_all(header.name())).filter(move |_| read)
    }

    fn x_forwarded(&self, resolved: &mut Resolved) {
        let client = self.client(self.items(ProxyHeader::For).map(node));
        if let Some(Client { ip: Some(ip), .. }) = client {
            resolved.ip = Some(ip);
        }
        if let Some(secure) = self.beside(ProxyHeader::Proto, client).and_then(is_secure_scheme) {
            resolved.secure = secure;
        }
        let port = self.beside(ProxyHeader::Port, client).and_then(host::port);
        match self.beside(ProxyHeader::Host, client).and_then(Authority::parse) {
            Some(authority) => resolved.authority = Some(authority.or_port(port)),
            None => {
                if let (Some(authority), Some(port)) = (&mut resolved.authority, port) {
                    authority.port = Some(port);
                }
            }
        }
    }

    /// The item that came from the same proxy as the client's address, if every proxy has added one to both lists; else
    /// the nearest proxy's.
    fn beside(&self, header: ProxyHeader, client: Option<Client>) -> Option<&'a str> {
        let at = client.map_or(0, |client| client.at);
        let aligned = at > 0 && self.items(header).count() == self.items(ProxyHeader::For).count();
        self.items(header).nth(if aligned { at } else { 0 })
    }

    fn forwarded(&self, resolved: &mut Resolved) {
        let elements = || self.items(ProxyHeader::Forwarded).map(Element::parse);
        let client = self.client(elements().map(|element| element?.node.as_deref().and_then(node)));
        if let Some(Client { ip: Some(ip), .. }) = client {
            resolved.ip = Some(ip);
        }
        let Some(Some(element)) = elements().nth(client.map_or(0, |client| client.at)) else { return };
        if let Some(secure) = element.proto.as_deref().and_then(is_secure_scheme) {
            resolved.secure = secure;
        }
        if let Some(authority) = element.host.as_deref().and_then(Authority::parse) {
            resolved.authority = Some(authority);
        }
    }

    /// The first address, seen from our end, that is no trusted proxy's; the last one if all are; none if there is
    /// something before it that is no address.
    fn client(&self, addresses: impl Iterator<Item = Option<IpAddr>>) -> Option<Client> {
        let mut client = None;
        for (at, ip) in addresses.enumerate() {
            client = Some(Client { ip, at });
            if ip.is_none_or(|ip| !self.proxies.trusts(ip)) {
                break;
            }
        }
        client
    }
}

/// Where in the list, counted from its end, the client stands.
#[derive(Clone, Copy)]
struct Client {
    ip: Option<IpAddr>,
    at: usize,
}

/// Some proxies call a WebSocket's scheme `wss`.
fn is_secure_scheme(scheme: &str) -> Option<bool> {
    match () {
        () if scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("wss") => Some(true),
        () if scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("ws") => Some(false),
        () => None,
    }
}

#[cfg(test)]
mod tests;
