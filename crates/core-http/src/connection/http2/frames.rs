//! [`FrameWatch`]: looks at the heads of frames as they come, for what hyper's machine does not bound.
//!
//! The machine bounds what a client makes us keep: header lists, CONTINUATION, small DATA, resets of streams that
//! were not begun. What it answers or drops at once costs no memory, and so has no bound there: PING, SETTINGS,
//! PRIORITY, WINDOW_UPDATE, unknown frames, resets of streams whose handlers have begun. Here each has a rate.

/// What a client that knows the server says first (RFC 9113, 3.4).
pub(in crate::connection) const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;

/// How many frames that carry nothing for an app may come in a second, beyond those that were earned.
const CHATTER: u32 = 2_000;

/// A client that downloads says WINDOW_UPDATE all the time: this many bytes to it earn one frame.
const BYTES_PER_FRAME: usize = 1024;

/// What was sent is remembered up to this many frames.
const MOST_EARNED: u32 = 100_000;

/// Shorter DATA costs more than it carries, and is held in the machine until an app reads it.
const SMALL: usize = 256;

/// After this many of them the apps are given time to read.
const MANY_SMALL: u32 = 256;

/// The last word to a client that does what it may not: GOAWAY.
const GOAWAY: [u8; 17] = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const PROTOCOL_ERROR: u8 = 1;
const ENHANCE_YOUR_CALM: u8 = 11;

/// Looks at the heads of the frames that a client sends.
#[derive(Debug)]
pub(in crate::connection) struct FrameWatch {
    /// How much of the preface is still to come.
    preface: usize,
    head: [u8; 9],
    /// How much of `head` is here.
    have: usize,
    /// How much of the frame's payload is still to come.
    payload: usize,
    /// Whether a header block was begun and not ended.
    in_block: bool,
    /// The highest stream that was begun.
    last_stream: u32,
    /// Whether there is memory for a header block that goes on in further frames.
    has_room: bool,
    /// Whether the settings that come first have come.
    begun: bool,
    /// Why the client is not listened to any more.
    error: Option<u8>,
    /// How many small frames of DATA came since the apps had time to read.
    small: u32,
    /// How many bytes of DATA came since that was asked for last.
    data: u64,
    max_resets: u32,
    /// The second that is counted, in milliseconds of the clock.
    second: u64,
    resets: u32,
    chatter: u32,
    /// How many frames of chatter were earned by what was sent.
    earned: u32,
    /// Bytes sent that did not earn a frame yet.
    sent: usize,
}

impl FrameWatch {
    pub(super) fn new(max_resets: u32) -> Self {
        Self {
            preface: PREFACE.len(),
            head: [0; 9],
            have: 0,
            payload: 0,
            in_block: false,
            last_stream: 0,
            has_room: true,
            begun: false,
            error: None,
            small: 0,
            data: 0,
            max_resets,
            second: 0,
            resets: 0,
            chatter: 0,
            earned: 0,
            sent: 0,
        }
    }

    /// Whether there is memory for header blocks that go on in further frames; without it, one ends the connection.
    pub(in crate::connection) fn have_room(&mut self, has_room: bool) {
        self.has_room = has_room || self.in_block;
    }

    /// Bytes came. How many of them hyper may see: all, unless the client exceeds its rates; then what is left of
    /// the frame that was one too many. hyper takes an end within a frame for a broken connection, to which there is
    /// nothing to say. Of a frame that must not count it sees nothing.
    #[must_use]
    pub(in crate::connection) fn received(&mut self, bytes: &[u8], now: u64) -> usize {
        let mut at = self.preface.min(bytes.len());
        self.preface -= at;
        while at < bytes.len() {
            if self.payload > 0 {
                let skipped = self.payload.min(bytes.len() - at);
                self.payload -= skipped;
                at += skipped;
            } else if self.error.is_some() {
                break;
            } else {
                let taken = (self.head.len() - self.have).min(bytes.len() - at);
                self.head[self.have..self.have + taken].copy_from_slice(&bytes[at..at + taken]);
                self.have += taken;
                at += taken;
                if self.have == self.head.len() {
                    self.have = 0;
                    self.error = self.frame(now).err();
                    if self.error == Some(PROTOCOL_ERROR) || self.error.is_some() && !self.has_room {
                        self.payload = 0;
                        return at.saturating_sub(self.head.len());
                    }
                }
            }
        }
        at
    }

