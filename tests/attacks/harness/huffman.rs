//! The Huffman code of HPACK (RFC 7541, appendix B).
//!
//! The code is canonical: codes of one length follow each other in the order of their symbols, and the shorter
//! come first. So the lengths say it all.

use std::collections::HashMap;
use std::sync::LazyLock;

/// How many bits each byte's code has; the last is EOS.
#[rustfmt::skip]
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
    28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
    5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7,
    7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21,
    23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24,
    21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];

const EOS: usize = 256;

/// The code of each symbol and its length.
static CODES: LazyLock<Vec<(u32, u8)>> = LazyLock::new(|| {
    let mut order: Vec<usize> = (0..LENGTHS.len()).collect();
    order.sort_by_key(|&symbol| (LENGTHS[symbol], symbol));
    let (mut codes, mut next, mut length) = (vec![(0, 0); LENGTHS.len()], 0_u32, 0);
    for symbol in order {
        next <<= LENGTHS[symbol] - length;
        length = LENGTHS[symbol];
        codes[symbol] = (next, length);
        next += 1;
    }
    codes
});

/// The symbol of each code and length.
static SYMBOLS: LazyLock<HashMap<(u32, u8), usize>> =
    LazyLock::new(|| CODES.iter().enumerate().map(|(symbol, &code)| (code, symbol)).collect());

/// The bytes that these bits stand for; `None` if they are no valid string.
pub(super) fn decode(bits: &[u8]) -> Option<Vec<u8>> {
    let (mut bytes, mut code, mut length) = (Vec::new(), 0_u32, 0_u8);
    for bit in bits.iter().flat_map(|byte| (0..8).rev().map(move |shift| byte >> shift & 1)) {
        code = code << 1 | u32::from(bit);
        length += 1;
        if let Some(symbol) = SYMBOLS.get(&(code, length)) {
            bytes.push(u8::try_from(*symbol).ok()?);
            (code, length) = (0, 0);
        }
    }
    // What is left is padding: fewer than eight bits, and all of them ones.
    (length < 8 && code == (1 << length) - 1).then_some(bytes)
}

/// The bits of these bytes, with EOS after them if wanted, padded with ones.
pub(super) fn encode(bytes: &[u8], with_eos: bool) -> Vec<u8> {
    let symbols = bytes.iter().map(|&byte| usize::from(byte)).chain(with_eos.then_some(EOS));
    let mut bits: Vec<bool> = symbols
        .flat_map(|symbol| {
            let (code, length) = CODES[symbol];
            (0..length).rev().map(move |shift| code >> shift & 1 == 1)
        })
        .collect();
    bits.resize(bits.len().next_multiple_of(8), true);
    bits.chunks(8).map(|byte| byte.iter().fold(0, |all, &bit| all << 1 | u8::from(bit))).collect()
}

#[test]
fn reads_what_rfc_7541_shows() {
    let www = [0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff];
    assert_eq!(encode(b"www.example.com", false), www);
    assert_eq!(decode(&www).unwrap(), b"www.example.com");
    assert_eq!(decode(&encode(b"a", true)), None);
    assert_eq!(decode(&[0x1f, 0xff]), None, "more than seven bits of padding");
}
