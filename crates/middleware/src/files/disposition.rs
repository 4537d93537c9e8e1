//! Names of downloads: `Content-Disposition` (RFC 6266, RFC 8187).

use zzz_core::http::HeaderValue;

/// The longest name in bytes; file systems take 255.
const LONGEST: usize = 255;

/// Whether a browser shows a file or saves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// The browser saves it.
    Attachment,
    /// The browser shows it where it can, and uses the name if the reader saves it.
    Inline,
}

/// The header for a file of this name.
///
/// The name may be anything, also what a user once typed: folders, control characters and invisible marks that turn
/// the reading direction are taken out, so that nothing gets into the header or out of the folder for downloads. A name
/// that is not plain ASCII is sent twice, as `filename*` in UTF-8, and for old clients as `filename` with `_` instead.
///
/// ```
/// use zzz_middleware::files::disposition::{Disposition, header};
///
/// assert_eq!(header(Disposition::Attachment, "report.pdf"), "attachment; filename=\"report.pdf\"");
/// assert_eq!(
///     header(Disposition::Inline, "Bericht für Zoë.pdf"),
///     "inline; filename=\"Bericht f_r Zo_.pdf\"; filename*=UTF-8''Bericht%20f%C3%BCr%20Zo%C3%AB.pdf"
/// );
/// ```
#[must_use]
pub fn header(disposition: Disposition, name: &str) -> HeaderValue {
    let kind = match disposition {
        Disposition::Attachment => "attachment",
        Disposition::Inline => "inline",
    };
    let name = plain(name);
    // A `%` could be taken for an escape, a `\` or `"` for the end.
    let safe = |c: char| c == ' ' || (c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%'));
    let ascii: String = name.chars().map(|c| if safe(c) { c } else { '_' }).collect();
    let mut text = format!("{kind}; filename=\"{ascii}\"");
    if ascii != name {
        text.push_str("; filename*=UTF-8''");
        for byte in name.bytes() {
            match byte {
                // attr-char of RFC 8187, section 3.2.1
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => text.push(char::from(byte)),
                b'!' | b'#' | b'$' | b'&' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~' => {
                    text.push(char::from(byte));
                }
                _ => text.push_str(&format!("%{byte:02X}")),
            }
        }
    }
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("attachment"))
}

/// The last part of a path without what is not to be seen; `download` if nothing is left.
fn plain(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    // Marks and overrides of the direction make `gpj.exe` read as `exe.jpg`.
    let invisible = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let mut plain: String = last.chars().filter(|c| !invisible(*c)).collect();
    plain = plain.trim().trim_matches('.').trim().to_owned();
    while plain.len() > LONGEST {
        plain.pop();
    }
    if plain.is_empty() { "download".into() } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attachment(name: &str) -> String {
        header(Disposition::Attachment, name).to_str().unwrap().to_owned()
    }

    #[test]
    fn a_name_stays_a_name() {
        for (name, filename) in [
            ("report.pdf", "report.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\boot.ini", "boot.ini"),
            (".bashrc", "bashrc"),
            ("a\r\nset-cookie: x=y", "aset-cookie: x=y"),
            ("a\0b", "ab"),
            ("", "download"),
            ("..", "download"),
            ("a/", "download"),
        ] {
            assert_eq!(attachment(name), format!("attachment; filename=\"{filename}\""), "{name}");
        }
    }

    #[test]
    fn what_is_not_plain_is_encoded() {
        for (name, ascii, encoded) in [
            ("a\"b.txt", "a_b.txt", "a%22b.txt"),
            ("50%.txt", "50_.txt", "50%25.txt"),
            ("naïve file.txt", "na_ve file.txt", "na%C3%AFve%20file.txt"),
            ("€ rates.txt", "_ rates.txt", "%E2%82%AC%20rates.txt"),
        ] {
            let whole = format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{encoded}");
            assert_eq!(attachment(name), whole, "{name}");
        }
        assert_eq!(attachment("exe.\u{202e}gpj"), "attachment; filename=\"exe.gpj\"");
    }

    #[test]
    fn a_long_name_is_cut() {
        assert_eq!(attachment(&"x".repeat(5_000)).len(), "attachment; filename=\"\"".len() + 255);
    }
}
