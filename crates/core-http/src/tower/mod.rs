//! To and from services of tower's kind: what axum, tonic and hyper-util speak.
//!
//! [`from_tower`] makes a [`Service`] of one, for [`Server::run`](crate::Server::run) or as a part of a zzz app;
//! [`into_tower`] makes one of a [`Service`], such as a zzz app's endpoint, for whoever takes those.
//!
//! Services that upgrade connections, to WebSockets or anything else, find what they know from hyper
//! (`hyper::upgrade::on`, axum's `WebSocketUpgrade`) on requests of HTTP/1 that ask for it. The connection stays one of
//! this server: an end of the grace at shutdown, or a peer that takes nothing, ends it.
//!
//! Extensions of requests and responses go along, and so do trailers. Requests that come from our own server
//! carry an `Arc<dyn Connection>` ([`Connection`]) among their extensions.

mod upgrade;

use std::convert::Infallible;
use std::error::Error as StdError;
use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::Body as HttpBody;
use upgrade::Offered;
use zzz_core::http::{
    Answer, Body, BoxFuture, Connection, IntoResponse, Request, Response, Service, StatusCode, Upgrade,
};

type BoxError = Box<dyn StdError + Send + Sync>;

/// Makes a [`Service`] of one of tower's kind. It is cloned for each request; an error of its own, which web
/// services seldom have, is answered with 500.
///
/// ```
/// use std::convert::Infallible;
/// use std::future::{Ready, ready};
/// use std::task::{Context, Poll};
/// use zzz_core::http::{Body, Request, Service, now_or_never};
/// use zzz_core_http::tower::from_tower;
///
/// /// Stands for an `axum::Router`, or anything else that tower's layers are made of.
/// #[derive(Clone)]
/// struct Hello;
///
/// impl tower_service::Service<http::Request<Body>> for Hello {
///     type Response = http::Response<Body>;
///     type Error = Infallible;
///     type Future = Ready<Result<Self::Response, Infallible>>;
///     fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
///         Poll::Ready(Ok(()))
///     }
///     fn call(&mut self, request: http::Request<Body>) -> Self::Future {
///         ready(Ok(http::Response::new(Body::from(format!("{}", request.uri())))))
///     }
/// }
///
/// let response = now_or_never(from_tower(Hello).call(Request::get("/news"))).unwrap();
/// assert_eq!(now_or_never(response.into_body().read()).unwrap().unwrap(), "/news");
/// ```
pub fn from_tower<T, B>(service: T) -> impl Service + Clone
where
    T: tower_service::Service<http::Request<Body>, Response = http::Response<B>>
        + Clone
        + Send
        + Sync
        + 'static,
    T::Error: Into<BoxError>,
    T::Future: Send,
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    FromTower(service)
}

#[derive(Clone)]
struct FromTower<T>(T);

impl<T, B> Service for FromTower<T>
where
    T: tower_service::Service<http::Request<Body>, Response = http::Response<B>>
        + Clone
        + Send
        + Sync
        + 'static,
    T::Error: Into<BoxError>,
    T::Future: Send,
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    fn call(&self, request: Request) -> BoxFuture<Response> {
        Box::pin(self.run(request))
    }

    fn answer(&self, request: &mut Request) -> Answer {
        Answer::of(self.run(std::mem::take(request)))
    }
}

impl<T> FromTower<T> {
    fn run<B>(&self, request: Request) -> impl Future<Output = Response> + Send + use<T, B>
    where
        T: tower_service::Service<http::Request<Body>, Response = http::Response<B>>
            + Clone
            + Send
            + Sync
            + 'static,
        T::Error: Into<BoxError>,
        T::Future: Send,
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let mut service = self.0.clone();
        let (parts, body) = request.into_parts();
        let mut request = http::Request::from_parts(parts.into_http(), body);
        let upgrade = request.extensions_mut().remove::<Upgrade>();
        let mut offered = None;
        if upgrade.is_some()
            && let Some((on_upgrade, offer)) = Offered::new()
        {
            request.extensions_mut().insert(on_upgrade);
            offered = Some(offer);
        }
        async move {
            let answered = match poll_fn(|cx| service.poll_ready(cx)).await.map_err(Into::into) {
                Ok(()) => service.call(request).await.map_err(Into::into),
                Err(error) => Err::<_, BoxError>(error),
            };
            match answered {
                Ok(mut response) => {
                    if response.status() == StatusCode::SWITCHING_PROTOCOLS
                        && let (Some(upgrade), Some(offered)) = (upgrade, offered)
                    {
                        offered.accepted_by(&mut response, &upgrade);
                    }
                    response.map(Body::from_http_body)
                }
                Err(error) => zzz_core::Error::internal(error).into_response(),
            }
        }
    }
}

/// Makes a service of tower's kind of a [`Service`]: of a function, of a zzz app's endpoint.
///
/// It takes requests with any body that streams bytes, so it can be nested in an axum router:
///
/// ```
/// use tower_service::Service as _;
/// use zzz_core::http::{Body, Request, now_or_never};
/// use zzz_core_http::{service_fn, tower::into_tower};
///
/// let mut hello = into_tower(service_fn(|request: Request| async move { request.path().to_owned() }));
/// // axum::Router::new().nest_service("/hello", hello)
/// let response = now_or_never(hello.call(http::Request::get("/news").body(Body::empty()).unwrap())).unwrap();
/// assert_eq!(response.unwrap().into_body().full_bytes().unwrap(), "/news");
/// ```
///
/// The limits of [`HttpConfig`](crate::HttpConfig) are those of our own server; under another one, its limits
/// hold, with those of the app's routes.
pub fn into_tower(service: impl Service) -> IntoTower {
    IntoTower(Arc::new(service))
}

/// A [`Service`] as one of tower's kind; see [`into_tower`]. Clones share it.
#[derive(Clone)]
pub struct IntoTower(Arc<dyn Service>);

impl std::fmt::Debug for IntoTower {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IntoTower").finish_non_exhaustive()
    }
}

impl<B> tower_service::Service<http::Request<B>> for IntoTower
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        let connection = parts.extensions.remove::<Arc<dyn Connection>>();
        let mut request = Request::from_http(parts, Body::from_http_body(body));
        if let Some(connection) = connection {
            request.set_connection(connection);
        }
        let answer = self.0.call(request);
        Box::pin(async move { Ok(answer.await) })
    }
}
