//! [`Validators`]: how one version of a content is told from another (RFC 9110, section 8.8).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hmac_sha256::Hash;
use zzz_core::http::HeaderValue;

/// How young a change may be that a later one could hide behind: file systems count time in ticks.
const SETTLED: Duration = Duration::from_secs(2);

/// What tells one version of a content from another.
#[derive(Debug, Clone)]
pub(crate) struct Validators {
    pub(crate) etag: ETag,
    pub(crate) modified: Option<Modified>,
}

/// An entity tag.
#[derive(Debug, Clone)]
pub(crate) struct ETag {
    /// As it stands in the header: `"..."` or `W/"..."`.
    value: HeaderValue,
    weak: bool,
}

impl ETag {
    /// A strong tag: it is the hash of the bytes.
    pub(crate) fn of_bytes(content: &[u8]) -> Self {
        Self::hashed(&[content], false)
    }

    /// The tag of a file, by what its file system says of it. It is weak while the last change is so young that
    /// another one could come with the same times.
    pub(crate) fn of_file(about: &std::fs::Metadata, now: SystemTime) -> Self {
        let modified = about.modified().ok();
        let nanos = |time: Option<SystemTime>| {
            time.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default().as_nanos()
        };
        let (changed, inode) = changed_and_inode(about);
        let last = modified.max(changed);
        let young =
            last.is_none_or(|last| now.duration_since(last).is_ok_and(|age| age < SETTLED) || last > now);
        let parts: [&[u8]; 4] = [
            &nanos(modified).to_le_bytes(),
            &nanos(changed).to_le_bytes(),
            &inode.to_le_bytes(),
            &about.len().to_le_bytes(),
        ];
        Self::hashed(&parts, young)
    }

    fn hashed(parts: &[&[u8]], weak: bool) -> Self {
        let mut hasher = Hash::new();
        for part in parts {
            hasher.update(part);
        }
        let mut text = String::from(if weak { "W/\"" } else { "\"" });
        for byte in &hasher.finalize()[..12] {
            text.push_str(&format!("{byte:02x}"));
        }
        text.push('"');
        // Hexadecimal digits and quotes are always a header's value.
        let value = HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("W/\"\""));
        Self { value, weak }
    }

    pub(crate) fn header(&self) -> HeaderValue {
        self.value.clone()
    }

    fn opaque(&self) -> &[u8] {
        let bytes = self.value.as_bytes();
        bytes.strip_prefix(b"W/").unwrap_or(bytes)
    }

    /// Weak comparison: whether both stand for the same version, give or take what does not matter.
    pub(crate) fn matches_weakly(&self, other: Tag<'_>) -> bool {
        self.opaque() == other.opaque
    }

    /// Strong comparison: whether both stand for the same bytes.
    pub(crate) fn matches_strongly(&self, other: Tag<'_>) -> bool {
        !self.weak && !other.weak && self.opaque() == other.opaque
    }
}

#[cfg(unix)]
fn changed_and_inode(about: &std::fs::Metadata) -> (Option<SystemTime>, u64) {
    use std::os::unix::fs::MetadataExt;
    let seconds = u64::try_from(about.ctime()).ok().map(Duration::from_secs);
    let nanos = Duration::from_nanos(u64::try_from(about.ctime_nsec()).unwrap_or_default());
    (seconds.and_then(|seconds| UNIX_EPOCH.checked_add(seconds + nanos)), about.ino())
}

#[cfg(not(unix))]
fn changed_and_inode(about: &std::fs::Metadata) -> (Option<SystemTime>, u64) {
    (about.created().ok(), 0)
}

/// A tag as a client sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tag<'a> {
    pub(crate) weak: bool,
    /// With its quotes.
    opaque: &'a [u8],
}

impl<'a> Tag<'a> {
    /// The tag at the beginning of `text`, and what comes after it.
    pub(crate) fn parse(text: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (weak, quoted) = match text.strip_prefix(b"W/") {
            Some(quoted) => (true, quoted),
            None => (false, text),
        };
        let inner = quoted.strip_prefix(b"\"")?;
        let end = inner.iter().position(|byte| *byte == b'"')?;
        let valid = inner[..end].iter().all(|byte| matches!(byte, 0x21 | 0x23..=0x7e | 0x80..));
        valid.then(|| (Self { weak, opaque: &quoted[..end + 2] }, &inner[end + 1..]))
    }
}

/// When a content was last changed, in whole seconds, as HTTP tells times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Modified {
    pub(crate) seconds: u64,
    /// Whether it was long enough ago that nothing can have changed within the same second.
    pub(crate) settled: bool,
}

impl Modified {
    /// A time in the future counts as now (RFC 9110, section 8.8.2.1).
    pub(crate) fn of(time: SystemTime, now: SystemTime) -> Option<Self> {
        let seconds = time.min(now).duration_since(UNIX_EPOCH).ok()?.as_secs();
        let settled = now.duration_since(time).is_ok_and(|age| age >= SETTLED);
        Some(Self { seconds, settled })
    }

    pub(crate) fn header(self) -> Option<HeaderValue> {
        let time = UNIX_EPOCH.checked_add(Duration::from_secs(self.seconds))?;
        HeaderValue::try_from(httpdate::fmt_http_date(time)).ok()
    }
}

/// The seconds of an HTTP date; `None` if it is none.
pub(crate) fn parse_date(text: &[u8]) -> Option<u64> {
    let time = httpdate::parse_http_date(std::str::from_utf8(text).ok()?.trim()).ok()?;
    Some(time.duration_since(UNIX_EPOCH).ok()?.as_secs())
}
