//! What a client wants.

use zzz::http::{Format, Parts};
use zzz::prelude::*;

/// Whether the client prefers JSON: then a form with mistakes is answered with a problem document, and not with the page
/// that holds the form.
pub struct WantsJson(pub bool);

impl FromRequestParts for WantsJson {
    async fn from_request_parts(parts: &mut Parts) -> Result<Self> {
        Ok(Self(Format::of(parts.headers()) == Some(Format::Json)))
    }
}
