//! What both of axum's servers with a database share: the rows of TechEmpower's benchmarks, their ids, and the page
//! of fortunes, on askama.

use std::collections::BTreeSet;

use askama::Template;
use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

/// How many rows the table `world` has.
const WORLDS: i32 = 10_000;

#[derive(Serialize)]
pub struct World {
    pub id: i32,
    #[serde(rename = "randomNumber")]
    pub random_number: i32,
}

pub struct Fortune {
    pub id: i32,
    pub message: String,
}

/// `?n=20`
#[derive(Deserialize)]
pub struct Amount {
    n: usize,
}

impl Amount {
    /// So many different ids, in ascending order: whoever changes their rows locks them in this order.
    pub fn ids(&self) -> BTreeSet<i32> {
        let mut ids = BTreeSet::new();
        while ids.len() < self.n.clamp(1, 500) {
            ids.insert(random());
        }
        ids
    }
}

/// An id, or a new number for a row.
pub fn random() -> i32 {
    fastrand::i32(1..=WORLDS)
}

#[derive(Template)]
#[template(
    ext = "html",
    source = "<!DOCTYPE html>
<html>
<head><title>Fortunes</title></head>
<body>
<table>
<tr><th>id</th><th>message</th></tr>
{% for fortune in fortunes %}
<tr><td>{{ fortune.id }}</td><td>{{ fortune.message }}</td></tr>
{% endfor %}
</table>
</body>
</html>
"
)]
struct Page {
    fortunes: Vec<Fortune>,
}

/// The page of these fortunes and one that is added, by their messages.
pub fn page(mut fortunes: Vec<Fortune>) -> Result<Html<String>, Failed> {
    fortunes.push(Fortune { id: 0, message: "Additional fortune added at request time.".to_owned() });
    fortunes.sort_by(|one, other| one.message.cmp(&other.message));
    Ok(Html(Page { fortunes }.render()?))
}

/// An error of the app's own, as in axum's example `anyhow-error-response`.
pub struct Failed(String);

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, self.0).into_response()
    }
}

impl<E: std::error::Error> From<E> for Failed {
    fn from(error: E) -> Self {
        Failed(error.to_string())
    }
}

/// A number that the environment gives.
pub fn number(variable: &str) -> Option<u16> {
    std::env::var(variable).ok()?.parse().ok()
}
