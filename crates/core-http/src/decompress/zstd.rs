//! Zstandard (RFC 8878): frames of blocks.
//!
//! The decoder decodes all the blocks that it is given, and a few bytes of some kinds make 128KiB each. So blocks are
//! cut out here and given to it one by one.

use bytes::{Buf, Bytes};
use ruzstd::decoding::errors::FrameDecoderError;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::{Decoder, Fault, hold};

/// The window that every sender may have: what the usual levels of compression use.
const LEAST_WINDOW: u64 = 2 * 1024 * 1024;

/// The window that no sender may exceed (RFC 9659).
const MOST_WINDOW: u64 = 8 * 1024 * 1024;

/// The longest block (RFC 8878, section 3.1.1.2.4).
const LONGEST_BLOCK: usize = 128 * 1024;

const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

pub(super) struct Zstd {
    decoder: FrameDecoder,
    at: At,
    held: Vec<u8>,
    /// Whether the frame has a checksum at its end.
    has_checksum: bool,
    /// Whether a frame has come as a whole.
    any: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// At a frame's header, or at the end.
    Frame,
    Block,
    /// Within a frame that is to be skipped, with so many bytes to come.
    Skipped(u32),
}

impl Zstd {
    /// The decoder keeps its window until there is more, so the body's limit, which sees what comes out, bounds the
    /// window as well.
    pub(super) fn new(limit: u64) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(limit.clamp(LEAST_WINDOW, MOST_WINDOW));
        Self { decoder, at: At::Frame, held: Vec::new(), has_checksum: false, any: false }
    }
}

impl Decoder for Zstd {
    fn name(&self) -> &'static str {
        "zstd"
    }

    fn decode(&mut self, input: &mut Bytes, out: &mut Vec<u8>) -> Result<(), Fault> {
        while !input.is_empty() && out.is_empty() {
            match self.at {
                At::Frame => self.frame(input)?,
                At::Block => self.block(input, out)?,
                At::Skipped(left) => {
                    let skipped = input.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                    input.advance(skipped);
                    let left = left - u32::try_from(skipped).unwrap_or(left);
                    self.at = if left == 0 { At::Frame } else { At::Skipped(left) };
                }
            }
        }
        Ok(())
    }

    fn is_complete(&self) -> bool {
        self.any && self.at == At::Frame && self.held.is_empty()
    }

    fn keeps_back(&self) -> u64 {
        self.decoder.max_window_size()
    }
}

impl Zstd {
    fn frame(&mut self, input: &mut Bytes) -> Result<(), Fault> {
        if !hold(&mut self.held, input, 4) {
            return Ok(());
        }
        if self.held[0] & 0xf0 == 0x50 && self.held[1..4] == [0x2a, 0x4d, 0x18] {
            if hold(&mut self.held, input, 8) {
                let length = u32::from_le_bytes([self.held[4], self.held[5], self.held[6], self.held[7]]);
                self.held.clear();
                self.at = if length == 0 { At::Frame } else { At::Skipped(length) };
            }
            return Ok(());
        }
        if self.held[..4] != MAGIC {
            return Err(Fault::Corrupt);
        }
        if !hold(&mut self.held, input, 5) {
            return Ok(());
        }
        let descriptor = self.held[4];
        if !hold(&mut self.held, input, header_length(descriptor)) {
            return Ok(());
        }
        self.decoder.reset(&self.held[..]).map_err(|error| match error {
            FrameDecoderError::WindowSizeTooBig { .. } => Fault::Window,
            _ => Fault::Corrupt,
        })?;
        self.has_checksum = descriptor & 4 != 0;
        self.held.clear();
        self.at = At::Block;
        Ok(())
    }

    fn block(&mut self, input: &mut Bytes, out: &mut Vec<u8>) -> Result<(), Fault> {
        if !hold(&mut self.held, input, 3) {
            return Ok(());
        }
        let header = u32::from_le_bytes([self.held[0], self.held[1], self.held[2], 0]);
        let (is_last, kind) = (header & 1 == 1, (header >> 1) & 3);
        let size = usize::try_from(header >> 3).unwrap_or(usize::MAX);
        // A repeated byte is one byte, whatever its count.
        let content = if kind == 1 { 1 } else { size };
        if kind == 3 || size > LONGEST_BLOCK {
            return Err(Fault::Corrupt);
        }
        let checksum = if is_last && self.has_checksum { 4 } else { 0 };
        if !hold(&mut self.held, input, 3 + content + checksum) {
            return Ok(());
        }
        self.decoder
            .decode_blocks(&self.held[..], BlockDecodingStrategy::UptoBlocks(1))
            .map_err(|_| Fault::Corrupt)?;
        self.held.clear();
        out.extend(self.decoder.collect().unwrap_or_default());
        if is_last {
            if self.has_checksum
                && self.decoder.get_checksum_from_data() != self.decoder.get_calculated_checksum()
            {
                return Err(Fault::Corrupt);
            }
            self.any = true;
            self.at = At::Frame;
        }
        Ok(())
    }
}

/// The length of a frame's header, by its fifth byte (RFC 8878, section 3.1.1.1).
fn header_length(descriptor: u8) -> usize {
    let is_single = descriptor & 0x20 != 0;
    let window = usize::from(!is_single);
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let content_size = match descriptor >> 6 {
        0 => usize::from(is_single),
        1 => 2,
        2 => 4,
        _ => 8,
    };
    5 + window + dictionary + content_size
}
