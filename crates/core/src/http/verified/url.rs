//! [`Site`]: where the app is reached from outside, for `url!`.

use std::borrow::Cow;
use std::sync::Arc;

use super::VerifiedPath;
use crate::http::extract::FromRequestParts;
use crate::http::{Description, Parts, Request};
use crate::{Services, Svc};

/// Scheme, host and port under which the app is reached: `https://www.example.org`. A service of every app, made of
/// `PUBLIC_URL`, or of the address that it listens at; handlers take it as an argument.
///
/// What a request says of its host is never used: anybody can send any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site(Arc<str>);

impl Site {
    /// The site at this address; a `/` at its end makes no difference.
    #[must_use]
    pub fn new(address: &str) -> Self {
        Self(address.trim_end_matches('/').into())
    }

    /// The address, without a `/` at its end.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.0
    }
}

/// What stands in where nobody has said where the app is, as in a test of a bare endpoint.
const NOWHERE: &str = "http://localhost";

impl FromRequestParts for Site {
    fn describe(description: &mut Description) {
        description.optional(|description| description.service::<Self>());
    }

    async fn from_request_parts(parts: &mut Parts) -> crate::Result<Self> {
        Ok(Self::new(&parts.site()))
    }
}

/// What knows where the app is: the first argument of `url!`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not know where the app is reached",
    label = "no `Site`, request or address",
    note = "pass a `Site` (a handler takes it as an argument), the request, the app's `Services`, or the address as a text"
)]
pub trait HasSite {
    /// Scheme, host and port, without a `/` at the end.
    fn site(&self) -> Cow<'_, str>;
}

impl HasSite for Site {
    fn site(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.0)
    }
}

impl HasSite for Services {
    fn site(&self) -> Cow<'_, str> {
        self.get::<Site>().map_or(Cow::Borrowed(NOWHERE), |site| Cow::Borrowed(&*site.0))
    }
}

impl HasSite for Parts {
    fn site(&self) -> Cow<'_, str> {
        self.services().site()
    }
}

impl HasSite for Request {
    fn site(&self) -> Cow<'_, str> {
        self.services().site()
    }
}

impl HasSite for str {
    fn site(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.trim_end_matches('/'))
    }
}

impl HasSite for String {
    fn site(&self) -> Cow<'_, str> {
        self.as_str().site()
    }
}

impl<S: HasSite + ?Sized> HasSite for &S {
    fn site(&self) -> Cow<'_, str> {
        (**self).site()
    }
}

impl<S: HasSite + ?Sized> HasSite for Arc<S> {
    fn site(&self) -> Cow<'_, str> {
        (**self).site()
    }
}

impl<S: HasSite + Send + Sync + 'static> HasSite for Svc<S> {
    fn site(&self) -> Cow<'_, str> {
        (**self).site()
    }
}

/// The path as a URL of the app; `url!` calls it.
#[must_use]
pub fn url<S: HasSite + ?Sized>(site: &S, path: &VerifiedPath) -> String {
    let mut url = site.site().into_owned();
    url.push_str(path);
    url
}
