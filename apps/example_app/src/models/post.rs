//! [`Post`]: a link, or a question, with a text.

use chrono::{DateTime, Utc};
use serde::Serialize;
use zzz::http::Uri;
use zzz::prelude::*;

/// A link, or a question, with a text.
#[derive(Schema, Serialize, Debug, Clone, Default, PartialEq)]
#[schema(table = "posts", timestamps)]
pub struct Post {
    /// Its number.
    pub id: i64,
    /// 2 to 100 characters.
    pub title: String,
    /// Where the link leads: http or https, at most 2,000 characters.
    pub url: Option<String>,
    /// Plain text of at most 10,000 characters; may be empty.
    pub body: String,
    /// When it was posted.
    pub inserted_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl Post {
    /// `post` with what a form or a JSON document says of it.
    #[must_use]
    pub fn changeset(post: Self, params: &Params) -> Changeset<Self> {
        Changeset::new(post)
            .cast(params, fields![title, url, body])
            .validate_required(fields![title])
            .validate_length(Self::title, 2..=100)
            .validate_length(Self::url, ..=2_000)
            .validate_change(Self::url, web_address)
            .validate_length(Self::body, ..=10_000)
    }

    /// The host that the link leads to, without `www.`.
    #[must_use]
    pub fn host(&self) -> Option<String> {
        let uri: Uri = self.url.as_deref()?.parse().ok()?;
        uri.host().map(|host| host.strip_prefix("www.").unwrap_or(host).to_owned())
    }

    /// The beginning of the text.
    #[must_use]
    pub fn excerpt(&self) -> String {
        const LENGTH: usize = 190;
        let mut words = self.body.split_whitespace();
        let mut excerpt = String::new();
        for word in words.by_ref() {
            if excerpt.chars().count() + word.chars().count() >= LENGTH {
                // A single endless word is cut, so that the excerpt is not empty.
                if excerpt.is_empty() {
                    excerpt.extend(word.chars().take(LENGTH));
                }
                return excerpt + "…";
            }
            if !excerpt.is_empty() {
                excerpt.push(' ');
            }
            excerpt.push_str(word);
        }
        excerpt
    }
}

/// A link leads to http or https and nothing else: a `javascript:` address would run in the reader's browser.
fn web_address(url: &Option<String>) -> Result<(), &'static str> {
    match url {
        Some(url) if !is_web_address(url) => Err("must be an address that begins with http:// or https://"),
        _ => Ok(()),
    }
}

fn is_web_address(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    let web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let has_host = !rest.is_empty() && !rest.starts_with(['/', '?', '#', ':']);
    web && has_host && !url.contains(|c: char| c.is_whitespace() || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_addresses_are_links() {
        for url in
            ["http://example.org", "https://example.org/a?b=c#d", "HTTPS://example.org", "https://例え.jp/"]
        {
            assert!(is_web_address(url), "{url}");
        }
        for url in [
            "javascript:alert(1)",
            "https:example.org",
            "https://",
            "http:///x",
            "ftp://x",
            "//x",
            "https://a b",
        ] {
            assert!(!is_web_address(url), "{url}");
        }
    }

    #[test]
    fn an_excerpt_ends_at_a_word() {
        let post = |body: &str| Post { body: body.into(), ..Post::default() };
        assert_eq!(post("short\n\ntext").excerpt(), "short text");
        let excerpt = post(&"word ".repeat(100)).excerpt();
        assert!(excerpt.ends_with("word…") && excerpt.chars().count() <= 191, "{excerpt}");
        assert_eq!(post(&"x".repeat(500)).excerpt().chars().count(), 191);
    }
}
