//! Which variant of a file an `Accept-Encoding` header prefers (RFC 9110, section 12.5.3).

use zzz_core::http::{HeaderMap, header};

/// The most items of all `Accept-Encoding` lines together that are read.
const MOST_ITEMS: usize = 64;

/// How a variant of a file is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// Brotli (RFC 7932), in files `.br`.
    Brotli,
    /// Zstandard (RFC 8878), in files `.zst`.
    Zstd,
    /// gzip (RFC 1952), in files `.gz`.
    Gzip,
    /// As it is.
    Identity,
}

impl Coding {
    /// Those that a file may be compressed with, in the order in which they are preferred where the client wants
    /// them alike: the one that makes web pages smallest first.
    pub const COMPRESSED: [Self; 3] = [Self::Brotli, Self::Zstd, Self::Gzip];

    /// Its name in `Content-Encoding`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
            Self::Identity => "identity",
        }
    }

    /// What a file's name has at its end.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Brotli => ".br",
            Self::Zstd => ".zst",
            Self::Gzip => ".gz",
            Self::Identity => "",
        }
    }

    fn of(name: &str) -> Option<Self> {
        let known = Self::COMPRESSED.into_iter().chain([Self::Identity]);
        let name = if name.eq_ignore_ascii_case("x-gzip") { "gzip" } else { name };
        known.into_iter().find(|coding| coding.name().eq_ignore_ascii_case(name))
    }
}

/// The codings that a client accepts, those it prefers first. What it refuses is missing; without a header only
/// the file as it is is sent.
#[must_use]
pub fn accepted(headers: &HeaderMap) -> Vec<Coding> {
    let mut lines = headers.get_all(header::ACCEPT_ENCODING).iter().peekable();
    if lines.peek().is_none() {
        return vec![Coding::Identity];
    }
    // Thousandths, by the coding.
    let mut said: [Option<u16>; 4] = [None; 4];
    let mut any = None;
    let items = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b',')).take(MOST_ITEMS);
    for item in items.filter_map(|item| std::str::from_utf8(item).ok()) {
        let (name, parameters) = item.split_once(';').unwrap_or((item, ""));
        let Some(quality) = quality(parameters.trim()) else { continue };
        match name.trim() {
            "*" => any = Some(quality),
            name => {
                if let Some(coding) = Coding::of(name) {
                    said[coding as usize] = Some(quality);
                }
            }
        }
    }
    let quality_of = |coding: Coding| said[coding as usize].or(any);
    let mut accepted: Vec<(u16, Coding)> = Coding::COMPRESSED
        .into_iter()
        .filter_map(|coding| quality_of(coding).map(|quality| (quality, coding)))
        .filter(|(quality, _)| *quality > 0)
        .collect();
    match quality_of(Coding::Identity) {
        Some(0) => {}
        // Nothing is said of it: it is the last resort.
        None => accepted.push((0, Coding::Identity)),
        Some(quality) => accepted.push((quality, Coding::Identity)),
    }
    // The sort is stable, so what is wanted alike stays in our order.
    accepted.sort_by_key(|(quality, _)| std::cmp::Reverse(*quality));
    accepted.into_iter().map(|(_, coding)| coding).collect()
}

/// `q=0.5` in thousandths, 1000 if it is not said; `None` if it is no quality.
fn quality(parameters: &str) -> Option<u16> {
    if parameters.is_empty() {
        return Some(1_000);
    }
    let (name, value) = parameters.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("q") {
        return None;
    }
    let (whole, part) = value.trim().split_once('.').unwrap_or((value.trim(), ""));
    if part.len() > 3 || !part.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{part:0<3}").parse().ok()?;
    match (whole, thousandths) {
        ("0", thousandths) => Some(thousandths),
        ("1", 0) => Some(1_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Coding::{Brotli, Gzip, Identity, Zstd};
    use super::*;

    fn of(lines: &[&str]) -> Vec<Coding> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("accept-encoding", line.parse().unwrap());
        }
        accepted(&headers)
    }

    #[test]
    fn the_client_says_what_it_accepts_and_we_prefer_what_is_small() {
        for (line, codings) in [
            ("gzip, deflate, br, zstd", &[Brotli, Zstd, Gzip, Identity][..]),
            ("gzip", &[Gzip, Identity]),
            ("x-gzip", &[Gzip, Identity]),
            ("GZIP", &[Gzip, Identity]),
            ("gzip;q=0", &[Identity]),
            ("gzip;q=0, br;q=0.5", &[Brotli, Identity]),
            ("br;q=0.5, gzip;q=0.8", &[Gzip, Brotli, Identity]),
            ("gzip;q=0.5, identity;q=0.8", &[Identity, Gzip]),
            ("*", &[Brotli, Zstd, Gzip, Identity]),
            ("*;q=0", &[]),
            ("*;q=0, gzip", &[Gzip]),
            ("*;q=0, identity", &[Identity]),
            ("identity;q=0", &[]),
            ("identity;q=0, gzip;q=0.001", &[Gzip]),
            ("gzip;q=1.5, br;q=x, zstd;level=3", &[Identity]),
            ("gzip ; Q=1.000", &[Gzip, Identity]),
            ("", &[Identity]),
            ("deflate", &[Identity]),
        ] {
            assert_eq!(of(&[line]), codings, "{line}");
        }
        assert_eq!(of(&[]), [Identity]);
        assert_eq!(of(&["gzip", "br;q=0.1"]), [Gzip, Brotli, Identity]);
    }

    #[test]
    fn reads_sixty_four_items() {
        let many = format!("{}gzip", "deflate,".repeat(63));
        assert_eq!(of(&[&many]), [Gzip, Identity]);
        assert_eq!(of(&[&format!("deflate,{many}")]), [Identity]);
    }
}
