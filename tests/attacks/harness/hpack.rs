//! HPACK (RFC 7541): enough to say anything, right or wrong, and to read what a server answers.

use super::huffman;

/// The static table (RFC 7541, appendix A), without its place 0.
#[rustfmt::skip]
const STATIC: [(&str, &str); 61] = [
    (":authority", ""), (":method", "GET"), (":method", "POST"), (":path", "/"), (":path", "/index.html"),
    (":scheme", "http"), (":scheme", "https"), (":status", "200"), (":status", "204"), (":status", "206"),
    (":status", "304"), (":status", "400"), (":status", "404"), (":status", "500"), ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"), ("accept-language", ""), ("accept-ranges", ""), ("accept", ""),
    ("access-control-allow-origin", ""), ("age", ""), ("allow", ""), ("authorization", ""),
    ("cache-control", ""), ("content-disposition", ""), ("content-encoding", ""), ("content-language", ""),
    ("content-length", ""), ("content-location", ""), ("content-range", ""), ("content-type", ""),
    ("cookie", ""), ("date", ""), ("etag", ""), ("expect", ""), ("expires", ""), ("from", ""), ("host", ""),
    ("if-match", ""), ("if-modified-since", ""), ("if-none-match", ""), ("if-range", ""),
    ("if-unmodified-since", ""), ("last-modified", ""), ("link", ""), ("location", ""),
    ("max-forwards", ""), ("proxy-authenticate", ""), ("proxy-authorization", ""), ("range", ""),
    ("referer", ""), ("refresh", ""), ("retry-after", ""), ("server", ""), ("set-cookie", ""),
    ("strict-transport-security", ""), ("transfer-encoding", ""), ("user-agent", ""), ("vary", ""),
    ("via", ""), ("www-authenticate", ""),
];

/// A header, as it came or is to be sent.
pub(crate) type Header = (String, String);

/// Headers, each as a literal that is not indexed, without Huffman (section 6.2.2).
pub(crate) fn encode(headers: &[(&str, &str)]) -> Vec<u8> {
    headers.iter().flat_map(|(name, value)| literal(name.as_bytes(), value.as_bytes())).collect()
}

/// One such literal of any bytes.
pub(crate) fn literal(name: &[u8], value: &[u8]) -> Vec<u8> {
    [vec![0], string(name), string(value)].concat()
}

/// A literal that is added to the dynamic table (section 6.2.1).
pub(crate) fn indexed_literal(name: &[u8], value: &[u8]) -> Vec<u8> {
    [vec![0x40], string(name), string(value)].concat()
}

/// A string without Huffman (section 5.2).
pub(crate) fn string(bytes: &[u8]) -> Vec<u8> {
    [integer(bytes.len(), 7, 0), bytes.to_vec()].concat()
}

/// A string with Huffman; `with_eos` puts the symbol into it that must not be there.
pub(crate) fn huffman_string(bytes: &[u8], with_eos: bool) -> Vec<u8> {
    let bits = huffman::encode(bytes, with_eos);
    [integer(bits.len(), 7, 0x80), bits].concat()
}

/// A header of a table by its place (section 6.1).
pub(crate) fn indexed(place: usize) -> Vec<u8> {
    integer(place, 7, 0x80)
}

/// A change of the dynamic table's size (section 6.3).
pub(crate) fn resize(size: usize) -> Vec<u8> {
    integer(size, 5, 0x20)
}

/// An integer with a prefix of so many bits (section 5.1), beside these bits.
pub(crate) fn integer(mut value: usize, prefix: u8, beside: u8) -> Vec<u8> {
    let most = (1 << prefix) - 1;
    if value < most {
        return vec![beside | value as u8];
    }
    let mut bytes = vec![beside | most as u8];
    value -= most;
    while value >= 128 {
        bytes.push(value as u8 & 0x7f | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// Reads the header blocks of one connection.
#[derive(Default)]
pub(crate) struct Decoder {
    /// The newest first; the server is taken at its word about sizes.
    dynamic: Vec<Header>,
}

impl Decoder {
    /// The headers of a block; `None` if it is broken.
    pub(crate) fn decode(&mut self, mut block: &[u8]) -> Option<Vec<Header>> {
        let mut headers = Vec::new();
        let bytes = &mut block;
        while let Some(&first) = bytes.first() {
            if first & 0x80 != 0 {
                let place = take_integer(bytes, 7)?;
                headers.push(self.at(place)?);
            } else if first & 0xe0 == 0x20 {
                let size = take_integer(bytes, 5)?;
                if size == 0 {
                    self.dynamic.clear();
                }
            } else {
                let adds = first & 0x40 != 0;
                let place = take_integer(bytes, if adds { 6 } else { 4 })?;
                let name = if place == 0 { take_string(bytes)? } else { self.at(place)?.0 };
                let header = (name, take_string(bytes)?);
                if adds {
                    self.dynamic.insert(0, header.clone());
                }
                headers.push(header);
            }
        }
        Some(headers)
    }

    fn at(&self, place: usize) -> Option<Header> {
        let place = place.checked_sub(1)?;
        match STATIC.get(place) {
            Some((name, value)) => Some(((*name).to_owned(), (*value).to_owned())),
            None => self.dynamic.get(place - STATIC.len()).cloned(),
        }
    }
}

fn take_integer(bytes: &mut &[u8], prefix: u8) -> Option<usize> {
    let most = (1 << prefix) - 1;
    let mut value = usize::from(take(bytes)?) & most;
    if value < most {
        return Some(value);
    }
    for shift in (0..28).step_by(7) {
        let byte = take(bytes)?;
        value += usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn take_string(bytes: &mut &[u8]) -> Option<String> {
    let is_huffman = bytes.first()? & 0x80 != 0;
    let length = take_integer(bytes, 7)?;
    let (string, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    let string = if is_huffman { huffman::decode(string)? } else { string.to_vec() };
    String::from_utf8(string).ok()
}

fn take(bytes: &mut &[u8]) -> Option<u8> {
    let (&first, rest) = bytes.split_first()?;
    *bytes = rest;
    Some(first)
}

#[test]
fn reads_what_rfc_7541_shows() {
    // Appendix C.6.1 and C.6.2, which share a dynamic table.
    let first = [
        0x48, 0x82, 0x64, 0x02, 0x58, 0x85, 0xae, 0xc3, 0x77, 0x1a, 0x4b, 0x61, 0x96, 0xd0, 0x7a, 0xbe, 0x94,
        0x10, 0x54, 0xd4, 0x44, 0xa8, 0x20, 0x05, 0x95, 0x04, 0x0b, 0x81, 0x66, 0xe0, 0x82, 0xa6, 0x2d, 0x1b,
        0xff, 0x6e, 0x91, 0x9d, 0x29, 0xad, 0x17, 0x18, 0x63, 0xc7, 0x8f, 0x0b, 0x97, 0xc8, 0xe9, 0xae, 0x82,
        0xae, 0x43, 0xd3,
    ];
    let mut decoder = Decoder::default();
    let headers = decoder.decode(&first).unwrap();
    assert_eq!(headers[0], (":status".to_owned(), "302".to_owned()));
    assert_eq!(headers[3], ("location".to_owned(), "https://www.example.com".to_owned()));
    let second = decoder.decode(&[0x48, 0x83, 0x64, 0x0e, 0xff, 0xc1, 0xc0, 0xbf]).unwrap();
    assert_eq!(second[0], (":status".to_owned(), "307".to_owned()));
    assert_eq!(second[1..], headers[1..]);
    assert_eq!(integer(1337, 5, 0), [31, 154, 10]);
}
