//! Pages, order and search of lists: `?page=&per_page=&sort=&q=`.

use serde::{Deserialize, Serialize};
use zzz::db::{Order, Part};
use zzz::prelude::*;

use crate::models::Post;

/// The most posts that one page may have.
const MAX_PER_PAGE: u64 = 100;

/// What a reader asks of a list.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Listing {
    /// The page, from 1.
    pub page: Option<u64>,
    /// Posts on a page; more than 100 count as 100.
    pub per_page: Option<u64>,
    /// `id`, `title` or `inserted_at`, with `-` in front for descending; `-id` if not given.
    pub sort: Option<String>,
    /// Only posts with this text in title or body.
    pub q: Option<String>,
}

/// One page of a list.
#[derive(Debug, Clone)]
pub struct Page {
    /// The posts on it.
    pub posts: Vec<Post>,
    /// Its number, from 1.
    pub number: u64,
    /// Posts on a page.
    pub per_page: u64,
    /// Posts on all pages.
    pub total: u64,
}

impl Page {
    /// How many pages there are, at least one.
    #[must_use]
    pub fn pages(&self) -> u64 {
        self.total.div_ceil(self.per_page).max(1)
    }
}

impl Listing {
    /// The page that is asked for.
    ///
    /// # Errors
    /// 400 for a page or size of 0 and for an order that there is not.
    pub async fn load(&self, repo: &Repo, per_page: u64) -> Result<Page> {
        let number = positive("page", self.page, 1)?;
        let per_page = positive("per_page", self.per_page, per_page)?.min(MAX_PER_PAGE);
        let mut query = Post::query().order_by(self.order()?);
        if let Some(text) = self.q.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
            query = query.filter(Post::title.contains(text).or(Post::body.contains(text)));
        }
        let total = query.clone().exclude(Part::OrderBy).count(repo).await?;
        let skipped = (number - 1).saturating_mul(per_page);
        let posts =
            if skipped < total { query.limit(per_page).offset(skipped).all(repo).await? } else { Vec::new() };
        Ok(Page { posts, number, per_page, total })
    }

    /// The order as it is asked for, `-id` if it is not.
    #[must_use]
    pub fn sort(&self) -> &str {
        self.sort.as_deref().filter(|sort| !sort.is_empty()).unwrap_or("-id")
    }

    fn order(&self) -> Result<Order<Post>> {
        Ok(match self.sort() {
            "id" => Post::id.asc(),
            "-id" => Post::id.desc(),
            "title" => Post::title.asc(),
            "-title" => Post::title.desc(),
            "inserted_at" => Post::inserted_at.asc(),
            "-inserted_at" => Post::inserted_at.desc(),
            other => {
                let shown: String = other.chars().take(40).flat_map(char::escape_debug).collect();
                return Err(refused(
                    "sort",
                    format!(
                        "must be id, title or inserted_at, with - in front for descending, not `{shown}`"
                    ),
                ));
            }
        })
    }

    /// The query of another page of the same list.
    #[must_use]
    pub fn at(&self, page: u64) -> Self {
        let set = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        Self { page: Some(page), per_page: self.per_page, sort: set(&self.sort), q: set(&self.q) }
    }
}

fn positive(name: &'static str, given: Option<u64>, default: u64) -> Result<u64> {
    match given.unwrap_or(default) {
        0 => Err(refused(name, "must be 1 or more".into())),
        number => Ok(number),
    }
}

fn refused(name: &'static str, why: String) -> Error {
    Error::bad_request(format!("The query parameter `{name}` {why}."))
        .with_fields(FieldErrors::one(name, why))
}
