//! [`LastEventId`]: where a reader stopped.

use zzz_core::http::{FromRequestParts, Parts, urlencoded};
use zzz_core::{Place, Result};

/// The header of browsers that come back (WHATWG HTML, section 9.2.4).
const HEADER: &str = "last-event-id";

/// The query parameter of pages that begin where they were rendered.
const PARAMETER: &str = "lastEventId";

/// The id of the last event that a reader has, if it has one: the header `Last-Event-ID`, which a browser sends when
/// it comes back, or else the query parameter `lastEventId`, with which a page can say which events it shows already.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LastEventId(pub Option<String>);

impl FromRequestParts for LastEventId {
    async fn from_request_parts(parts: &mut Parts) -> Result<Self> {
        // Browsers write it in UTF-8, which a header may hold and few functions expect there.
        let header = parts.headers().get(HEADER);
        if let Some(id) = header.and_then(|value| std::str::from_utf8(value.as_bytes()).ok()) {
            return Ok(Self(Some(id.to_owned())));
        }
        let query = urlencoded::parse(Place::Query, parts.query().unwrap_or_default().as_bytes())?;
        Ok(Self(query.text(PARAMETER).map(str::to_owned)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zzz_core::http::{Request, now_or_never};

    #[test]
    fn the_header_counts_more_than_the_address() {
        let of = |mut request: Request| {
            now_or_never(LastEventId::from_request_parts(&mut request)).unwrap().unwrap().0
        };
        assert_eq!(of(Request::get("/events")), None);
        assert_eq!(of(Request::get("/events?lastEventId=a-1")).as_deref(), Some("a-1"));
        let request = Request::get("/events?lastEventId=a-1").with_header("last-event-id", "a-2");
        assert_eq!(of(request).as_deref(), Some("a-2"));
        assert_eq!(of(Request::get("/").with_header("last-event-id", "Zoë")).as_deref(), Some("Zoë"));
    }
}
