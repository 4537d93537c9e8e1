//! Brotli (RFC 7932).

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use bytes::{Buf, Bytes};

use super::{Decoder, Fault, PIECE};

type State = BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>;

pub(super) struct Brotli {
    /// Several KiB, which should not be copied around.
    state: Box<State>,
    is_complete: bool,
}

impl Brotli {
    pub(super) fn new() -> Self {
        let alloc = StandardAlloc::default;
        // `new` would allow windows that are no part of the RFC, up to a gigabyte.
        Self { state: Box::new(State::new_strict(alloc(), alloc(), alloc())), is_complete: false }
    }
}

impl Decoder for Brotli {
    fn name(&self) -> &'static str {
        "br"
    }

    fn decode(&mut self, input: &mut Bytes, out: &mut Vec<u8>) -> Result<(), Fault> {
        if self.is_complete {
            return if input.is_empty() { Ok(()) } else { Err(Fault::Corrupt) };
        }
        out.resize(PIECE, 0);
        let (mut available_in, mut taken) = (input.len(), 0);
        let (mut available_out, mut written, mut total) = (out.len(), 0, 0);
        let result = BrotliDecompressStream(
            &mut available_in,
            &mut taken,
            input,
            &mut available_out,
            &mut written,
            out,
            &mut total,
            &mut self.state,
        );
        input.advance(taken);
        out.truncate(written);
        match result {
            BrotliResult::ResultSuccess => self.is_complete = true,
            BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => {}
            BrotliResult::ResultFailure => return Err(Fault::Corrupt),
        }
        Ok(())
    }

    fn is_complete(&self) -> bool {
        self.is_complete
    }
}
