//! A file's name for people to read.

use std::borrow::Cow;

/// The longest name in bytes, as file systems have it.
const LONGEST: usize = 255;

/// The last part of a path, without what could mislead a reader; `None` if nothing is left.
pub(crate) fn display(raw: &str) -> Option<Cow<'_, str>> {
    let last = raw.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept = if last.contains(is_misleading) {
        Cow::Owned(last.replace(is_misleading, ""))
    } else {
        Cow::Borrowed(last)
    };
    let trim = |text: &str| -> (usize, usize) {
        let start = text.len() - text.trim_start().len();
        (start, text.trim_end().len().max(start))
    };
    let (start, end) = trim(&kept);
    let name = cut(match kept {
        Cow::Borrowed(text) => Cow::Borrowed(&text[start..end]),
        Cow::Owned(text) => Cow::Owned(text[start..end].to_owned()),
    });
    // `.` and `..` are no names.
    if name.trim_matches('.').is_empty() { None } else { Some(name) }
}

/// Cuts a name that is too long before its extension, so that the extension stays.
fn cut(name: Cow<'_, str>) -> Cow<'_, str> {
    if name.len() <= LONGEST {
        return name;
    }
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let extension =
        if extension.len() <= 16 && !extension.is_empty() { format!(".{extension}") } else { String::new() };
    let end = name.floor_char_boundary(LONGEST - extension.len());
    Cow::Owned(format!("{}{extension}", &name[..end]))
}

/// Control characters, and those that change the direction of what follows: `exe.gpj` can read `jpg.exe`
/// (Unicode TR 36, section 2.10).
fn is_misleading(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_part_is_a_name_and_nothing_in_it_misleads() {
        for (raw, name) in [
            ("owl.png", Some("owl.png")),
            ("  größe 猫.png ", Some("größe 猫.png")),
            ("../../etc/passwd", Some("passwd")),
            ("C:\\Users\\x\\owl.png", Some("owl.png")),
            ("a/b\\c.png", Some("c.png")),
            ("..%2fx", Some("..%2fx")),
            (".hidden", Some(".hidden")),
            ("a\0b\r\n\u{1b}[31m.png", Some("ab[31m.png")),
            ("owl\u{202e}gnp.exe", Some("owlgnp.exe")),
            ("", None),
            (".", None),
            ("..", None),
            ("a/", None),
            ("\u{202e}\0 ", None),
        ] {
            assert_eq!(display(raw).as_deref(), name, "{raw:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_extension() {
        let name = display(&format!("{}.jpeg", "ü".repeat(2000))).unwrap().into_owned();
        assert!(name.len() <= 255 && name.len() > 250 && name.ends_with("ü.jpeg"), "{}", name.len());
        let name = display(&"x".repeat(4096)).unwrap().into_owned();
        assert_eq!(name, "x".repeat(255));
    }
}
