//! [`Request`] and its [`Parts`].

use std::borrow::Cow;
use std::fmt;
use std::mem::{self, ManuallyDrop};
use std::sync::{Arc, LazyLock};

use ::http::uri::PathAndQuery;
use ::http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, Uri, Version, header, request};

use http_body::Body as _;

use super::{Assigns, Body, Connection, Format, MediaType, ParamPlaces, RequestId, RouteInfo, spare_headers};
use crate::Services;

/// A request: its [`Parts`] and its [`Body`].
///
/// ```
/// use zzz_core::http::Request;
/// let request = Request::post("/posts", "title=Hello").with_header("accept", "application/json");
/// assert_eq!(request.path(), "/posts");
/// assert_eq!(request.header("accept"), Some("application/json"));
/// ```
#[derive(Debug)]
pub struct Request {
    parts: Parts,
    body: Body,
}

/// Everything of a request except its body.
///
/// What it came with is shared with the endpoint, which needs it again for the log line and the error page.
/// Changing the headers or extensions of a request behind an endpoint therefore copies its head once.
pub struct Parts {
    head: Arc<Head>,
    /// The method that replaced the one that came, in a box since that is rare.
    method: Option<Box<Method>>,
    assigns: Assigns,
    params: ParamPlaces,
    route: Option<Arc<RouteInfo>>,
}

/// What a request came with, and what the server and the endpoint know of it.
#[derive(Clone)]
pub struct Head {
    http: request::Parts,
    services: Option<Arc<Services>>,
    connection: Option<Arc<dyn Connection>>,
    entered: Option<Entered>,
}

/// What an endpoint finds out about a request before anything else.
#[derive(Clone)]
struct Entered {
    id: RequestId,
    format: Option<Format>,
}

impl Drop for Head {
    fn drop(&mut self) {
        spare_headers::give(&mut self.http.headers);
    }
}

/// What mounts have taken off the path. It is rare, so it has no place of its own in every request.
#[derive(Clone)]
struct ScriptName(Arc<str>);

impl Head {
    /// The method as it came.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.http.method
    }

    /// The path as it came; `*` if the request is about the server as a whole.
    #[must_use]
    pub fn path(&self) -> &str {
        match self.http.uri.path() {
            "" => "*",
            path => path,
        }
    }

    /// The target as it came, or as a mount has left it.
    #[must_use]
    pub fn uri(&self) -> &Uri {
        &self.http.uri
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.http.headers
    }

    /// The first value of a header, if it is visible ASCII.
    #[must_use]
    pub fn header(&self, name: impl header::AsHeaderName) -> Option<&str> {
        self.http.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The connection that the request came over; `None` for requests made in a test.
    #[must_use]
    pub fn connection(&self) -> Option<&Arc<dyn Connection>> {
        self.connection.as_ref()
    }

    /// The request's id; `None` before the endpoint gave it one.
    #[must_use]
    pub fn id(&self) -> Option<&RequestId> {
        self.entered.as_ref().map(|entered| &entered.id)
    }

    /// The format that the client prefers; `None` if it does not say, and before the endpoint.
    #[must_use]
    pub fn format(&self) -> Option<Format> {
        self.entered.as_ref().and_then(|entered| entered.format)
    }

    /// The services of the app.
    #[must_use]
    pub fn services(&self) -> &Arc<Services> {
        static NONE: LazyLock<Arc<Services>> = LazyLock::new(Arc::default);
        self.services.as_ref().unwrap_or(&NONE)
    }
}

impl Request {
    /// A request with this method, target and body. A target that is no valid URI gives `/`.
    #[must_use]
    pub fn new(method: Method, target: &str, body: impl Into<Body>) -> Self {
        let (mut parts, ()) = ::http::Request::new(()).into_parts();
        parts.method = method;
        parts.uri = target.parse().unwrap_or_default();
        Self::from_http(parts, body.into())
    }

    /// A GET request.
    #[must_use]
    pub fn get(target: &str) -> Self {
        Self::new(Method::GET, target, Body::empty())
    }

    /// A POST request.
    #[must_use]
    pub fn post(target: &str, body: impl Into<Body>) -> Self {
        Self::new(Method::POST, target, body)
    }

    /// From the parts of the `http` crate, as a server has them.
    #[must_use]
    pub fn from_http(parts: request::Parts, body: Body) -> Self {
        Self::with_connection(parts, body, None)
    }

    /// As [`from_http`](Self::from_http), with the connection that the request came over.
    #[inline(always)]
    #[must_use]
    pub fn with_connection(
        parts: request::Parts,
        body: Body,
        connection: Option<Arc<dyn Connection>>,
    ) -> Self {
        // Nothing here is cyclic: this way the parts are written at once where they stay, and not to the stack before. A
        // closure that had to drop them, should there be no memory, would be one more place that they are moved to.
        let parts = ManuallyDrop::new(parts);
        let head = Arc::new_cyclic(move |_| {
            let http = ManuallyDrop::into_inner(parts);
            Head { http, services: None, connection, entered: None }
        });
        Self { parts: Parts::of(head), body }
    }

