//! Header maps that are used again: those of requests that are over become those of responses.
//!
//! hyper does the same the other way round. Two small maps then go round for as long as a thread serves, and no request
//! pays for the making of one.

use std::cell::RefCell;
use std::mem;

use ::http::HeaderMap;

thread_local! {
    static SPARE: RefCell<HeaderMap> = RefCell::default();
}

/// Maps with room for more are let go of: a request of a hundred headers must not cost memory for ever.
const LARGEST: usize = 24;

/// Gives an empty map room for a few headers, if there is a spare one.
#[inline]
pub(crate) fn take(map: &mut HeaderMap) {
    let _ = SPARE.try_with(|spare| mem::swap(map, &mut spare.borrow_mut()));
}

/// Keeps the room of a map that nobody needs any more.
#[inline]
pub(crate) fn give(map: &mut HeaderMap) {
    if (1..=LARGEST).contains(&map.capacity()) {
        map.clear();
        let _ = SPARE.try_with(|spare| mem::swap(map, &mut spare.borrow_mut()));
    }
}

#[cfg(test)]
mod tests {
    use ::http::{HeaderValue, header};

    use super::*;
    use crate::http::{IntoResponse, Request};

    #[test]
    fn nothing_of_a_request_is_in_the_next_response() {
        drop(Request::get("/").with_header("authorization", "Bearer hunter2").with_header("accept", "*/*"));
        assert!(
            SPARE.with_borrow(|spare| spare.capacity() > 0 && spare.is_empty()),
            "its map is kept, emptied"
        );
        let response = "text".into_response();
        assert_eq!(response.headers().len(), 1);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/plain; charset=utf-8");
        assert_eq!(SPARE.with_borrow(HeaderMap::capacity), 0, "it was used");
    }

    #[test]
    fn large_maps_are_let_go_of() {
        let mut map = HeaderMap::with_capacity(LARGEST * 4);
        map.insert(header::HOST, HeaderValue::from_static("example.org"));
        give(&mut map);
        assert_eq!(SPARE.with_borrow(HeaderMap::capacity), 0);
    }

    #[test]
    fn a_head_that_is_shared_keeps_its_headers() {
        let request = Request::get("/").with_header("accept", "text/html");
        let head = std::sync::Arc::clone(request.head());
        let parts = request.into_parts().0.into_http();
        drop(head);
        assert_eq!(parts.headers[header::ACCEPT], "text/html");
    }
}
