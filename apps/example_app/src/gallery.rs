//! [`Gallery`]: the files of images, in a folder of the site's.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use zzz::multipart::TempFile;
use zzz::prelude::*;

use crate::models::{Image, Post};

/// The largest image in bytes.
pub const MAX_SIZE: u64 = 5 * 1024 * 1024;

/// The folder of uploaded images. Names in it are ours.
#[derive(Debug, Clone)]
pub struct Gallery {
    folder: PathBuf,
}

impl Gallery {
    /// The images in this folder, which is made when it is needed.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What can be the image of a post. What browsers would run, such as SVG, can not.
    #[must_use]
    pub fn takes(kind: Option<FileKind>) -> bool {
        matches!(kind, Some(FileKind::Png | FileKind::Jpeg | FileKind::Gif | FileKind::Webp))
    }

    /// Makes a file the image of a post, in place of the one that it had.
    ///
    /// # Errors
    /// If the file can not be saved, or the database does not answer; then the old image stays, and no file of the new
    /// one is left.
    pub async fn hang(
        &self,
        repo: &Repo,
        changeset: Changeset<Image>,
        file: TempFile,
        name: String,
    ) -> Result<Result<Image, Changeset<Image>>> {
        let (gallery, repo) = (self.clone(), repo.clone());
        // Also if the client goes away: between a file and its row is no good place to stop.
        zzz::finish(async move {
            let media_type = file.kind().map_or("application/octet-stream", FileKind::media_type);
            let byte_size = i64::try_from(file.len()).unwrap_or(i64::MAX);
            let saved = file.save_in(&gallery.folder).await?;
            let changeset = changeset
                .put_change(Image::file, saved.clone())
                .put_change(Image::media_type, media_type.to_owned())
                .put_change(Image::byte_size, byte_size)
                .put_change(Image::name, name);
            let hung: zzz::db::Result<_> = repo
                .transaction(async |tx| {
                    // Read here: somebody else may have replaced the image meanwhile, and then it is that one's turn.
                    match changeset.data().id {
                        0 => Ok((None, tx.insert(changeset).await?)),
                        id => {
                            let before = tx.get::<Image>(id).await?.map(|image| image.file);
                            Ok((before, tx.update(changeset).await?))
                        }
                    }
                })
                .await;
            match &hung {
                Ok((before, Ok(_))) => before.iter().for_each(|file| gallery.remove(file)),
                Ok((_, Err(_))) | Err(_) => gallery.remove(&saved),
            }
            Ok(hung?.1)
        })
        .await
    }

    /// Deletes a post with all that belongs to it.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn delete_post(&self, repo: &Repo, post: Post) -> Result<()> {
        let image = image_of(repo, post.id).await?;
        repo.delete(post).await?;
        image.iter().for_each(|image| self.remove(&image.file));
        Ok(())
    }

    /// Removes the file of an image. The row is gone by then, so a file that stays is only a little room lost.
    pub fn remove(&self, file: &str) {
        match std::fs::remove_file(self.folder.join(file)) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                tracing::warn!(file, %error, "an image could not be removed");
            }
            _ => {}
        }
    }
}

/// The image of a post, if it has one.
///
/// # Errors
/// If the database does not answer.
pub async fn image_of(repo: &Repo, post_id: i64) -> Result<Option<Image>> {
    Ok(repo.get_by(Image::post_id.eq(post_id)).await?)
}
