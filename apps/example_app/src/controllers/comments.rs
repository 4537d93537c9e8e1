//! Comments under a post.

use zzz::prelude::*;

use super::posts;
use crate::client::WantsJson;
use crate::models::{Comment, Post};
use crate::router::path;

/// `POST /posts/:post_id/comments`: saves a comment, or shows the post again with what is wrong.
///
/// # Errors
/// 404 if there is no such post; for clients who want JSON 422 as a problem document.
pub async fn create(
    Path(post_id): Path<i64>,
    repo: Repo,
    flash: Flash,
    view: View,
    WantsJson(wants_json): WantsJson,
    Form(params): Form<Params>,
) -> Result<Response> {
    let post = repo.get::<Post>(post_id).await?.or_404()?;
    let comment = Comment { post_id, ..Comment::default() };
    match repo.insert(Comment::changeset(comment, &params)).await? {
        Ok(_) => {
            flash.info("Your comment is there.");
            redirect(path!("/posts/{post_id}"))
        }
        Err(changeset) if wants_json => Err(Error::unprocessable(changeset.field_errors())),
        Err(changeset) => posts::page(&repo, &view.status(422), post, &changeset).await,
    }
}

/// `DELETE /posts/:post_id/comments/:id`: deletes a comment.
///
/// # Errors
/// 404 if there is no such comment under this post.
pub async fn delete(Path((post_id, id)): Path<(i64, i64)>, repo: Repo, flash: Flash) -> Result<Response> {
    let comment =
        repo.get_by::<Comment>(Comment::id.eq(id).and(Comment::post_id.eq(post_id))).await?.or_404()?;
    repo.delete(comment).await?;
    flash.info("The comment is deleted.");
    redirect(path!("/posts/{post_id}"))
}