    /// Whether the client did what it may not.
    pub(in crate::connection) fn is_exceeded(&self) -> bool {
        self.error.is_some()
    }

    /// Whether the client did what it may not, and the frame that did it is complete.
    pub(in crate::connection) fn is_over(&self) -> bool {
        self.error.is_some() && self.payload == 0
    }

    /// Whether so much came in small pieces that the apps should have time to read it first. hyper's machine reads
    /// on as long as there is something, and takes what piles up for a flood.
    pub(in crate::connection) fn should_yield(&mut self) -> bool {
        let should = self.small >= MANY_SMALL;
        if should {
            self.small = 0;
        }
        should
    }

    /// The head of a frame is here. An error is why the client is not listened to any more.
    fn frame(&mut self, now: u64) -> Result<(), u8> {
        let [long, length, short, kind, flags, stream @ ..] = self.head;
        self.payload = u32::from_be_bytes([0, long, length, short]) as usize;
        if !self.begun {
            self.begun = true;
            // The machine lets others come first (RFC 9113, 3.4).
            return if kind == SETTINGS && flags & ACK == 0 { Ok(()) } else { Err(PROTOCOL_ERROR) };
        }
        match kind {
            DATA if self.payload > 0 || flags & END_STREAM != 0 => {
                self.small += u32::from(self.payload < SMALL);
                self.data += self.payload as u64;
                return Ok(());
            }
            HEADERS | CONTINUATION => {
                self.in_block = flags & END_HEADERS == 0;
                if self.in_block && !self.has_room {
                    return Err(ENHANCE_YOUR_CALM);
                }
                if kind == HEADERS {
                    self.last_stream = self.last_stream.max(u32::from_be_bytes(stream) & 0x7fff_ffff);
                }
                return Ok(());
            }
            _ => {}
        }
        self.count(now);
        if kind == RST_STREAM {
            self.resets += 1;
            return if self.resets <= self.max_resets { Ok(()) } else { Err(ENHANCE_YOUR_CALM) };
        }
        self.chatter += 1;
        if self.chatter > CHATTER {
            self.earned = self.earned.checked_sub(1).ok_or(ENHANCE_YOUR_CALM)?;
        }
        Ok(())
    }

    /// Begins to count anew if the second that was counted is over.
    fn count(&mut self, now: u64) {
        if now.saturating_sub(self.second) >= 1000 {
            self.second = now;
            self.resets = 0;
            self.chatter = 0;
        }
    }

    /// Bytes were sent.
    pub(in crate::connection) fn sent(&mut self, bytes: usize) {
        self.sent += bytes;
        let earned = u32::try_from(self.sent / BYTES_PER_FRAME).unwrap_or(u32::MAX);
        self.sent %= BYTES_PER_FRAME;
        self.earned = self.earned.saturating_add(earned).min(MOST_EARNED);
    }

    /// So many pieces of responses have left. A client may say WINDOW_UPDATE twice for each, however short: for the stream
    /// and for the connection.
    pub(in crate::connection) fn pieces_left(&mut self, pieces: u32) {
        self.earned = self.earned.saturating_add(pieces.saturating_mul(2)).min(MOST_EARNED);
    }

    /// Whether the client owes the rest of a frame or of a header block. The payload of DATA is not meant: how
    /// fast that comes is watched where somebody waits for it.
    pub(in crate::connection) fn is_within_head(&self) -> bool {
        let in_frame = self.payload > 0 && self.head[3] != DATA;
        self.in_block || self.have > 0 || in_frame
    }

    /// Whether a header block was begun that goes on in frames to come. What came of it is decoded already.
    pub(in crate::connection) fn is_within_block(&self) -> bool {
        // The head of the last frame is here, and not all of its payload.
        let in_last = self.payload > 0 && self.head[3] == CONTINUATION;
        self.in_block || in_last
    }

    /// How many bytes of DATA came since this was asked last. A frame counts as soon as its head is here.
    pub(in crate::connection) fn take_data(&mut self) -> u64 {
        std::mem::take(&mut self.data)
    }

    /// The client takes more than there is: it is not listened to from here. Whether that is new.
    pub(in crate::connection) fn calm_down(&mut self) -> bool {
        let new = self.error.is_none();
        if new {
            self.error = Some(ENHANCE_YOUR_CALM);
            self.payload = 0;
        }
        new
    }

