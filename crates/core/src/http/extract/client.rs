//! [`ClientInfo`], [`ClientIp`] and [`Host`]: who sent a request, and to what, behind trusted proxies too.

use std::net::IpAddr;

use ::http::header;

use super::{FromRequestParts, OptionalFromRequestParts};
use crate::http::Parts;
use crate::http::forwarded::{self, Resolved};
use crate::http::request::Head;
use crate::{Error, Fault, Place, Rejection, Result};

/// Who sent a request, and the scheme and host that it was sent to, as the client sees them.
///
/// Behind a proxy of [`TrustedProxies`](crate::http::TrustedProxies) this is what `X-Forwarded-*` or `Forwarded` says;
/// otherwise what the connection and the request itself say. It is computed when it is asked for.
///
/// The host is the client's word in any case: compare it with a list before it goes into a mail or a cache. Links to the
/// app itself are better made of `PUBLIC_URL`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientInfo {
    resolved: Resolved,
}

impl ClientInfo {
    /// That of the request with this head; [`Parts::head`](crate::http::Parts::head) has it.
    #[must_use]
    pub fn of(head: &Head) -> Self {
        Self { resolved: forwarded::resolve(head) }
    }

    /// The client's address; `None` over a unix socket without a trusted proxy, and in a test. Someone who can choose his
    /// own entry in the list of a trusted proxy, or who is behind a shared one, shares it with others.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        self.resolved.ip
    }

    /// Whether the client's connection, to the first trusted proxy or to us, is encrypted.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.resolved.secure
    }

    /// `https` or `http`.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        if self.is_secure() { "https" } else { "http" }
    }

    /// The host's name in lower case, or its address (an IPv6 one in brackets), without the port; `None` if the request
    /// has none, or something else in its place.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.resolved.authority.as_ref().map(|authority| &*authority.host)
    }

    /// The port: the one that is named, or else the scheme's own.
    #[must_use]
    pub fn port(&self) -> u16 {
        let named = self.resolved.authority.as_ref().and_then(|authority| authority.port);
        named.unwrap_or(if self.is_secure() { 443 } else { 80 })
    }

    /// Host and port, without a port that is the scheme's own: `example.org`, `localhost:4000`.
    #[must_use]
    pub fn authority(&self) -> Option<String> {
        let host = self.host()?;
        let port = self.port();
        let own = port == if self.is_secure() { 443 } else { 80 };
        Some(if own { host.to_owned() } else { format!("{host}:{port}") })
    }
}

impl FromRequestParts for ClientInfo {
    async fn from_request_parts(parts: &mut Parts) -> Result<Self> {
        Ok(Self::of(parts.head()))
    }
}

/// The client's address, as [`ClientInfo::ip`] has it. Where it is not known, which is over a unix socket without a
/// trusted proxy, `Option<ClientIp>` is `None`, and without the `Option` it is 500.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientIp(pub IpAddr);

impl FromRequestParts for ClientIp {
    async fn from_request_parts(parts: &mut Parts) -> Result<Self> {
        Self::from_request_parts_if_any(parts).await?.ok_or_else(|| {
            Error::internal(
                "the client's address is not known: over a unix socket a proxy has to say it, which `[http] \
                 trusted_proxies = [\"127.0.0.1\"]` lets it do; take `Option<ClientIp>` where it may be missing",
            )
        })
    }
}

impl OptionalFromRequestParts for ClientIp {
    async fn from_request_parts_if_any(parts: &mut Parts) -> Result<Option<Self>> {
        Ok(forwarded::resolve(parts.head()).ip.map(Self))
    }
}

/// The name of the host that the client asked for, in lower case and without the port, as [`ClientInfo::host`] has it.
///
/// A request without one, which only HTTP/1.0 allows, or with one that is no host, is answered with 400. `Option<Host>`
/// is `None` for the former.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Host(pub String);

impl FromRequestParts for Host {
    async fn from_request_parts(parts: &mut Parts) -> Result<Self> {
        let host = Self::from_request_parts_if_any(parts).await?;
        host.ok_or_else(|| Rejection::missing(Place::Header, "host").into())
    }
}

impl OptionalFromRequestParts for Host {
    async fn from_request_parts_if_any(parts: &mut Parts) -> Result<Option<Self>> {
        let found = forwarded::resolve(parts.head()).authority;
        match (found, parts.headers().get(header::HOST)) {
            (Some(authority), _) => Ok(Some(Self(authority.host))),
            (None, None) => Ok(None),
            (None, Some(odd)) => {
                let given =
                    format!("`{}`", crate::rejection::shown(&String::from_utf8_lossy(odd.as_bytes())));
                let fault = Fault::Unexpected { expected: "the name of a host".into(), given };
                Err(Rejection::of(Place::Header, "host", fault).into())
            }
        }
    }
}
