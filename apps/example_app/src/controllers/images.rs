//! Images of posts: uploaded, shown, deleted.

use serde::Serialize;
use zzz::http::{HeaderValue, header};
use zzz::middleware::files::SendFile;
use zzz::multipart::{MultipartError, TempFile};
use zzz::prelude::*;

use crate::client::WantsJson;
use crate::gallery::{Gallery, MAX_SIZE, image_of};
use crate::models::{Image, Post};
use crate::router::path;

/// How many posts the form offers.
const OFFERED: u64 = 100;

/// The longest text of the form, in bytes.
const MAX_TEXT: u64 = 10_000;

/// What browsers may do with an image that somebody opens by itself: show it.
const SANDBOX: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox");

/// Files have names that are never used again.
const FOREVER: &str = "public, max-age=31536000, immutable";

#[derive(Serialize)]
struct Choice {
    id: i64,
    title: String,
    chosen: bool,
}

#[derive(Serialize)]
struct Editor {
    posts: Vec<Choice>,
    form: zzz::db::changeset::Form,
    /// What is wrong with the form as a whole.
    problem: Option<String>,
}

/// `?post=7`
#[derive(serde::Deserialize)]
pub struct Chosen {
    post: Option<i64>,
}

/// `GET /upload`: the form, with a post chosen by `?post=`.
///
/// # Errors
/// 404 if there is no such post.
pub async fn new(Query(Chosen { post }): Query<Chosen>, repo: Repo, view: View) -> Result<Response> {
    let mut image = Image::default();
    if let Some(id) = post {
        repo.get::<Post>(id).await?.or_404()?;
        image = image_of(&repo, id).await?.unwrap_or(Image { post_id: id, ..image });
    }
    page(&repo, &view, &Changeset::new(image), None).await
}

async fn page(
    repo: &Repo,
    view: &View,
    changeset: &Changeset<Image>,
    problem: Option<String>,
) -> Result<Response> {
    let chosen = changeset.get_field(Image::post_id).unwrap_or_default();
    let mut posts = Post::query().order_by(Post::id.desc()).limit(OFFERED).all(repo).await?;
    if chosen != 0 && posts.iter().all(|post| post.id != chosen) {
        posts.extend(repo.get::<Post>(chosen).await?);
    }
    let choice = |post: Post| Choice { id: post.id, title: post.title, chosen: post.id == chosen };
    let posts = posts.into_iter().map(choice).collect();
    view.render("images/new.html", Editor { posts, form: changeset.form(), problem })
}

/// What came with the form as its image.
enum Picked {
    Nothing,
    /// A file that is no image, or none that is taken.
    Other,
    Image(TempFile, String),
}

/// `POST /upload`: makes the image that of the post, or shows the form again with what is wrong.
///
/// # Errors
/// 400, 413 and 415 as [`Multipart`] says; for clients who want JSON 422 as a problem document.
pub async fn create(
    repo: Repo,
    gallery: Svc<Gallery>,
    flash: Flash,
    view: View,
    WantsJson(wants_json): WantsJson,
    form: Result<Multipart>,
) -> Result<Response> {
    let read = match form {
        Ok(form) => read(form).await.map_err(Error::from),
        Err(error) => Err(error),
    };
    let (params, picked) = match read {
        Err(error) if error.status() == 413 && !wants_json => {
            let problem = Some("The image is too large: it may have at most 5 MiB.".to_owned());
            return page(&repo, &view.status(413), &Changeset::new(Image::default()), problem).await;
        }
        read => read?,
    };
    let id = params.text("post_id").and_then(|id| id.trim().parse().ok());
    let image = match id {
        Some(id) => image_of(&repo, id).await?.unwrap_or_default(),
        None => Image::default(),
    };
    let changeset = Image::changeset(image, &params);
    let refused = match picked {
        Picked::Image(file, name) if changeset.is_valid() => {
            match gallery.hang(&repo, changeset, file, name).await? {
                Ok(image) => {
                    flash.info("The image is there.");
                    return redirect(path!("/posts/{image.post_id}"));
                }
                Err(changeset) => changeset,
            }
        }
        Picked::Image(..) => changeset,
        Picked::Nothing => changeset.add_error(Image::file, "can't be blank"),
        Picked::Other => changeset.add_error(Image::file, "must be a PNG, JPEG, GIF or WebP image"),
    };
    if wants_json {
        return Err(Error::unprocessable(refused.field_errors()));
    }
    page(&repo, &view.status(422), &refused.with_action(zzz::db::changeset::Action::Insert), None).await
}

async fn read(mut form: Multipart) -> Result<(Params, Picked), MultipartError> {
    let (mut params, mut picked) = (Params::new(), Picked::Nothing);
    while let Some(mut part) = form.next_part().await? {
        if !part.is_file() {
            let name = part.name().to_owned();
            params.insert(name, zzz::Param::Text(part.text(MAX_TEXT).await?));
        } else if Gallery::takes(part.kind().await?) {
            let name = part.file_name().unwrap_or_default().into_owned();
            picked = Picked::Image(part.limit(MAX_SIZE).to_temp_file().await?, name);
        } else if part.raw_file_name() != Some("") {
            picked = Picked::Other;
        }
    }
    Ok((params, picked))
}

/// `GET /uploads/:file`: an image. It is never run: browsers are told its type, not to guess another, and to run
/// nothing should somebody open it by itself.
///
/// # Errors
/// 404 if no post has it.
pub async fn show(
    Path(file): Path<String>,
    repo: Repo,
    gallery: Svc<Gallery>,
    send: SendFile,
) -> Result<Response> {
    let image: Image = repo.get_by::<Image>(Image::file.eq(file)).await?.or_404()?;
    let send = send.inline(&image.name).content_type(image.media_type).cache_control(FOREVER);
    let mut response = send.file_below(gallery.folder(), &image.file).await?;
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, SANDBOX);
    Ok(response)
}

/// `DELETE /posts/:post_id/image`: takes the image of a post away.
///
/// # Errors
/// 404 if there is no such post, or if it has no image.
pub async fn delete(
    Path(post_id): Path<i64>,
    repo: Repo,
    gallery: Svc<Gallery>,
    flash: Flash,
) -> Result<Response> {
    let image = image_of(&repo, post_id).await?.or_404()?;
    let image = repo.delete(image).await?;
    gallery.remove(&image.file);
    flash.info("The image is deleted.");
    redirect(path!("/posts/{post_id}"))
}