    /// Adds a header; an invalid name or value is left out.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            self.headers_mut().append(name, value);
        }
        self
    }

    /// From its two halves.
    #[must_use]
    pub fn from_parts(parts: Parts, body: Body) -> Self {
        Self { parts, body }
    }

    /// Its two halves.
    #[must_use]
    pub fn into_parts(self) -> (Parts, Body) {
        (self.parts, self.body)
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// Whether there is a body, or the request says of what kind its body is, be it empty. What an `Option` around an
    /// extractor of bodies goes by.
    #[must_use]
    pub fn announces_body(&self) -> bool {
        !self.body.is_end_stream() || self.headers().contains_key(header::CONTENT_TYPE)
    }

    /// The body, to change it.
    pub fn body_mut(&mut self) -> &mut Body {
        &mut self.body
    }
}

impl Default for Request {
    /// A request for `/` with nothing in it, which allocates nothing.
    fn default() -> Self {
        static NOTHING: LazyLock<Arc<Head>> =
            LazyLock::new(|| Request::new(Method::GET, "/", Body::empty()).parts.head);
        Self { parts: Parts::of(Arc::clone(&NOTHING)), body: Body::empty() }
    }
}

impl std::ops::Deref for Request {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.parts
    }
}

impl std::ops::DerefMut for Request {
    fn deref_mut(&mut self) -> &mut Parts {
        &mut self.parts
    }
}

impl Parts {
    #[inline]
    fn of(head: Arc<Head>) -> Self {
        Self { head, method: None, assigns: Assigns::default(), params: ParamPlaces::default(), route: None }
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &Method {
        self.method.as_deref().unwrap_or(&self.head.http.method)
    }

    /// Sets the method, as method override does.
    pub fn set_method(&mut self, method: Method) {
        self.method = Some(Box::new(method));
    }

    /// What the request came with, for whoever needs it after the request is gone.
    #[must_use]
    pub fn head(&self) -> &Arc<Head> {
        &self.head
    }

    /// What the request came with, to change it; a copy of its own from here on, if it is shared.
    ///
    /// Apart from [`enter`](Self::enter), which every request passes and which holds the same in line.
    #[inline(never)]
    fn head_mut(&mut self) -> &mut Head {
        Arc::make_mut(&mut self.head)
    }

    /// The target.
    #[must_use]
    pub fn uri(&self) -> &Uri {
        &self.head.http.uri
    }

    /// Sets the target, as a mount does that takes a prefix off.
    pub fn set_uri(&mut self, uri: Uri) {
        self.head_mut().http.uri = uri;
    }

    /// The parts of the `http` crate, as they came.
    #[must_use]
    pub fn http(&self) -> &request::Parts {
        &self.head.http
    }

    /// The parts of the `http` crate, for a server to put them right before anybody else sees them.
    pub fn http_mut(&mut self) -> &mut request::Parts {
        &mut Arc::make_mut(&mut self.head).http
    }

    /// The parts of the `http` crate, for services of other libraries. What zzz knows besides (assigns, route,
    /// services) is left behind; only the [`Connection`] goes along, among the extensions, as an
    /// `Arc<dyn Connection>`.
    #[must_use]
    pub fn into_http(self) -> request::Parts {
        let mut head = Arc::unwrap_or_clone(self.head);
        let ((taken, ()), connection) = (::http::Request::default().into_parts(), head.connection.take());
        let mut http = mem::replace(&mut head.http, taken);
        if let Some(method) = self.method {
            http.method = *method;
        }
        if let Some(connection) = connection {
            http.extensions.insert(connection);
        }
        http
    }

    /// The path of the target, percent-encoded as it came.
    #[must_use]
    pub fn path(&self) -> &str {
        self.head.http.uri.path()
    }

    /// The query string, without `?`.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.head.http.uri.query()
    }

    /// The version of HTTP.
    #[must_use]
    pub fn version(&self) -> Version {
        self.head.http.version
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.head.http.headers
    }

