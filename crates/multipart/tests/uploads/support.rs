//! Bodies in pieces, and everything that a form holds.
#![allow(dead_code, reason = "two test programs share it, and each needs a part of it")]

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::Frame;
use zzz_core::http::Body;
use zzz_multipart::{Boundary, Multipart, MultipartError, Uploads};

/// A body that comes in these pieces.
pub(crate) struct Pieces(pub(crate) VecDeque<Bytes>);

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(piece))))
    }
}

/// The bytes in pieces of these lengths, taken in turns; without any, in one.
pub(crate) fn pieces(bytes: &[u8], lengths: &[u8]) -> Body {
    let mut lengths = lengths.iter().copied().cycle();
    let mut rest = Bytes::copy_from_slice(bytes);
    let mut all = VecDeque::new();
    while !rest.is_empty() {
        let length = lengths.next().map_or(rest.len(), |length| usize::from(length).min(rest.len()));
        all.push_back(rest.split_to(length));
        if length == 0 {
            // A piece of nothing is allowed, but not for ever.
            all.push_back(rest.split_to(1));
        }
    }
    Body::from_http_body(Pieces(all))
}

/// What a part holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) name: String,
    pub(crate) file_name: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) content: Vec<u8>,
}

impl Held {
    pub(crate) fn field(name: &str, content: &str) -> Self {
        let content = content.as_bytes().to_vec();
        Self { name: name.into(), file_name: None, content_type: None, content }
    }
}

pub(crate) fn multipart(boundary: &str, body: Body) -> Multipart {
    let boundary = Boundary::of(&format!("multipart/form-data; boundary=\"{boundary}\"")).unwrap();
    Multipart::new(&boundary, body, Arc::new(Uploads::default()))
}

/// Every part before the end, or before the first mistake; and the mistake.
pub(crate) fn parse(boundary: &str, body: Body) -> (Vec<Held>, Option<MultipartError>) {
    let mut form = multipart(boundary, body);
    let mut held = Vec::new();
    let all = async {
        while let Some(mut part) = form.next_part().await? {
            let mut this = Held {
                name: part.name().into(),
                file_name: part.raw_file_name().map(Into::into),
                content_type: part.content_type().map(Into::into),
                content: Vec::new(),
            };
            while let Some(chunk) = part.chunk().await? {
                assert!(!chunk.is_empty(), "an empty chunk tells nothing");
                this.content.extend_from_slice(&chunk);
            }
            held.push(this);
        }
        Ok(())
    };
    let mistake = zzz_core::http::now_or_never(all).expect("the body is here").err();
    (held, mistake)
}
