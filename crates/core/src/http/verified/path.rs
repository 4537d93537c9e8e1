//! [`VerifiedPath`]: a path that some route takes; [`PathWriter`]: how one is made.

use std::borrow::Cow;
use std::fmt::{self, Display, Write as _};
use std::ops::Deref;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Serialize, Serializer};

use super::kind::{Kind, TypeOf};
use super::{Any, PathValue, RestValue, to_query};

/// What is never encoded (RFC 3986, unreserved).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What a fragment may have besides (RFC 3986, section 3.5).
const FRAGMENT: &AsciiSet =
    &SEGMENT.remove(b'/').remove(b'?').remove(b':').remove(b'@').remove(b'=').remove(b'&').remove(b',');

/// A path of the app's own that some route takes, with its query string and fragment, percent-encoded: what
/// `path!` and the functions of `paths` return.
///
/// It is a text wherever one is wanted: it derefs to `str`, becomes a `String`, is displayed and serialized as one.
#[must_use = "it only says where to go"]
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VerifiedPath(Cow<'static, str>);

impl VerifiedPath {
    /// A path without values; `path!` calls it with what it has checked.
    #[doc(hidden)]
    pub const fn fixed(path: &'static str) -> Self {
        Self(Cow::Borrowed(path))
    }

    /// The same below where the router is mounted that has it: `path!("/users").under(request.script_name())`, in a
    /// handler of a router that another forwards to and whose `path!` knows nothing of that.
    ///
    /// ```
    /// use zzz_core::http::VerifiedPath;
    ///
    /// let users = VerifiedPath::fixed("/users");
    /// assert_eq!(users.clone().under("/admin"), "/admin/users");
    /// assert_eq!(users.under(""), "/users");
    /// assert_eq!(VerifiedPath::fixed("/").under("/admin"), "/admin");
    /// assert_eq!(VerifiedPath::fixed("/?page=2").under("/admin"), "/admin?page=2");
    /// ```
    pub fn under(self, script_name: &str) -> Self {
        let script_name = script_name.trim_end_matches('/');
        if script_name.is_empty() {
            return self;
        }
        // What is mounted at `/admin` has its root there, and not at `/admin/`.
        let rest = match self.0.strip_prefix('/') {
            Some(rest) if rest.is_empty() || rest.starts_with(['?', '#']) => rest,
            _ => &*self.0,
        };
        Self(Cow::Owned(format!("{script_name}{rest}")))
    }

    /// The path as a text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for VerifiedPath {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for VerifiedPath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Display for VerifiedPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Serialize for VerifiedPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl From<VerifiedPath> for String {
    fn from(path: VerifiedPath) -> Self {
        path.0.into_owned()
    }
}

impl From<VerifiedPath> for Cow<'static, str> {
    fn from(path: VerifiedPath) -> Self {
        path.0
    }
}

macro_rules! compares {
    ($($other:ty),*) => {$(
        impl PartialEq<$other> for VerifiedPath {
            fn eq(&self, other: &$other) -> bool {
                *self.0 == **other
            }
        }
        impl PartialEq<VerifiedPath> for $other {
            fn eq(&self, other: &VerifiedPath) -> bool {
                **self == *other.0
            }
        }
    )*};
}
compares!(&str, String);

impl PartialEq<str> for VerifiedPath {
    fn eq(&self, other: &str) -> bool {
        *self.0 == *other
    }
}

/// Writes a path piece by piece; `path!` calls it.
#[doc(hidden)]
#[derive(Debug)]
pub struct PathWriter {
    out: String,
    /// What stands before the next pair of the query string.
    separator: char,
}

impl PathWriter {
    /// An empty path.
    #[must_use]
    pub fn new() -> Self {
        Self { out: String::with_capacity(48), separator: '?' }
    }

    /// A text that needs no encoding.
    pub fn text(&mut self, text: &'static str) -> &mut Self {
        self.out.push_str(text);
        self
    }

    /// A value for a parameter of the kind's type.
    pub fn param<const KIND: u64, T, V>(&mut self, value: &V) -> &mut Self
    where
        Kind<KIND>: TypeOf<T>,
        V: PathValue<T> + ?Sized,
    {
        self.value::<T, V>(value)
    }

