//! [`Request`] and its [`Parts`].

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, LazyLock};

use ::http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, Uri, Version, header, request};

use super::{Assigns, Body, Connection, PathParams, RequestId, RouteInfo};
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
    params: PathParams,
    route: Option<Arc<RouteInfo>>,
}

/// What a request came with, and what the server and the endpoint know of it.
#[derive(Clone)]
pub struct Head {
    http: request::Parts,
    services: Option<Arc<Services>>,
    connection: Option<Arc<dyn Connection>>,
    id: Option<RequestId>,
}

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

    /// The connection that the request came over; `None` for requests made in a test.
    #[must_use]
    pub fn connection(&self) -> Option<&Arc<dyn Connection>> {
        self.connection.as_ref()
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
        let head = Arc::new(Head { http: parts, services: None, connection, id: None });
        let parts = Parts {
            head,
            method: None,
            assigns: Assigns::default(),
            params: PathParams::default(),
            route: None,
        };
        Self { parts, body }
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

    /// The body, to change it.
    pub fn body_mut(&mut self) -> &mut Body {
        &mut self.body
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

    /// The target.
    #[must_use]
    pub fn uri(&self) -> &Uri {
        &self.head.http.uri
    }

    /// Sets the target, as a mount does that takes a prefix off.
    pub fn set_uri(&mut self, uri: Uri) {
        Arc::make_mut(&mut self.head).http.uri = uri;
    }

    /// The parts of the `http` crate, for services of other libraries. What zzz knows besides (assigns, route,
    /// services) is left behind; only the [`Connection`] goes along, among the extensions, as an
    /// `Arc<dyn Connection>`.
    #[must_use]
    pub fn into_http(self) -> request::Parts {
        let Head { mut http, connection, .. } = Arc::unwrap_or_clone(self.head);
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
        &mut Arc::make_mut(&mut self.head).http.headers
    }

    /// The first value of a header, if it is visible ASCII.
    #[must_use]
    pub fn header(&self, name: impl header::AsHeaderName) -> Option<&str> {
        self.head.http.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The media type of the body in lower case, without its parameters: `application/json`.
    #[must_use]
    pub fn content_type(&self) -> Option<String> {
        let value = self.header(header::CONTENT_TYPE)?;
        Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
    }

    /// What servers and libraries around zzz attached.
    #[must_use]
    pub fn extensions(&self) -> &Extensions {
        &self.head.http.extensions
    }

    /// What servers and libraries around zzz attached, to change it.
    pub fn extensions_mut(&mut self) -> &mut Extensions {
        &mut Arc::make_mut(&mut self.head).http.extensions
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
    pub fn set_params(&mut self, params: PathParams) {
        self.params = params;
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
        let name = self.route.as_ref().and_then(|route| route.params.get(index));
        Some((name.map_or("", String::as_str), value))
    }

    /// The path parameter of this name, percent-decoded.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<Cow<'_, str>> {
        let index = self.route.as_ref()?.params.iter().position(|known| known == name)?;
        self.params.decode(self.path(), index)
    }

    /// The services of the app.
    #[must_use]
    pub fn services(&self) -> &Arc<Services> {
        static NONE: LazyLock<Arc<Services>> = LazyLock::new(Arc::default);
        self.head.services.as_ref().unwrap_or(&NONE)
    }

    /// Sets the services, as the endpoint does.
    pub fn set_services(&mut self, services: Arc<Services>) {
        Arc::make_mut(&mut self.head).services = Some(services);
    }

    /// The connection that the request came over; `None` for requests made in a test.
    #[must_use]
    pub fn connection(&self) -> Option<&Arc<dyn Connection>> {
        self.head.connection.as_ref()
    }

    /// Sets the connection, as the server does.
    pub fn set_connection(&mut self, connection: Arc<dyn Connection>) {
        Arc::make_mut(&mut self.head).connection = Some(connection);
    }

    /// The request's id; `None` before the endpoint gave it one.
    #[must_use]
    pub fn id(&self) -> Option<&RequestId> {
        self.head.id.as_ref()
    }

    /// Gives the request its id and the services of the app, as the endpoint does.
    pub fn enter(&mut self, id: RequestId, services: Arc<Services>) {
        let head = Arc::make_mut(&mut self.head);
        head.id = Some(id);
        head.services = Some(services);
    }
}

impl fmt::Debug for Parts {
    /// Without headers and query, which may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts")
            .field("method", self.method())
            .field("path", &self.path())
            .field("id", &self.head.id)
            .finish_non_exhaustive()
    }
}
