//! [`Socket`]: what a router gives several paths at once, such as a WebSocket and its long-polling twin.

use super::{BoxHandler, Handler, HandlerExt, Method};

/// Something that clients reach over one or more [`Transport`]s, each with a path of its own below the socket's
/// (Phoenix's `socket "/socket", UserSocket`: `/socket/websocket`, `/socket/longpoll`).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no socket",
    note = "a socket says over which transports it is reached: implement `Socket`"
)]
pub trait Socket {
    /// The transports.
    fn transports(self) -> Vec<Transport>;
}

/// One way to reach a [`Socket`]. Its handler has no timeout, since a socket stays open.
#[derive(Debug, Clone)]
pub struct Transport {
    /// The path below the socket's: `/websocket`.
    pub path: &'static str,
    /// The methods; none for every method. A WebSocket begins with GET, over HTTP/2 with CONNECT.
    pub methods: Vec<Method>,
    /// What answers.
    pub handler: BoxHandler,
    /// The handler's path in the program.
    pub handler_name: &'static str,
}

impl Transport {
    /// A transport at this path below the socket's, for these methods.
    #[must_use]
    pub fn new<H: Handler<Args>, Args: 'static>(path: &'static str, methods: &[Method], handler: H) -> Self {
        let handler_name = std::any::type_name::<H>();
        Self { path, methods: methods.to_vec(), handler: handler.erase(), handler_name }
    }
}