    /// The headers, to change them.
    pub fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.head_mut().http.headers
    }

    /// The first value of a header, if it is visible ASCII.
    #[must_use]
    pub fn header(&self, name: impl header::AsHeaderName) -> Option<&str> {
        self.head.http.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// What the request says that its body is; `None` if it does not.
    #[must_use]
    pub fn media_type(&self) -> Option<MediaType<'_>> {
        MediaType::of(&self.head.http.headers)
    }

    /// What servers and libraries around zzz attached.
    #[must_use]
    pub fn extensions(&self) -> &Extensions {
        &self.head.http.extensions
    }

    /// What servers and libraries around zzz attached, to change it.
    pub fn extensions_mut(&mut self) -> &mut Extensions {
        &mut self.head_mut().http.extensions
    }

    /// Values that middleware set.
    #[must_use]
    pub fn assigns(&self) -> &Assigns {
        &self.assigns
    }

    /// Values that middleware set, to change them.
    pub fn assigns_mut(&mut self) -> &mut Assigns {
        &mut self.assigns
    }

    /// The route that matched; `None` before the router.
    #[must_use]
    pub fn route(&self) -> Option<&Arc<RouteInfo>> {
        self.route.as_ref()
    }

    /// Sets the route that matched, as the router does.
    pub fn set_route(&mut self, route: Arc<RouteInfo>) {
        self.route = Some(route);
    }

    /// Sets the values of the route's parameters, as the router does.
    pub fn set_params(&mut self, params: ParamPlaces) {
        self.params = params;
    }

    /// As [`set_params`](Self::set_params), for values of which none is percent-encoded, as a router may know that has
    /// looked at each.
    #[inline]
    pub fn set_plain_params(&mut self, params: ParamPlaces) {
        self.params = params;
        self.params.plain = true;
    }

    /// How many path parameters the route has.
    #[must_use]
    pub fn param_count(&self) -> usize {
        self.params.len()
    }

    /// The path parameter at `index`: its name and its value, percent-decoded.
    #[must_use]
    pub fn param_at(&self, index: usize) -> Option<(&str, Cow<'_, str>)> {
        let value = self.params.decode(self.path(), index)?;
        let param = self.route.as_ref().and_then(|route| route.params.get(index));
        Some((param.map_or("", |param| &param.name), value))
    }

    /// The path parameter of this name, percent-decoded.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<Cow<'_, str>> {
        let index = self.route.as_ref()?.params.iter().position(|known| known.name == name)?;
        self.params.decode(self.path(), index)
    }

    /// The path under which the router or service that handles the request is mounted, by everything that forwarded to
    /// it: `/jobs`; empty at the root (CGI's `SCRIPT_NAME`, Plug's `script_name`). A link to a path of its own begins
    /// with it.
    #[must_use]
    pub fn script_name(&self) -> Cow<'_, str> {
        let outer = self.mount_path();
        let inner = self.route.as_ref().map_or("", |route| &route.script_name);
        match (outer, inner) {
            ("", only) | (only, "") => Cow::Borrowed(only),
            _ => Cow::Owned(format!("{outer}{inner}")),
        }
    }

    /// What mounts have taken off the path: with it before it, [`path`](Self::path) is the whole path again.
    #[must_use]
    pub fn mount_path(&self) -> &str {
        self.extensions().get::<ScriptName>().map_or("", |name| &name.0)
    }

    /// Takes a prefix off the path, as a mount does, and adds it to the [`script_name`](Self::script_name). The route and
    /// its parameters, which belong to the path that was, are forgotten.
    ///
    /// The prefix has no `/` at its end, and what is left begins with one: `/blog` leaves `/posts` of `/blog/posts`,
    /// and `/` of `/blog`. If the path is not below the prefix (`/blogs`, `/blog%2fposts`), this changes nothing
    /// and gives `false`.
    pub fn mount(&mut self, prefix: &str) -> bool {
        let Some(uri) = below(self.uri(), prefix) else { return false };
        // The route's own share is a part of the prefix.
        let outer = self.mount_path();
        let script_name = ScriptName(format!("{outer}{prefix}").into());
        let head = self.head_mut();
        head.http.uri = uri;
        head.http.extensions.insert(script_name);
        self.route = None;
        self.params = ParamPlaces::default();
        true
    }

    /// The services of the app.
    #[must_use]
    pub fn services(&self) -> &Arc<Services> {
        self.head.services()
    }

    /// Sets the services, as the endpoint does.
    pub fn set_services(&mut self, services: Arc<Services>) {
        self.head_mut().services = Some(services);
    }

    /// The connection that the request came over; `None` for requests made in a test.
    #[must_use]
    pub fn connection(&self) -> Option<&Arc<dyn Connection>> {
        self.head.connection.as_ref()
    }

    /// Sets the connection, as the server does.
    pub fn set_connection(&mut self, connection: Arc<dyn Connection>) {
        self.head_mut().connection = Some(connection);
    }

    /// The request's id; `None` before the endpoint gave it one.
    #[must_use]
    pub fn id(&self) -> Option<&RequestId> {
        self.head.id()
    }

    /// Gives the request its id, the format that its client prefers, and the services of the app, as the endpoint
    /// does.
    #[inline]
    pub fn enter(&mut self, id: RequestId, format: Option<Format>, services: Arc<Services>) {
        let head = Arc::make_mut(&mut self.head);
        head.entered = Some(Entered { id, format });
        head.services = Some(services);
    }
}

/// The target without a prefix of its path.
fn below(uri: &Uri, prefix: &str) -> Option<Uri> {
    let rest = uri.path_and_query()?.as_str().strip_prefix(prefix)?;
    let target = match rest.as_bytes().first() {
        Some(b'/') => PathAndQuery::try_from(rest),
        None | Some(b'?') => PathAndQuery::try_from(format!("/{rest}")),
        Some(_) => return None,
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(target.ok()?);
    Uri::from_parts(parts).ok()
}

impl fmt::Debug for Parts {
    /// Without headers and query, which may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts")
            .field("method", self.method())
            .field("path", &self.path())
            .field("id", &self.head.id())
            .finish_non_exhaustive()
    }
}