    /// What to say to a client that is not listened to any more.
    pub(in crate::connection) fn farewell(&self) -> [u8; 17] {
        let mut goaway = GOAWAY;
        goaway[9..13].copy_from_slice(&self.last_stream.to_be_bytes());
        goaway[16] = self.error.unwrap_or_default();
        goaway
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PING: u8 = 6;

    fn frame(kind: u8, flags: u8, stream: u8, payload: usize) -> Vec<u8> {
        let mut frame = vec![0, 0, u8::try_from(payload).unwrap(), kind, flags, 0, 0, 0, stream];
        frame.resize(9 + payload, 0);
        frame
    }

    fn watch() -> FrameWatch {
        let mut watch = FrameWatch::new(3);
        let begin = [PREFACE, &frame(SETTINGS, 0, 0, 0)[..]].concat();
        assert_eq!(watch.received(&begin, 0), begin.len());
        watch
    }

    /// How many of the frames were let through.
    fn let_through(watch: &mut FrameWatch, frame: &[u8], now: u64) -> usize {
        (0..10_000)
            .take_while(|_| {
                let _ = watch.received(frame, now);
                !watch.is_exceeded()
            })
            .count()
    }

    #[test]
    fn resets_and_chatter_have_a_rate_and_requests_have_none() {
        assert_eq!(let_through(&mut watch(), &frame(RST_STREAM, 0, 1, 4), 0), 3);
        assert_eq!(let_through(&mut watch(), &frame(PING, 0, 0, 8), 0), 2_000);
        assert_eq!(let_through(&mut watch(), &frame(200, 0, 0, 3), 0), 2_000);
        assert_eq!(let_through(&mut watch(), &frame(DATA, 0, 1, 0), 0), 2_000, "empty DATA");
        assert_eq!(let_through(&mut watch(), &frame(DATA, END_STREAM, 1, 0), 0), 10_000);
        assert_eq!(let_through(&mut watch(), &frame(DATA, 0, 1, 1), 0), 10_000);
        assert_eq!(let_through(&mut watch(), &frame(HEADERS, END_HEADERS, 1, 5), 0), 10_000);
    }

    #[test]
    fn the_next_second_begins_anew() {
        let mut watch = watch();
        for now in [10, 500, 999, 1000, 1500] {
            let _ = watch.received(&frame(RST_STREAM, 0, 1, 4), now);
            assert!(!watch.is_exceeded(), "{now}");
        }
        assert_eq!(let_through(&mut watch, &frame(RST_STREAM, 0, 1, 4), 1999), 1);
    }

    #[test]
    fn what_is_sent_earns_window_updates() {
        let mut watch = watch();
        for _ in 0..5 {
            watch.sent(1000);
        }
        watch.pieces_left(3);
        assert_eq!(let_through(&mut watch, &frame(8, 0, 0, 4), 0), 2_010);
    }

    #[test]
    fn frames_are_found_however_they_are_cut_and_the_last_is_let_through_whole() {
        let mut bytes = PREFACE.to_vec();
        bytes.extend(frame(SETTINGS, 0, 0, 6));
        for _ in 0..4 {
            bytes.extend(frame(DATA, 0, 1, 7));
            bytes.extend(frame(RST_STREAM, 0, 1, 4));
        }
        let end = bytes.len();
        bytes.extend(frame(DATA, 0, 1, 7));
        for size in 1..bytes.len() {
            let mut watch = FrameWatch::new(3);
            let seen: usize = bytes.chunks(size).map(|bytes| watch.received(bytes, 0)).sum();
            assert_eq!(seen, end, "in pieces of {size}");
            assert!(watch.is_over());
        }
    }

    #[test]
    fn knows_whether_a_head_is_coming() {
        let mut watch = watch();
        for (bytes, within) in [
            (frame(HEADERS, 0, 1, 5), true),
            (frame(CONTINUATION, 0, 1, 5), true),
            (frame(CONTINUATION, END_HEADERS, 1, 5), false),
            (frame(DATA, 0, 1, 5)[..11].to_vec(), false),
            (vec![0; 3], false),
            (frame(HEADERS, END_HEADERS, 7, 5)[..11].to_vec(), true),
            (vec![0; 3], false),
            (vec![0; 1], true),
        ] {
            assert_eq!(watch.received(&bytes, 0), bytes.len());
            assert_eq!(watch.is_within_head(), within, "{bytes:?}");
        }
        assert_eq!(watch.farewell()[9..], [0, 0, 0, 7, 0, 0, 0, 0]);
    }
}
