//! [`Chunks`]: where a body in chunks ends (RFC 9112, 7.1), step by step as hyper goes.
//!
//! hyper does not say what of a segment it took for the body. What it would not take as chunks ends the connection, so
//! only the end of those that it takes has to be found. Two things that it takes are none: bytes in an extension that no
//! field may hold, and sizes that no body has.

/// How far a body in chunks has come.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    step: Step,
    /// The size of the chunk, or what is left of it.
    left: u64,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Before the first digit of a size.
    #[default]
    Start,
    Size,
    /// White space or an extension behind the size.
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    /// The beginning of a trailer's line, or of the empty one.
    Line,
    Trailer,
    TrailerLf,
    EndLf,
}

/// What bytes of a body in chunks were.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// The body goes on.
    More,
    /// It ended after so many of them.
    Ended(usize),
    /// They are no chunks, which hyper finds too, or, from this one on, may not.
    Invalid(Option<usize>),
}

/// The largest size of a chunk: readers with signed numbers take a larger one for something else.
const LARGEST: u64 = i64::MAX as u64;

impl Chunks {
    /// More of the body came, and perhaps what is behind it.
    pub(super) fn came(&mut self, bytes: &[u8]) -> Progress {
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            if self.step == Step::Data {
                let taken = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len() - at);
                self.left -= taken as u64;
                at += taken;
                if self.left == 0 {
                    self.step = Step::DataCr;
                }
                continue;
            }
            at += 1;
            self.step = match (self.step, byte) {
                (Step::EndLf, b'\n') => return Progress::Ended(at),
                (Step::Size | Step::Extension, b'\r') => Step::SizeLf,
                (Step::Size, b' ' | b'\t' | b';') => Step::Extension,
                (Step::Start | Step::Size, digit) => match self.with(*digit) {
                    Some(size) => {
                        self.left = size;
                        Step::Size
                    }
                    None => return Progress::Invalid(Some(at - 1)),
                },
                (Step::Extension, byte) if byte.is_ascii_control() && *byte != b'\t' => {
                    return Progress::Invalid(Some(at - 1));
                }
                (Step::Extension, _) => Step::Extension,
                (Step::SizeLf, b'\n') if self.left == 0 => Step::Line,
                (Step::SizeLf, b'\n') => Step::Data,
                (Step::DataCr, b'\r') => Step::DataLf,
                (Step::DataLf, b'\n') => Step::Start,
                (Step::Line, b'\r') => Step::EndLf,
                (Step::Trailer, b'\r') => Step::TrailerLf,
                (Step::Line | Step::Trailer, _) => Step::Trailer,
                (Step::TrailerLf, b'\n') => Step::Line,
                _ => return Progress::Invalid(None),
            };
        }
        Progress::More
    }

    /// The size with one more digit.
    fn with(&self, digit: u8) -> Option<u64> {
        let digit = char::from(digit).to_digit(16)?;
        self.left.checked_mul(16)?.checked_add(u64::from(digit)).filter(|size| *size <= LARGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the whole is, however it is cut.
    fn of(bytes: &[u8]) -> Progress {
        let whole = Chunks::default().came(bytes);
        for cut in 0..bytes.len() {
            let mut chunks = Chunks::default();
            let parts = match chunks.came(&bytes[..cut]) {
                Progress::More => match chunks.came(&bytes[cut..]) {
                    Progress::Ended(at) => Progress::Ended(cut + at),
                    Progress::Invalid(at) => Progress::Invalid(at.map(|at| cut + at)),
                    Progress::More => Progress::More,
                },
                other => other,
            };
            assert_eq!(parts, whole, "cut at {cut}");
        }
        whole
    }

    #[test]
    fn finds_the_end_however_the_chunks_come() {
        for (body, behind) in [
            ("0\r\n\r\n", ""),
            ("5\r\nhello\r\n0\r\n\r\n", "GET"),
            ("5;a=b\r\nhello\r\n1 \r\nx\r\n000\r\n\r\n", "\r\n"),
            ("0A\r\n0\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n", "0\r\n\r\n"),
            ("1\r\nx\r\n0\r\na: b\r\nc: d\r\n\r\n", "POST"),
        ] {
            assert_eq!(of(format!("{body}{behind}").as_bytes()), Progress::Ended(body.len()), "{body:?}");
        }
    }

    #[test]
    fn knows_what_goes_on_and_what_is_none() {
        for body in
            ["", "5", "5\r\nhell", "5\r\nhello\r\n", "0\r\n", "0\r\na: b\r\n", "7fffffffffffffff\r\nx"]
        {
            assert_eq!(of(body.as_bytes()), Progress::More, "{body:?}");
        }
        for (body, at) in [
            ("x", Some(0)),
            ("-5\r\n", Some(0)),
            ("\r\n", Some(0)),
            (";a\r\n", Some(0)),
            ("1\r\nx\r\n\r\n", Some(6)),
            ("5\n", Some(1)),
            ("5\rx", None),
            ("5\r\nhellox", None),
            ("5\r\nhello\n", None),
            ("5\r\nhello\rx", None),
            ("0\r\n\rx", None),
            ("0\r\na: b\rx", None),
            ("8000000000000000\r\n", Some(15)),
            ("ffffffffffffffff\r\n", Some(15)),
            ("10000000000000000\r\n", Some(16)),
            ("5;a\0b\r\n", Some(3)),
            ("5;a\x7f\r\n", Some(3)),
            ("5;a\nb\r\n", Some(3)),
        ] {
            assert_eq!(of(body.as_bytes()), Progress::Invalid(at), "{body:?}");
        }
    }
}
