//! Posts as JSON.

use zzz::http::header;
use zzz::prelude::*;

use crate::SiteConfig;
use crate::feed::Feed;
use crate::gallery::Gallery;
use crate::listing::{Listing, Page};
use crate::models::Post;
use crate::router::path;

/// `GET /api/v1/posts`: a JSON array; `x-total-count` and `link` (RFC 8288) tell of the other pages.
///
/// # Errors
/// 400 for an order or page that there is not.
pub async fn index(Query(listing): Query<Listing>, repo: Repo, site: Svc<SiteConfig>) -> Result<Response> {
    let page = listing.load(&repo, site.per_page).await?;
    let total = header::HeaderName::from_static("x-total-count");
    let headers = [(total, page.total.to_string()), (header::LINK, links(&listing, &page))];
    Ok((headers, Json(page.posts)).into_response())
}

fn links(listing: &Listing, page: &Page) -> String {
    let last = page.pages();
    let before = (page.number > 1).then(|| ("prev", (page.number - 1).min(last)));
    let after = (page.number < last).then(|| ("next", page.number + 1));
    [Some(("first", 1)), before, after, Some(("last", last))]
        .into_iter()
        .flatten()
        .map(|(rel, number)| format!("<{}>; rel=\"{rel}\"", path!("/api/v1/posts", ?listing.at(number))))
        .collect::<Vec<_>>()
        .join(", ")
}

/// `GET /api/v1/posts/:id`
///
/// # Errors
/// 404 if there is no such post.
pub async fn show(Path(id): Path<i64>, repo: Repo) -> Result<Json<Post>> {
    Ok(Json(repo.get::<Post>(id).await?.or_404()?))
}

/// `POST /api/v1/posts`: 201 with the post and its address.
///
/// # Errors
/// 422 with a list of messages for each field that is wrong.
pub async fn create(repo: Repo, feed: Svc<Feed>, Json(params): Json<Params>) -> Result<Response> {
    let saved = repo.insert(Post::changeset(Post::default(), &params)).await?;
    let post = saved.map_err(|changeset| Error::unprocessable(changeset.field_errors()))?;
    feed.announce(&post)?;
    let location = path!("/api/v1/posts/{post.id}").into();
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(post)).into_response())
}

/// `PATCH /api/v1/posts/:id` and `PUT`: changes the fields that are sent.
///
/// # Errors
/// 404 if there is no such post, 422 as for a new one.
pub async fn update(Path(id): Path<i64>, repo: Repo, Json(params): Json<Params>) -> Result<Json<Post>> {
    let post = repo.get::<Post>(id).await?.or_404()?;
    let saved = repo.update(Post::changeset(post, &params)).await?;
    saved.map(Json).map_err(|changeset| Error::unprocessable(changeset.field_errors()))
}

/// `DELETE /api/v1/posts/:id`: 204.
///
/// # Errors
/// 404 if there is no such post.
pub async fn delete(Path(id): Path<i64>, repo: Repo, gallery: Svc<Gallery>) -> Result<StatusCode> {
    let post = repo.get::<Post>(id).await?.or_404()?;
    gallery.delete_post(&repo, post).await?;
    Ok(StatusCode::NO_CONTENT)
}
