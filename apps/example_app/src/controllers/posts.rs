//! Posts as pages and forms.

use std::collections::HashMap;

use serde::Serialize;
use zzz::VerifiedPath;
use zzz::db::count;
use zzz::prelude::*;

use crate::SiteConfig;
use crate::client::WantsJson;
use crate::feed::Feed;
use crate::gallery::{Gallery, image_of};
use crate::listing::Listing;
use crate::models::{Comment, Image, Post};
use crate::router::path;

/// A post in a list, with what its line shows.
#[derive(Serialize)]
pub struct Entry {
    #[serde(flatten)]
    post: Post,
    host: Option<String>,
    excerpt: String,
    comment_count: i64,
}

/// Posts with the numbers of their comments, counted in one query.
///
/// # Errors
/// If the database does not answer.
pub async fn entries(repo: &Repo, posts: Vec<Post>) -> Result<Vec<Entry>> {
    let ids: Vec<i64> = posts.iter().map(|post| post.id).collect();
    let counts: HashMap<i64, i64> = Comment::query()
        .filter(Comment::post_id.in_list(ids))
        .group_by(Comment::post_id)
        .select((Comment::post_id, count()))
        .all(repo)
        .await?
        .into_iter()
        .collect();
    let entry = |post: Post| {
        let comment_count = counts.get(&post.id).copied().unwrap_or(0);
        Entry { host: post.host(), excerpt: post.excerpt(), comment_count, post }
    };
    Ok(posts.into_iter().map(entry).collect())
}

#[derive(Serialize)]
struct Index {
    posts: Vec<Entry>,
    page: PageLinks,
    q: String,
    sort: String,
    /// Where the feed goes on from what the page shows, if new posts belong on top of it.
    live: Option<String>,
}

#[derive(Serialize)]
struct PageLinks {
    number: u64,
    pages: u64,
    total: u64,
    prev: Option<VerifiedPath>,
    next: Option<VerifiedPath>,
}

/// `GET /posts`: all posts, page by page.
///
/// # Errors
/// 400 for an order or page that there is not.
pub async fn index(
    Query(listing): Query<Listing>,
    repo: Repo,
    site: Svc<SiteConfig>,
    feed: Svc<Feed>,
    view: View,
) -> Result<Response> {
    let live = feed.position();
    let page = listing.load(&repo, site.per_page).await?;
    let link = |number: u64| path!("/posts", ?listing.at(number));
    let links = PageLinks {
        number: page.number,
        pages: page.pages(),
        total: page.total,
        prev: (page.number > 1).then(|| link((page.number - 1).min(page.pages()))),
        next: (page.number < page.pages()).then(|| link(page.number + 1)),
    };
    let q = listing.q.clone().unwrap_or_default();
    let sort = listing.sort().to_owned();
    let live = (links.number == 1 && q.is_empty() && sort == "-id").then_some(live);
    let posts = entries(&repo, page.posts).await?;
    view.render("posts/index.html", Index { posts, page: links, q, sort, live })
}

#[derive(Serialize)]
struct Show {
    post: Post,
    image: Option<Image>,
    host: Option<String>,
    comments: Vec<Comment>,
    form: zzz::db::changeset::Form,
}

/// `GET /posts/:id`: a post with its comments.
///
/// # Errors
/// 404 if there is none.
pub async fn show(Path(id): Path<i64>, repo: Repo, view: View) -> Result<Response> {
    let post = repo.get::<Post>(id).await?.or_404()?;
    let form = Comment::changeset(Comment::default(), &Params::new());
    page(&repo, &view, post, &form).await
}

/// The page of a post, with the form for a comment as it stands.
///
/// # Errors
/// If the database does not answer.
pub async fn page(repo: &Repo, view: &View, post: Post, form: &Changeset<Comment>) -> Result<Response> {
    let comments =
        Comment::query().filter(Comment::post_id.eq(post.id)).order_by(Comment::id.asc()).all(repo).await?;
    let image = image_of(repo, post.id).await?;
    view.render("posts/show.html", Show { host: post.host(), post, image, comments, form: form.form() })
}

#[derive(Serialize)]
struct Editor {
    post: Post,
    form: zzz::db::changeset::Form,
}

impl Editor {
    fn new(changeset: &Changeset<Post>) -> Self {
        Self { post: changeset.data().clone(), form: changeset.form() }
    }
}

/// `GET /posts/new`: the empty form.
///
/// # Errors
/// If the template is wrong.
pub async fn new(view: View) -> Result<Response> {
    view.render("posts/new.html", Editor::new(&Changeset::new(Post::default())))
}

/// `POST /posts`: saves a post, or shows the form again with what is wrong.
///
/// # Errors
/// For clients who want JSON 422 as a problem document.
pub async fn create(
    repo: Repo,
    feed: Svc<Feed>,
    flash: Flash,
    view: View,
    WantsJson(wants_json): WantsJson,
    Form(params): Form<Params>,
) -> Result<Response> {
    match repo.insert(Post::changeset(Post::default(), &params)).await? {
        Ok(post) => {
            feed.announce(&post)?;
            flash.info("Posted.");
            redirect(path!("/posts/{post.id}"))
        }
        Err(changeset) if wants_json => Err(Error::unprocessable(changeset.field_errors())),
        Err(changeset) => view.status(422).render("posts/new.html", Editor::new(&changeset)),
    }
}

/// `GET /posts/:id/edit`: the form, filled.
///
/// # Errors
/// 404 if there is no such post.
pub async fn edit(Path(id): Path<i64>, repo: Repo, view: View) -> Result<Response> {
    let post = repo.get::<Post>(id).await?.or_404()?;
    view.render("posts/edit.html", Editor::new(&Changeset::new(post)))
}

/// `PATCH /posts/:id`: saves changes, or shows the form again with what is wrong.
///
/// # Errors
/// 404 if there is no such post; for clients who want JSON 422 as a problem document.
pub async fn update(
    Path(id): Path<i64>,
    repo: Repo,
    flash: Flash,
    view: View,
    WantsJson(wants_json): WantsJson,
    Form(params): Form<Params>,
) -> Result<Response> {
    let post = repo.get::<Post>(id).await?.or_404()?;
    match repo.update(Post::changeset(post, &params)).await? {
        Ok(post) => {
            flash.info("Saved.");
            redirect(path!("/posts/{post.id}"))
        }
        Err(changeset) if wants_json => Err(Error::unprocessable(changeset.field_errors())),
        Err(changeset) => view.status(422).render("posts/edit.html", Editor::new(&changeset)),
    }
}

/// `DELETE /posts/:id`: deletes a post with its comments and its image.
///
/// # Errors
/// 404 if there is no such post.
pub async fn delete(
    Path(id): Path<i64>,
    repo: Repo,
    gallery: Svc<Gallery>,
    flash: Flash,
) -> Result<Response> {
    let post = repo.get::<Post>(id).await?.or_404()?;
    gallery.delete_post(&repo, post).await?;
    flash.info("Deleted.");
    redirect(path!("/posts"))
}
