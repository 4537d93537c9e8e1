//! [`Records`]: where the records of TLS begin and end in what comes, which rustls keeps as a whole before it gives
//! anything of them on.

/// A type, a version, and a length (RFC 8446, 5.1).
const HEADER: u8 = 5;

/// Follows the records in what comes.
#[derive(Debug, Default)]
pub(super) struct Records {
    /// How many bytes of the header have come.
    header: u8,
    /// The length that the header says.
    length: u16,
    /// How much of it has come.
    came: u16,
    /// How long the last complete record was.
    last: u16,
}

impl Records {
    pub(super) fn came(&mut self, mut bytes: &[u8]) {
        while let [first, rest @ ..] = bytes {
            if self.header < HEADER {
                self.header += 1;
                // The last two bytes are the length.
                self.length = self.length << 8 | u16::from(*first);
                bytes = rest;
            } else {
                let now = bytes.len().min(usize::from(self.length - self.came));
                self.came += now as u16;
                bytes = bytes.get(now..).unwrap_or_default();
            }
            if self.header == HEADER && self.came == self.length {
                *self = Self { last: self.length, ..Self::default() };
            }
        }
    }

    /// How much has come of a record that has not come as a whole.
    pub(super) fn unread(&self) -> u64 {
        u64::from(self.came)
    }

    /// How much of this is kept: a record that has not come as a whole, or the last one, of which nobody knows here
    /// whether it was read.
    pub(super) fn kept(&self) -> u64 {
        self.unread().max(u64::from(self.last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(length: u16) -> Vec<u8> {
        [&[23, 3, 3][..], &length.to_be_bytes(), &vec![7; usize::from(length)]].concat()
    }

    #[test]
    fn a_record_is_kept_from_its_beginning_until_the_next_one_is_complete() {
        let mut records = Records::default();
        let (long, short) = (record(16_401), record(30));
        records.came(&long[..4]);
        assert_eq!(records.kept(), 0);
        records.came(&long[4..10_005]);
        assert_eq!(records.kept(), 10_000);
        records.came(&long[10_005..]);
        assert_eq!(records.kept(), 16_401);
        records.came(&short[..20]);
        assert_eq!(records.kept(), 16_401);
        records.came(&short[20..]);
        assert_eq!(records.kept(), 30);
    }

    #[test]
    fn however_it_is_cut_the_same_is_seen() {
        let all = [record(0), record(300), record(65_535), record(1), record(258), record(77)[..40].to_vec()];
        let all = all.concat();
        for piece in [1, 2, 3, 4, 5, 6, 7, 250, 70_000] {
            let mut records = Records::default();
            all.chunks(piece).for_each(|bytes| records.came(bytes));
            assert_eq!((records.last, records.length, records.came), (258, 77, 35), "pieces of {piece}");
        }
    }
}
