//! [`Conditions`]: under which a client wants a content, and how much of it (RFC 9110, sections 13 and 14).

use zzz_core::http::{HeaderMap, HeaderValue, Method, header};

use super::encoding::{self, Coding};
use super::range::{self, Selection};
use super::validators::{Tag, Validators, parse_date};

/// What a request says of the content it wants.
#[derive(Debug, Clone, Default)]
pub(crate) struct Conditions {
    pub(crate) is_head: bool,
    if_match: Vec<HeaderValue>,
    if_none_match: Vec<HeaderValue>,
    if_modified_since: Option<HeaderValue>,
    if_unmodified_since: Option<HeaderValue>,
    if_range: Vec<HeaderValue>,
    range: Vec<HeaderValue>,
    codings: Vec<Coding>,
}

/// What a request gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// 200
    Whole,
    /// 206
    Part { first: u64, last: u64 },
    /// 304
    NotModified,
    /// 412
    Failed,
    /// 416
    Unsatisfiable,
}

impl Conditions {
    pub(crate) fn of(method: &Method, headers: &HeaderMap) -> Self {
        let mut this = Self { is_head: method == Method::HEAD, ..Self::default() };
        let mut encodings = false;
        for (name, value) in headers {
            let list = match *name {
                header::IF_MATCH => &mut this.if_match,
                header::IF_NONE_MATCH => &mut this.if_none_match,
                header::IF_RANGE => &mut this.if_range,
                header::RANGE => &mut this.range,
                header::IF_MODIFIED_SINCE => {
                    this.if_modified_since = Some(value.clone());
                    continue;
                }
                header::IF_UNMODIFIED_SINCE => {
                    this.if_unmodified_since = Some(value.clone());
                    continue;
                }
                header::ACCEPT_ENCODING => {
                    encodings = true;
                    continue;
                }
                _ => continue,
            };
            list.push(value.clone());
        }
        this.codings = if encodings { encoding::accepted(headers) } else { vec![Coding::Identity] };
        this
    }

    /// The codings that the client accepts, those it prefers first.
    pub(crate) fn codings(&self) -> &[Coding] {
        &self.codings
    }

    /// Weighs the conditions in the order of RFC 9110, section 13.2.2.
    pub(crate) fn weigh(&self, about: &Validators, length: u64) -> Verdict {
        if !self.if_match.is_empty() {
            if !any(&self.if_match, |tag| about.etag.matches_strongly(tag)) {
                return Verdict::Failed;
            }
        } else if let (Some(since), Some(modified)) =
            (date(self.if_unmodified_since.as_ref()), about.modified)
            && modified.seconds > since
        {
            return Verdict::Failed;
        }
        if !self.if_none_match.is_empty() {
            if any(&self.if_none_match, |tag| about.etag.matches_weakly(tag)) {
                return Verdict::NotModified;
            }
        } else if let (Some(since), Some(modified)) = (date(self.if_modified_since.as_ref()), about.modified)
            && modified.seconds <= since
        {
            return Verdict::NotModified;
        }
        // A range is defined for GET alone; two lines of one that has no list are as good as none.
        match &self.range[..] {
            [range] if !self.is_head && self.is_still(about) => match range::select(range.as_bytes(), length)
            {
                Selection::Whole => Verdict::Whole,
                Selection::Part { first, last } => Verdict::Part { first, last },
                Selection::Unsatisfiable => Verdict::Unsatisfiable,
            },
            _ => Verdict::Whole,
        }
    }

    /// Whether the client has other parts of exactly this version (`If-Range`); also if it does not say.
    fn is_still(&self, about: &Validators) -> bool {
        let [if_range] = &self.if_range[..] else { return self.if_range.is_empty() };
        let text = if_range.as_bytes();
        match Tag::parse(text) {
            Some((tag, rest)) => rest.is_empty() && about.etag.matches_strongly(tag),
            None => about
                .modified
                .is_some_and(|modified| modified.settled && parse_date(text) == Some(modified.seconds)),
        }
    }
}

fn date(value: Option<&HeaderValue>) -> Option<u64> {
    parse_date(value?.as_bytes())
}

