//! [`FileKind`]: what a file is by its first bytes.

/// So many bytes tell every kind.
pub(crate) const ENOUGH: usize = 16;

/// What a file is by its first bytes. Unlike a `Content-Type` or the end of a name, a client can not just claim it;
/// but a file may begin like an image and go on like something else, so serve what users send with
/// `X-Content-Type-Options: nosniff` and the kind's own media type.
///
/// HTML and SVG have no certain beginning and are never found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FileKind {
    /// Portable Network Graphics.
    Png,
    /// JPEG.
    Jpeg,
    /// GIF.
    Gif,
    /// WebP.
    Webp,
    /// AVIF.
    Avif,
    /// TIFF.
    Tiff,
    /// A PDF document.
    Pdf,
    /// A ZIP archive, which documents of office programs are, too.
    Zip,
    /// A gzip archive.
    Gzip,
    /// MP4 video.
    Mp4,
    /// Ogg sound or video.
    Ogg,
    /// MP3 with an ID3 tag.
    Mp3,
    /// WAVE sound.
    Wav,
}

impl FileKind {
    /// The kind of a file that begins so.
    ///
    /// ```
    /// use zzz_multipart::FileKind;
    /// assert_eq!(FileKind::of(b"GIF89a\x01\x00\x01\x00"), Some(FileKind::Gif));
    /// assert_eq!(FileKind::of(b"<svg onload=alert(1)>"), None);
    /// ```
    #[must_use]
    pub fn of(beginning: &[u8]) -> Option<Self> {
        Some(match beginning {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Self::Png,
            [0xff, 0xd8, 0xff, ..] => Self::Jpeg,
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Self::Gif,
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Self::Webp,
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', ..] => Self::Wav,
            [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] => return Self::of_brand(brand),
            [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => Self::Tiff,
            [b'%', b'P', b'D', b'F', b'-', ..] => Self::Pdf,
            [b'P', b'K', 3, 4, ..] => Self::Zip,
            [0x1f, 0x8b, 8, ..] => Self::Gzip,
            [b'O', b'g', b'g', b'S', ..] => Self::Ogg,
            [b'I', b'D', b'3', ..] => Self::Mp3,
            _ => return None,
        })
    }

    /// By the major brand of an ISO base media file.
    fn of_brand(brand: &[u8]) -> Option<Self> {
        match brand.get(..4)? {
            b"avif" | b"avis" => Some(Self::Avif),
            b"isom" | b"iso2" | b"iso4" | b"iso5" | b"iso6" | b"mp41" | b"mp42" | b"avc1" | b"M4V "
            | b"dash" => Some(Self::Mp4),
            _ => None,
        }
    }

    /// Its media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
            Self::Avif => "image/avif",
            Self::Tiff => "image/tiff",
            Self::Pdf => "application/pdf",
            Self::Zip => "application/zip",
            Self::Gzip => "application/gzip",
            Self::Mp4 => "video/mp4",
            Self::Ogg => "application/ogg",
            Self::Mp3 => "audio/mpeg",
            Self::Wav => "audio/wav",
        }
    }

    /// How the names of such files end, without the dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Gif => "gif",
            Self::Webp => "webp",
            Self::Avif => "avif",
            Self::Tiff => "tiff",
            Self::Pdf => "pdf",
            Self::Zip => "zip",
            Self::Gzip => "gz",
            Self::Mp4 => "mp4",
            Self::Ogg => "ogg",
            Self::Mp3 => "mp3",
            Self::Wav => "wav",
        }
    }

    /// Whether browsers show it as an image.
    #[must_use]
    pub fn is_image(self) -> bool {
        matches!(self, Self::Png | Self::Jpeg | Self::Gif | Self::Webp | Self::Avif)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_files_by_their_first_bytes() {
        for (beginning, kind) in [
            (&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], Some(FileKind::Png)),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", Some(FileKind::Jpeg)),
            (b"GIF87a", Some(FileKind::Gif)),
            (b"GIF89a", Some(FileKind::Gif)),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Some(FileKind::Webp)),
            (b"RIFF\x10\0\0\0WAVEfmt ", Some(FileKind::Wav)),
            (b"\0\0\0\x1cftypavif", Some(FileKind::Avif)),
            (b"\0\0\0\x18ftypmp42", Some(FileKind::Mp4)),
            (b"\0\0\0\x18ftypqt  ", None),
            (b"II*\0", Some(FileKind::Tiff)),
            (b"MM\0*", Some(FileKind::Tiff)),
            (b"%PDF-1.7", Some(FileKind::Pdf)),
            (b"PK\x03\x04", Some(FileKind::Zip)),
            (b"\x1f\x8b\x08", Some(FileKind::Gzip)),
            (b"OggS", Some(FileKind::Ogg)),
            (b"ID3\x03", Some(FileKind::Mp3)),
            (b"\x89PNG\n", None),
            (b"GIF88a", None),
            (b"RIFF\x10\0\0\0WEB", None),
            (b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>", None),
            (b"<!doctype html>", None),
            (b"", None),
        ] {
            assert_eq!(FileKind::of(beginning), kind, "{beginning:?}");
            assert_eq!(FileKind::of(&beginning[..beginning.len().min(ENOUGH)]), kind, "{beginning:?}");
        }
    }
}
