//! [`Flash`]: messages that the next page shows (Phoenix's and Rails' flash).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use zzz_core::http::cookies::{self, SetCookie};
use zzz_core::http::{
    FromRequestParts, Next, OptionalFromRequestParts, Parts, Request, Response, Svc, forwarded, header,
};
use zzz_core::{Error, Result};

use crate::keyring::Keyring;

/// The cookie that carries the messages to the next page, signed.
const COOKIE: &str = "_zzz_flash";
const PURPOSE: &str = "flash";

/// Messages for the reader: shown by the page that this request renders, or, after a redirect, by the next one.
///
/// A template finds them as `flash`, a list of `{kind, message}`. The middleware [`flash`] must stand before
/// the handler.
///
/// ```
/// use zzz_core::http::{Response, redirect};
/// use zzz_middleware::Flash;
///
/// async fn create(flash: Flash) -> zzz_core::Result<Response> {
///     flash.info("Posted.");
///     redirect("/posts")
/// }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Flash {
    messages: Arc<Mutex<Vec<Message>>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Message {
    kind: String,
    text: String,
}

impl Flash {
    /// Says that something went well.
    pub fn info(&self, text: impl Into<String>) {
        self.put("info", text);
    }

    /// Says that something did not.
    pub fn error(&self, text: impl Into<String>) {
        self.put("error", text);
    }

    /// Adds a message of a kind of your own.
    pub fn put(&self, kind: impl Into<String>, text: impl Into<String>) {
        self.lock().push(Message { kind: kind.into(), text: text.into() });
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Message>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn to_json(&self) -> Value {
        self.lock().iter().map(|message| json!({ "kind": message.kind, "message": message.text })).collect()
    }

    fn from_json(bytes: &[u8]) -> Option<Self> {
        let list: Vec<Value> = serde_json::from_slice(bytes).ok()?;
        let text = |value: &Value, key: &str| value.get(key)?.as_str().map(str::to_owned);
        let messages = list
            .iter()
            .map(|value| Some(Message { kind: text(value, "kind")?, text: text(value, "message")? }))
            .collect::<Option<Vec<_>>>()?;
        Some(Self { messages: Arc::new(Mutex::new(messages)) })
    }
}

impl FromRequestParts for Flash {
    async fn from_request_parts(parts: &mut Parts) -> Result<Self> {
        parts.assigns().get::<Self>().cloned().ok_or_else(|| {
            Error::internal("this route has no flash messages: its pipeline lacks the middleware `flash`")
        })
    }
}

/// `None` where the middleware [`flash`] is not in the pipeline.
impl OptionalFromRequestParts for Flash {
    async fn from_request_parts_if_any(parts: &mut Parts) -> Result<Option<Self>> {
        Ok(parts.assigns().get::<Self>().cloned())
    }
}

/// Takes the messages that the last page left, and hands those of a redirect to the next one. Needs a
/// [`Keyring`] among the services, of which the start makes sure.
pub async fn flash(keys: Svc<Keyring>, mut request: Request, next: Next) -> Result<Response> {
    let secure = forwarded::is_secure(request.head());
    let sent = cookies::get(request.headers(), COOKIE).map(str::to_owned);
    let left = sent.as_deref().and_then(|signed| keys.verify(PURPOSE, signed));
    let flash = left.and_then(|bytes| Flash::from_json(&bytes)).unwrap_or_default();
    request.assigns_mut().insert(flash.clone());
    let shared = flash.clone();
    request.assigns_mut().share("flash", move || shared.to_json());

    let mut response = next.run(request).await;
    let pending = response.status().is_redirection() && !flash.lock().is_empty();
    let cookie = match (pending, sent) {
        (true, _) => SetCookie::new(COOKIE, keys.sign(PURPOSE, flash.to_json().to_string().as_bytes())),
        (false, Some(_)) => SetCookie::removal(COOKIE),
        (false, None) => return Ok(response),
    };
    response.headers_mut().append(header::SET_COOKIE, cookie.secure(secure).to_header()?);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use zzz_core::Services;
    use zzz_core::config::Secret;
    use zzz_core::http::{HandlerExt, IntoResponse, MiddlewareExt, Redirect, Stack, now_or_never};

    use super::*;

    async fn page(request: Request) -> Response {
        if request.path() == "/save" {
            request.assigns().get::<Flash>().unwrap().info("Saved; \"all\" of it.");
            return Redirect::to("/").into_response();
        }
        let shared = request.assigns().shared();
        shared[0].1().to_string().into_response()
    }

    fn call(path: &str, cookie: Option<&str>) -> (String, Option<String>) {
        let mut services = Services::new();
        services.insert(Keyring::new(&Secret::new("k".repeat(64))).unwrap());
        let mut request = Request::get(path).with_header("cookie", cookie.unwrap_or("other=1"));
        request.set_services(Arc::new(services));
        let response = now_or_never(Stack::new(vec![flash.erase()], page.erase()).run(request)).unwrap();
        let set = response.headers().get("set-cookie").map(|value| value.to_str().unwrap().to_owned());
        (String::from_utf8(response.into_body().full_bytes().unwrap().to_vec()).unwrap(), set)
    }

    #[test]
    fn a_message_lives_from_a_redirect_to_the_next_page() {
        let (_, set) = call("/save", None);
        let set = set.unwrap();
        assert!(set.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{set}");
        let (shown, set) = call("/", Some(set.split(';').next().unwrap()));
        assert_eq!(shown, r#"[{"kind":"info","message":"Saved; \"all\" of it."}]"#);
        assert_eq!(set.unwrap(), "_zzz_flash=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
        assert_eq!(call("/", None), ("[]".into(), None), "no cookie, nothing to take away");
    }

    #[test]
    fn what_we_did_not_sign_is_not_shown() {
        for forged in ["_zzz_flash=W10.AAAA", "_zzz_flash=", "_zzz_flash=🦉"] {
            assert_eq!(call("/", Some(forged)).0, "[]", "{forged}");
        }
    }
}
