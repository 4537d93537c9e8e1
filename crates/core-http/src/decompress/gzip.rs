//! gzip (RFC 1952): members of a header, a DEFLATE stream and a checksum.

use bytes::{Buf, Bytes};
use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::{Decoder, Fault, PIECE, hold};

/// The longest header. It may name a file and carry a comment, which nobody sends in a request.
const LONGEST_HEADER: usize = 1024;

const HAS_CHECKSUM: u8 = 2;
const HAS_EXTRA: u8 = 4;
const HAS_NAME: u8 = 8;
const HAS_COMMENT: u8 = 16;

pub(super) struct Gzip {
    at: At,
    held: Vec<u8>,
    inflate: Decompress,
    checksum: Crc,
    /// Whether a member has come as a whole.
    any: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Header,
    Content,
    Checksum,
}

impl Default for Gzip {
    fn default() -> Self {
        Self {
            at: At::Header,
            held: Vec::new(),
            inflate: Decompress::new(false),
            checksum: Crc::new(),
            any: false,
        }
    }
}

impl Decoder for Gzip {
    fn name(&self) -> &'static str {
        "gzip"
    }

    fn decode(&mut self, input: &mut Bytes, out: &mut Vec<u8>) -> Result<(), Fault> {
        while !input.is_empty() && out.is_empty() {
            match self.at {
                At::Header => self.header(input)?,
                At::Content => self.content(input, out)?,
                At::Checksum => self.checksum(input)?,
            }
        }
        // The input may be used up with output still inside.
        if out.is_empty() && self.at == At::Content { self.content(input, out) } else { Ok(()) }
    }

    fn is_complete(&self) -> bool {
        self.any && self.at == At::Header && self.held.is_empty()
    }
}

impl Gzip {
    fn header(&mut self, input: &mut Bytes) -> Result<(), Fault> {
        // Byte by byte where it has no length: headers have ten bytes nearly always.
        let wanted = (self.held.len() + 1).max(10);
        while hold(&mut self.held, input, wanted) {
            match header_length(&self.held)? {
                Some(_) => {
                    self.held.clear();
                    self.inflate.reset(false);
                    self.checksum.reset();
                    self.at = At::Content;
                    return Ok(());
                }
                None if self.held.len() >= LONGEST_HEADER => return Err(Fault::Corrupt),
                None if input.is_empty() => return Ok(()),
                None => {
                    let next = self.held.len() + 1;
                    hold(&mut self.held, input, next);
                }
            }
        }
        Ok(())
    }

    fn content(&mut self, input: &mut Bytes, out: &mut Vec<u8>) -> Result<(), Fault> {
        out.reserve(PIECE);
        let (before_in, before_out) = (self.inflate.total_in(), out.len());
        let status = self.inflate.decompress_vec(input, out, FlushDecompress::None);
        let taken = usize::try_from(self.inflate.total_in() - before_in).map_err(|_| Fault::Corrupt)?;
        input.advance(taken.min(input.len()));
        self.checksum.update(&out[before_out..]);
        match status {
            Ok(Status::StreamEnd) => self.at = At::Checksum,
            Ok(Status::Ok | Status::BufError) => {}
            Err(_) => return Err(Fault::Corrupt),
        }
        Ok(())
    }

    fn checksum(&mut self, input: &mut Bytes) -> Result<(), Fault> {
        if !hold(&mut self.held, input, 8) {
            return Ok(());
        }
        let number = |at: usize| {
            self.held[at..at + 4].iter().rev().fold(0_u32, |all, byte| all << 8 | u32::from(*byte))
        };
        if number(0) != self.checksum.sum() || number(4) != self.checksum.amount() {
            return Err(Fault::Corrupt);
        }
        self.held.clear();
        self.any = true;
        self.at = At::Header;
        Ok(())
    }
}

/// The length of a member's header; `None` if it is not there as a whole.
fn header_length(bytes: &[u8]) -> Result<Option<usize>, Fault> {
    let Some(fixed) = bytes.get(..10) else { return Ok(None) };
    let flags = fixed[3];
    // The magic number, DEFLATE, and no flag that has no meaning.
    if fixed[..3] != [0x1f, 0x8b, 8] || flags & 0xe0 != 0 {
        return Err(Fault::Corrupt);
    }
    let mut length = 10;
    if flags & HAS_EXTRA != 0 {
        let Some(extra) = bytes.get(length..length + 2) else { return Ok(None) };
        length += 2 + usize::from(u16::from_le_bytes([extra[0], extra[1]]));
    }
    for text in [HAS_NAME, HAS_COMMENT] {
        if flags & text != 0 {
            let end = bytes.get(length..).and_then(|rest| rest.iter().position(|byte| *byte == 0));
            let Some(end) = end else { return Ok(None) };
            length += end + 1;
        }
    }
    if flags & HAS_CHECKSUM != 0 {
        length += 2;
    }
    Ok((bytes.len() >= length).then_some(length))
}
