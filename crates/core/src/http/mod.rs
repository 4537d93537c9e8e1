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
//! | [`response`] | [`Response`], [`IntoResponse`], [`Html`], [`Json`] as a response, [`Redirect`] |
//! | [`handler`] | [`Handler`], [`BoxHandler`] |
//! | [`middleware`] | [`Middleware`], [`Next`], [`Stack`] |
//! | [`extract`] | [`FromRequestParts`], [`FromRequest`] and the extractors |
//! | [`route`] | [`RouteInfo`], [`PathParams`]: what the router found |
//! | [`limits`] | [`Limits`]: what a route lets a client do |
//! | [`assigns`] | [`Assigns`]: values that middleware hands to handlers and templates |
//! | [`connection`] | [`Connection`]: what the server knows of the peer |
//! | [`upgrade`] | [`Upgrade`], [`Duplex`]: from HTTP to another protocol |
//! | [`shutdown`] | [`ShutdownSignal`]: tells endless responses that the server stops |
//! | [`cookies`] | reading and setting cookies |
//! | [`format`](mod@format) | [`Format`]: whether a client wants HTML or JSON |
//! | [`problem`] | problem documents, [`ErrorPage`], [`ErrorRenderer`] |
//! | [`assets`] | [`Assets`]: files in the binary or on the disk |
//! | [`frame`] | [`Frame`]: what an endpoint does around every handler |
//! | [`health`] | [`HealthCheck`]: what readiness asks |

pub mod assets;
pub mod assigns;
pub mod body;
pub mod connection;
pub mod cookies;
pub mod extract;
pub mod format;
pub mod frame;
pub mod handler;
pub mod health;
pub mod limits;
pub mod middleware;
pub mod problem;
pub mod request;
pub mod request_id;
pub mod response;
pub mod route;
pub mod service;
pub mod shutdown;
pub mod upgrade;
pub mod urlencoded;

pub use assets::{Assets, Embedded};
pub use assigns::{Assigns, Shared};
pub use body::{Body, BodyClosed, BodyError, BodySender};
pub use connection::{Connection, Overdue};
pub use extract::{
    Assign, BodyStream, Form, FormData, FromRequest, FromRequestParts, Json, Path, Query, Service as Svc,
};
pub use format::Format;
pub use frame::Frame;
pub use handler::{BoxHandler, Handler, HandlerExt};
pub use health::{HealthCheck, HealthChecks};
pub use limits::Limits;
pub use middleware::{BoxMiddleware, Middleware, MiddlewareExt, Next, Stack};
pub use problem::{ErrorPage, ErrorRenderer};
pub use request::{Head, Parts, Request};
pub use request_id::RequestId;
pub use response::{Html, IntoResponse, Redirect, Response, redirect};
pub use route::{PathParams, RouteInfo};
pub use service::{BoxFuture, Service, now_or_never};
pub use shutdown::ShutdownSignal;
pub use upgrade::{Duplex, Handover, Upgrade};

pub use ::http::uri::PathAndQuery;
pub use ::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, Version, header};
