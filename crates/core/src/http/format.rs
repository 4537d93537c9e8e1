//! [`Format`]: whether a client wants HTML or JSON (RFC 9110, section 12.5.1).

use ::http::{HeaderMap, HeaderValue, header};

/// The most items of all `Accept` lines together that are read: nobody gains by the later ones.
const MOST_ITEMS: usize = 64;

/// The kind of document that a client prefers, as far as its headers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A browser, or a client that did not say: an HTML page.
    Html,
    /// `application/json` or a `+json` type.
    Json,
}

impl Format {
    /// What the `Accept` header prefers: the higher quality, then what is named over what only a `*` covers,
    /// then what is named first. If it does not say (absent, or `*/*` alone), JSON to a client that sends JSON;
    /// otherwise `None`.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        Accept::of(headers).and_then(|accept| accept.preferred()).or_else(|| {
            let sent = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
            is_json(sent.split(';').next().unwrap_or_default().trim()).then_some(Self::Json)
        })
    }

    /// How much the client wants this format, from 0 (refused) to 1: the quality of the most specific range in
    /// all its `Accept` lines that covers it. Without the header, a client takes anything.
    #[must_use]
    pub fn quality(self, headers: &HeaderMap) -> f32 {
        Accept::of(headers).map_or(1.0, |accept| accept.on(self).map_or(0.0, |found| found.quality))
    }

    /// Its media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Html => "text/html",
            Self::Json => "application/json",
        }
    }

    /// How closely a media range covers this format; `None` if it does not.
    ///
    /// Who takes a relative of the format (`application/problem+json`) takes the format, unless it says
    /// something else of the format itself.
    fn covered_by(self, range: &str) -> Option<Closeness> {
        let is = |wanted: &str| range.eq_ignore_ascii_case(wanted);
        let (kind, relative) = match self {
            Self::Html => ("text/*", is("application/xhtml+xml")),
            Self::Json => ("application/*", is_json(range)),
        };
        if is(self.media_type()) {
            Some(Closeness::Same)
        } else if relative {
            Some(Closeness::Relative)
        } else if is(kind) {
            Some(Closeness::Kind)
        } else {
            (range == "*/*").then_some(Closeness::Any)
        }
    }
}

/// How closely a media range covers a format; what is closer has precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Closeness {
    /// `*/*`
    Any,
    /// `text/*`
    Kind,
    /// `application/problem+json` for JSON
    Relative,
    /// `application/json` for JSON
    Same,
}

/// What an `Accept` header says of one format.
#[derive(Debug, Clone, Copy)]
struct Found {
    closeness: Closeness,
    quality: f32,
    /// Its place among the items.
    at: usize,
}

/// What the `Accept` lines of a request say of both formats.
#[derive(Debug, Default)]
struct Accept {
    html: Option<Found>,
    json: Option<Found>,
}

impl Accept {
    /// Reads every `Accept` line; `None` if they do not say anything: absent, empty, or `*/*` alone.
    fn of(headers: &HeaderMap) -> Option<Self> {
        let mut lines = headers.get_all(header::ACCEPT).iter();
        let first = lines.next()?;
        let second = lines.next();
        if second.is_none() && first == "*/*" {
            return None;
        }
        Self::read([first].into_iter().chain(second).chain(lines))
    }

    fn read<'a>(lines: impl Iterator<Item = &'a HeaderValue>) -> Option<Self> {
        let items = lines
            .flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
            .take(MOST_ITEMS)
            .filter_map(|item| std::str::from_utf8(item).ok().map(str::trim))
            .filter(|item| !item.is_empty());
        let mut any = false;
        let mut accept = Self::default();
        for (at, item) in items.enumerate() {
            any = true;
            let (range, parameters) = item.split_once(';').unwrap_or((item, ""));
            let quality = quality(parameters);
            for (format, slot) in [(Format::Html, &mut accept.html), (Format::Json, &mut accept.json)] {
                let Some(closeness) = format.covered_by(range.trim_end()) else { continue };
                // Parameters other than q are passed over, so one range may stand there twice.
                if slot.is_none_or(|known| (closeness, quality) > (known.closeness, known.quality)) {
                    *slot = Some(Found { closeness, quality, at });
                }
            }
        }
        any.then_some(accept)
    }

    fn on(&self, format: Format) -> Option<Found> {
        match format {
            Format::Html => self.html,
            Format::Json => self.json,
        }
    }

    fn preferred(&self) -> Option<Format> {
        let wanted = |found: &Found| found.quality > 0.0;
        match (self.html.filter(wanted), self.json.filter(wanted)) {
            (None, None) => None,
            (Some(_), None) => Some(Format::Html),
            (None, Some(_)) => Some(Format::Json),
            (Some(html), Some(json)) => {
                // A relative is named as much as the format itself.
                let rank = |found: Found| (found.quality, found.closeness.min(Closeness::Relative));
                if rank(html) != rank(json) {
                    Some(if rank(html) > rank(json) { Format::Html } else { Format::Json })
                } else if html.at != json.at {
                    Some(if html.at < json.at { Format::Html } else { Format::Json })
                } else {
                    None
                }
            }
        }
    }
}