/// Whether one of the tags in these lines is the one; `*` is any. What comes after something that is no tag is
/// not read.
fn any(lines: &[HeaderValue], is_it: impl Fn(Tag<'_>) -> bool) -> bool {
    if let [only] = lines
        && only.as_bytes().trim_ascii() == b"*"
    {
        return true;
    }
    lines.iter().any(|line| {
        let mut rest = line.as_bytes();
        loop {
            rest = rest.trim_ascii_start();
            if let Some(after) = rest.strip_prefix(b",") {
                rest = after;
                continue;
            }
            let Some((tag, after)) = Tag::parse(rest) else { return false };
            if is_it(tag) {
                return true;
            }
            rest = after;
        }
    })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use super::*;
    use crate::files::{ETag, Modified};

    const CHANGED: &str = "Tue, 15 Nov 1994 12:45:26 GMT";
    const BEFORE: &str = "Tue, 15 Nov 1994 12:45:25 GMT";
    const AFTER: &str = "Tue, 15 Nov 1994 12:45:27 GMT";

    fn about() -> Validators {
        let changed = UNIX_EPOCH + Duration::from_secs(784_903_526);
        Validators { etag: ETag::of_bytes(b"0123456789"), modified: Modified::of(changed, SystemTime::now()) }
    }

    fn weigh_as(method: &Method, headers: &[(&str, &str)], about: &Validators) -> Verdict {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name: zzz_core::http::HeaderName = name.parse().unwrap();
            map.append(name, value.parse().unwrap());
        }
        Conditions::of(method, &map).weigh(about, 10)
    }

    /// Weighs headers in which `TAG` stands for the content's own tag.
    fn weigh(headers: &[(&str, &str)]) -> Verdict {
        let tag = about().etag.header().to_str().unwrap().to_owned();
        let headers: Vec<(&str, String)> =
            headers.iter().map(|(name, value)| (*name, value.replace("TAG", &tag))).collect();
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        weigh_as(&Method::GET, &headers, &about())
    }

    #[test]
    fn each_condition_alone() {
        use Verdict::{Failed, NotModified, Whole};
        for (name, value, verdict) in [
            ("if-none-match", "TAG", NotModified),
            ("if-none-match", "W/TAG", NotModified),
            ("if-none-match", "\"a\", \"b,c\" ,TAG", NotModified),
            ("if-none-match", "*", NotModified),
            ("if-none-match", "\"other\"", Whole),
            ("if-none-match", "TAG garbage", NotModified),
            ("if-none-match", "garbage TAG", Whole),
            ("if-none-match", "", Whole),
            ("if-match", "TAG", Whole),
            ("if-match", "\"a\", TAG", Whole),
            ("if-match", "*", Whole),
            ("if-match", "W/TAG", Failed),
            ("if-match", "\"other\"", Failed),
            ("if-match", "", Failed),
            ("if-modified-since", CHANGED, NotModified),
            ("if-modified-since", AFTER, NotModified),
            ("if-modified-since", BEFORE, Whole),
            ("if-modified-since", "yesterday", Whole),
            ("if-modified-since", "Tuesday, 15-Nov-94 12:45:26 GMT", NotModified),
            ("if-modified-since", "Tue Nov 15 12:45:26 1994", NotModified),
            ("if-unmodified-since", CHANGED, Whole),
            ("if-unmodified-since", AFTER, Whole),
            ("if-unmodified-since", BEFORE, Failed),
            ("if-unmodified-since", "yesterday", Whole),
        ] {
            assert_eq!(weigh(&[(name, value)]), verdict, "{name}: {value}");
        }
    }

    #[test]
    fn the_precedence_of_the_rfc() {
        use Verdict::{Failed, NotModified, Part, Whole};
        for (headers, verdict) in [
            (&[("if-match", "TAG"), ("if-unmodified-since", BEFORE)][..], Whole),
            (&[("if-match", "\"x\""), ("if-none-match", "TAG")], Failed),
            (&[("if-match", "TAG"), ("if-none-match", "TAG")], NotModified),
            (&[("if-none-match", "\"x\""), ("if-modified-since", AFTER)], Whole),
            (&[("if-none-match", "TAG"), ("if-modified-since", BEFORE)], NotModified),
            (&[("if-unmodified-since", BEFORE), ("if-none-match", "TAG")], Failed),
            (&[("if-none-match", "TAG"), ("range", "bytes=1-2")], NotModified),
            (&[("if-match", "TAG"), ("range", "bytes=1-2")], Part { first: 1, last: 2 }),
        ] {
            assert_eq!(weigh(headers), verdict, "{headers:?}");
        }
    }

    #[test]
    fn a_range_is_for_the_version_that_the_client_has() {
        use Verdict::{Part, Unsatisfiable, Whole};
        let part = Part { first: 1, last: 2 };
        let range = ("range", "bytes=1-2");
        assert_eq!(weigh(&[range]), part);
        for (if_range, verdict) in [
            ("TAG", part),
            ("W/TAG", Whole),
            ("\"other\"", Whole),
            ("TAG, TAG", Whole),
            (CHANGED, part),
            (BEFORE, Whole),
            (AFTER, Whole),
            ("garbage", Whole),
        ] {
            assert_eq!(weigh(&[range, ("if-range", if_range)]), verdict, "{if_range}");
        }
        assert_eq!(weigh(&[("if-range", "TAG")]), Whole);
        assert_eq!(weigh(&[range, range]), Whole);
        assert_eq!(weigh(&[("range", "bytes=10-")]), Unsatisfiable);
        assert_eq!(weigh(&[("range", "bytes=10-"), ("if-range", "\"x\"")]), Whole);
        assert_eq!(weigh_as(&Method::HEAD, &[range], &about()), Whole);
    }

    #[test]
    fn a_date_is_no_proof_while_the_second_lasts() {
        let now = SystemTime::now();
        let young = Validators { modified: Modified::of(now, now), ..about() };
        let date = young.modified.unwrap().header().unwrap();
        let headers = [("range", "bytes=1-2"), ("if-range", date.to_str().unwrap())];
        assert_eq!(weigh_as(&Method::GET, &headers, &young), Verdict::Whole);
    }
}
