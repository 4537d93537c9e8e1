//! Requests, responses and what stands between them (feature `http`).
//!
//! A request goes one way: [`Request`] → [`Middleware`]s, each handing on through [`Next`] → a [`Handler`]
//! whose arguments are extractors ([`FromRequestParts`], [`FromRequest`]) → [`IntoResponse`] → [`Response`].
//! A whole application, seen from a server, is a [`Service`].
//!
//! | module | holds |
//! |---|---|
//! | [`request`] | [`Request`], [`Parts`], [`Head`] |
//! | [`body`] | [`Body`], [`BodySender`], [`BodyError`] |
//! | [`share`] | [`Share`]: memory for what is on its way to clients |
//! | [`response`] | [`Response`], [`IntoResponse`], [`Html`], [`Json`] as a response, [`Redirect`] |
//! | [`handler`] | [`Handler`], [`BoxHandler`] |
//! | [`arguments`] | [`Arguments`]: what a handler is called with |
//! | [`inspect`] | [`RouteHandler`]: a handler as `router!` sees it while it compiles |
//! | [`middleware`] | [`Middleware`], [`Next`], [`Stack`] |
//! | [`extract`] | [`FromRequestParts`], [`FromRequest`] and the extractors |
//! | [`describe`] | [`Description`]: what a handler's arguments need |
//! | [`route`] | [`RouteInfo`], [`ParamPlaces`]: what the router found |
//! | [`verified`] | [`VerifiedPath`]: paths that are checked as they compile |
//! | [`socket`] | [`Socket`], [`Transport`]: what has several paths in a router |
//! | [`limits`] | [`Limits`]: what a route lets a client do |
//! | [`assigns`] | [`Assigns`]: values that middleware hands to handlers and templates |
//! | [`connection`] | [`Connection`]: what the server knows of the peer |
//! | [`upgrade`] | [`Upgrade`], [`Duplex`]: from HTTP to another protocol |
//! | [`shutdown`] | [`ShutdownSignal`]: tells endless responses that the server stops |
//! | [`media_type`] | [`MediaType`]: what a request says that its body is |
//! | [`cookies`] | reading and setting cookies |
//! | [`format`](mod@format) | [`Format`]: whether a client wants HTML or JSON |
//! | [`problem`] | problem documents, [`ErrorPage`], [`ErrorRenderer`] |
//! | [`assets`] | [`Assets`], [`Folder`]: files in the binary or on the disk |
//! | [`forwarded`] | [`TrustedProxies`]: who may say for whom a request was forwarded |
//! | [`frame`] | [`Frame`]: what an endpoint does around every handler |
//! | [`health`] | [`HealthCheck`]: what readiness asks |

pub mod arguments;
pub mod assets;
pub mod assigns;
pub mod body;
pub mod connection;
pub mod cookies;
pub mod describe;
pub mod extract;
pub mod format;
pub mod forwarded;
pub mod frame;
pub mod handler;
pub mod health;
pub mod inspect;
pub mod limits;
pub mod media_type;
pub mod middleware;
pub mod problem;
pub mod request;
pub mod request_id;
pub mod response;
pub mod route;
pub mod service;
pub mod share;
pub mod shutdown;
pub mod socket;
mod spare_headers;
pub mod upgrade;
pub mod urlencoded;
pub mod verified;

pub use arguments::{AnyFn, Arguments};
pub use assets::{Assets, Embedded, Folder};
pub use assigns::{Assigns, Shared};
pub use body::{Body, BodyClosed, BodyError, BodySender, RequestBody};
pub use connection::{Connection, Overdue};
pub use cookies::SetCookie;
pub use describe::Description;
pub use extract::{
    AcceptLanguage, Assign, Bearer, BodyStream, ClientInfo, ClientIp, ConnectInfo, Cookies, Form, FormData,
    FromHeader, FromRequest, FromRequestParts, Host, Json, MatchedRoute, OptionalFromRequest,
    OptionalFromRequestParts, Path, PathParam, PathParams, Query, TypedHeader, UserAgent,
};
pub use format::Format;
pub use forwarded::{ProxyHeader, TrustedProxies};
pub use frame::{Answer, Frame};
pub use handler::{BoxHandler, Handler, HandlerExt};
pub use health::{HealthCheck, HealthChecks};
pub use inspect::RouteHandler;
pub use limits::Limits;
pub use media_type::MediaType;
pub use middleware::{BoxMiddleware, Middleware, MiddlewareExt, Next, Stack};
pub use problem::{ErrorPage, ErrorRenderer};
pub use request::{Head, Parts, Request};
pub use request_id::RequestId;
pub use response::{Html, IntoResponse, Redirect, Response, redirect};
pub use route::{ParamPlaces, RouteInfo, RouteKind, RouteLog, RouteParam, SourceLine};
pub use service::{BoxFuture, Service, now_or_never};
pub use share::Share;
pub use shutdown::ShutdownSignal;
pub use socket::{Socket, Transport};
pub use upgrade::{Duplex, Handover, Upgrade};
pub use verified::{Site, VerifiedPath};

pub use crate::services::Svc;

pub use ::http::uri::PathAndQuery;
pub use ::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, Version, header};
