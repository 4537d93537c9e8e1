//! [`Gathered`]: what has come of a body, in one piece.

use bytes::{Bytes, BytesMut};

/// Of what is shorter a server is not told that it is held.
const WORTH_TELLING: usize = 8 * 1024;

/// What has come of a body, in one piece. A single chunk is not copied.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    first: Option<Bytes>,
    rest: Option<BytesMut>,
}

impl Gathered {
    pub(super) fn push(&mut self, data: Bytes) {
        match (&mut self.rest, &self.first) {
            (Some(rest), _) => rest.extend_from_slice(&data),
            (None, None) => self.first = Some(data),
            (None, Some(start)) => {
                // A client may announce much and send little: reserve what came, and grow from there.
                let mut all = BytesMut::with_capacity((start.len() + data.len()) * 2);
                all.extend_from_slice(start);
                all.extend_from_slice(&data);
                self.rest = Some(all);
            }
        }
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        self.rest.as_deref().or(self.first.as_deref()).unwrap_or_default()
    }

    /// How many bytes it takes, if that is worth telling the server.
    pub(super) fn held(&self) -> Option<u64> {
        let first = self.first.as_ref().map_or(0, Bytes::len);
        let held = self.rest.as_ref().map_or(0, BytesMut::capacity).max(first);
        (held > WORTH_TELLING).then_some(held as u64)
    }

    pub(super) fn into_bytes(self) -> Bytes {
        self.rest.map(BytesMut::freeze).or(self.first).unwrap_or_default()
    }
}
