//! Responses that go on: server-sent events and JSON lines.
//!
//! A browser opens a stream of events with `new EventSource("/events")`, and opens it again by itself when it breaks. A
//! [`Hub`] sends what is published to everybody who listens, and gives a reader who comes back what it has missed:
//!
//! ```
//! use zzz_core::Result;
//! use zzz_core::http::Svc;
//! use zzz_streaming::{Event, Hub, LastEventId, Sse};
//!
//! async fn events(last: LastEventId, hub: Svc<Hub>) -> Sse {
//!     hub.subscribe(&last).into()
//! }
//!
//! async fn create(hub: Svc<Hub>) -> Result<&'static str> {
//!     hub.publish(&Event::json(&["a new post"])?.named("post")?);
//!     Ok("posted")
//! }
//! # use std::sync::Arc;
//! # use zzz_core::Services;
//! # use zzz_core::http::{HandlerExt, Request, now_or_never};
//! # let mut services = Services::new();
//! # services.insert(Hub::new(100));
//! # let services = Arc::new(services);
//! # let call = |handler: zzz_core::http::BoxHandler| {
//! #     let mut request = Request::get("/");
//! #     request.set_services(Arc::clone(&services));
//! #     now_or_never(handler.call(request)).unwrap()
//! # };
//! # let response = call(events.erase());
//! # assert_eq!(response.headers()["content-type"], "text/event-stream");
//! # assert_eq!(call(create.erase()).status(), 200);
//! # let chunk = now_or_never(async { zzz_core::http::BodyStream::new(response.into_body()).chunk().await });
//! # assert!(chunk.unwrap().unwrap().unwrap().ends_with(b"\nevent: post\ndata: [\"a new post\"]\n\n"));
//! ```
//!
//! Streams are exempt from the request timeout, which ends when a response begins, and not from the server's other
//! deadlines: a client that does not read is closed. When the server shuts down it ends event streams first, so that
//! they do not use up the grace of requests that can finish.
//!
//! # Map
//!
//! | module | holds |
//! |---|---|
//! | `event` | [`Event`]: one event, and how it is written |
//! | `sse` | [`Sse`]: a response of events |
//! | `hub` | [`Hub`]: one to many, with replay |
//! | `last_event_id` | [`LastEventId`]: where a reader stopped |
//! | `json_lines` | [`JsonLines`]: a response of JSON values |

mod event;
mod hub;
mod json_lines;
mod last_event_id;
mod sse;

pub use event::{Event, EventError};
pub use hub::{Hub, Subscription};
pub use json_lines::JsonLines;
pub use last_event_id::LastEventId;
pub use sse::{EventSender, Sse};