/// The `q` among the parameters of a media range. What is no number from 0 to 1 counts as absent, which is 1.
pub(crate) fn quality(parameters: &str) -> f32 {
    parameters
        .split(';')
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("q"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .filter(|quality| (0.0..=1.0).contains(quality))
        .unwrap_or(1.0)
}

/// Whether a media type (without parameters) is JSON.
#[must_use]
pub(crate) fn is_json(media: &str) -> bool {
    let bytes = media.as_bytes();
    media.eq_ignore_ascii_case("application/json")
        || (bytes.len() > 5 && bytes[bytes.len() - 5..].eq_ignore_ascii_case(b"+json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("accept", HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        headers
    }

    #[test]
    fn prefers_what_the_client_prefers() {
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        for (accept, wanted) in [
            (browser, Some(Format::Html)),
            ("application/json", Some(Format::Json)),
            ("application/problem+json", Some(Format::Json)),
            ("APPLICATION/JSON", Some(Format::Json)),
            ("text/html;q=0.5, application/json", Some(Format::Json)),
            ("application/json;q=0, text/html", Some(Format::Html)),
            ("application/json, text/plain, */*", Some(Format::Json)),
            ("*/*, text/html", Some(Format::Html)),
            ("application/json;q=0, */*", Some(Format::Html)),
            ("text/html, application/json", Some(Format::Html)),
            ("application/problem+json, text/html", Some(Format::Json)),
            ("*/*", None),
            ("*/*;q=0.5", None),
            ("image/png, */*", None),
            ("", None),
            (" , ,", None),
            ("application/json;q=0", None),
            ("image/png", None),
        ] {
            assert_eq!(Format::of(&headers(&[accept])), wanted, "{accept}");
        }
    }

    #[test]
    fn reads_every_line() {
        assert_eq!(Format::of(&headers(&["image/png", "application/json"])), Some(Format::Json));
        assert_eq!(Format::of(&headers(&["*/*", "application/json"])), Some(Format::Json));
        assert_eq!(Format::of(&headers(&["text/html;q=0.1", "", "application/json"])), Some(Format::Json));
    }

    #[test]
    fn the_most_specific_range_says_the_quality() {
        for (accept, html, json) in [
            ("application/json;q=0, */*", 1.0, 0.0),
            ("*/*, application/json;q=0", 1.0, 0.0),
            ("*/*;q=0.1, application/*;q=0.2, application/json;q=0.3", 0.1, 0.3),
            ("application/*;q=0.2, */*;q=0.1", 0.1, 0.2),
            ("application/json;q=0, application/problem+json", 0.0, 0.0),
            ("text/*;q=0.5, image/png", 0.5, 0.0),
            ("application/json;charset=utf-8;q=0.4", 0.0, 0.4),
        ] {
            let headers = headers(&[accept]);
            assert_eq!(
                (Format::Html.quality(&headers), Format::Json.quality(&headers)),
                (html, json),
                "{accept}"
            );
        }
    }

    #[test]
    fn without_a_word_a_client_takes_anything() {
        for lines in [&[][..], &["*/*"], &[""], &["", " ,, "]] {
            let headers = headers(lines);
            assert_eq!((Format::Html.quality(&headers), Format::Json.quality(&headers)), (1.0, 1.0));
        }
    }

    #[test]
    fn q_is_read_in_any_case_and_with_whitespace() {
        for (item, quality) in [
            ("application/json;q=0.5", 0.5),
            ("application/json ; Q=0.5", 0.5),
            ("application/json;\tq = 0.5 ", 0.5),
            ("application/json;q=0", 0.0),
            ("application/json;q=0.000", 0.0),
            ("application/json;q=", 1.0),
            ("application/json;q=much", 1.0),
            ("application/json;q=nan", 1.0),
            ("application/json;q=-1", 1.0),
        ] {
            assert_eq!(Format::Json.quality(&headers(&[item])), quality, "{item}");
        }
    }

    #[test]
    fn an_item_that_is_no_text_hides_no_other() {
        let mut headers = HeaderMap::new();
        headers.append("accept", HeaderValue::from_bytes(b"\xff/\xfe, application/json").unwrap());
        assert_eq!(Format::of(&headers), Some(Format::Json));
    }

    #[test]
    fn reads_sixty_four_items_in_all() {
        let line = |count: usize| vec!["image/png"; count].join(",");
        let with = |before: usize| headers(&[&line(before / 2), &line(before - before / 2), "text/html"]);
        assert_eq!(Format::of(&with(63)), Some(Format::Html));
        assert_eq!(Format::of(&with(64)), None);
    }

    #[test]
    fn a_client_that_sends_json_and_takes_anything_gets_json() {
        let mut headers = HeaderMap::new();
        assert_eq!(Format::of(&headers), None);
        headers.insert("accept", "*/*".parse().unwrap());
        headers.insert("content-type", "application/json; charset=utf-8".parse().unwrap());
        assert_eq!(Format::of(&headers), Some(Format::Json));
    }
}