    /// A value for a parameter of type `T`.
    pub fn value<T, V: PathValue<T> + ?Sized>(&mut self, value: &V) -> &mut Self {
        let begin = self.out.len();
        value.write(self);
        if self.out.len() == begin {
            // A parameter takes at least one character, also behind a text (`v:version`).
            self.out.push('_');
        }
        self.end_segment()
    }

    /// A value that is a part of a segment; `end_segment` follows when the segment is whole.
    pub fn piece<V: PathValue<Any> + ?Sized>(&mut self, value: &V) -> &mut Self {
        value.write(self);
        self
    }

    /// A bare number for a parameter of the kind's type.
    pub fn number<const KIND: u64, T>(&mut self, value: <Kind<KIND> as TypeOf<T>>::Number) -> &mut Self
    where
        Kind<KIND>: TypeOf<T>,
        <Kind<KIND> as TypeOf<T>>::Number: PathValue<T>,
    {
        value.write(self);
        self.end_segment()
    }

    /// A value for `*rest`.
    pub fn rest<V: RestValue + ?Sized>(&mut self, value: &V) -> &mut Self {
        let begin = self.out.len();
        value.write_rest(self);
        self.end_rest(begin);
        self
    }

    /// A segment with values in it has ended. One that is empty or a dot segment would lead to another path: browsers take
    /// `/users/../settings` for `/settings`, with `%2e` too (WHATWG URL). `_` stands in its place.
    pub fn end_segment(&mut self) -> &mut Self {
        let begin = self.out.rfind('/').map_or(0, |slash| slash + 1);
        if is_no_segment(&self.out[begin..]) {
            self.out.truncate(begin);
            self.out.push('_');
        }
        self
    }

    /// The same for the segments from `begin` on.
    fn end_rest(&mut self, begin: usize) {
        if self.out[begin..].split('/').any(is_no_segment) {
            let rest: Vec<&str> = self.out[begin..]
                .split('/')
                .map(|segment| if is_no_segment(segment) { "_" } else { segment })
                .collect();
            let rest = rest.join("/");
            self.out.truncate(begin);
            self.out.push_str(&rest);
        }
    }

    /// A pair of the query string, of which `name` needs no encoding; none where the value is `None`.
    pub fn pair<V: Serialize + ?Sized>(&mut self, name: &'static str, value: &V) -> &mut Self {
        to_query(&mut self.out, &mut self.separator, Some(name), value);
        self
    }

    /// Pairs of the query string: a struct, a map, or a list of pairs.
    pub fn pairs<V: Serialize + ?Sized>(&mut self, values: &V) -> &mut Self {
        to_query(&mut self.out, &mut self.separator, None, values);
        self
    }

    /// A piece of the query string that needs no encoding, without what separates it from the one before.
    pub fn query(&mut self, text: &'static str) -> &mut Self {
        self.out.push(self.separator);
        self.separator = '&';
        self.out.push_str(text);
        self
    }

    /// A value within the fragment.
    pub fn fragment<V: Display + ?Sized>(&mut self, value: &V) -> &mut Self {
        // Writing into a String does not fail.
        let _ = write!(Encoding { out: &mut self.out, set: FRAGMENT }, "{value}");
        self
    }

    /// A text, percent-encoded.
    pub fn encoded(&mut self, text: &str) {
        self.out.extend(utf8_percent_encode(text, SEGMENT));
    }

    /// What a value is displayed as, percent-encoded.
    pub fn display(&mut self, value: &(impl Display + ?Sized)) {
        // Writing into a String does not fail.
        let _ = write!(Encoding { out: &mut self.out, set: SEGMENT }, "{value}");
    }

    /// The path.
    pub fn finish(&mut self) -> VerifiedPath {
        VerifiedPath(Cow::Owned(std::mem::take(&mut self.out)))
    }
}

/// Whether a segment does not stay where it is written.
fn is_no_segment(segment: &str) -> bool {
    matches!(segment, "" | "." | "..")
}

impl Default for PathWriter {
    fn default() -> Self {
        Self::new()
    }
}

/// Encodes what is written.
struct Encoding<'a> {
    out: &'a mut String,
    set: &'static AsciiSet,
}

impl fmt::Write for Encoding<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.out.extend(utf8_percent_encode(text, self.set));
        Ok(())
    }
}
