//! [`Gallery`]: the files of images, in a folder of the site's.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use zzz::Root;
use zzz::multipart::TempFile;
use zzz::prelude::*;

use crate::SiteConfig;
use crate::models::{Image, Post};

/// The largest image in bytes.
pub const MAX_SIZE: u64 = 5 * 1024 * 1024;

/// How old a file without a row is before it is removed. One that is younger may be somebody's who is about to write it.
const ABANDONED: Duration = Duration::from_secs(3600);

/// The folder of uploaded images. Names in it are ours.
#[derive(Debug, Clone)]
pub struct Gallery {
    folder: PathBuf,
    /// Whether this process has looked for files without a row.
    swept: Arc<AtomicBool>,
}

impl Gallery {
    /// The images in the folder of the configuration, which is made when it is needed.
    #[must_use]
    pub fn new(site: Svc<SiteConfig>, root: Svc<Root>) -> Self {
        Self::at(root.join(&site.uploads))
    }

    /// The images in this folder, which is made when it is needed.
    #[must_use]
    pub fn at(folder: PathBuf) -> Self {
        Self { folder, swept: Arc::default() }
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
            let hung = hung?.1;
            if !gallery.swept.swap(true, Relaxed)
                && let Err(error) = gallery.sweep(&repo).await
            {
                tracing::warn!(%error, "images that nobody needs could not be looked for");
            }
            Ok(hung)
        })
        .await
    }

    /// Removes files without a row: those of a process that was killed between the two. The first upload of each process
    /// does it.
    ///
    /// # Errors
    /// If the folder can not be read, or the database does not answer.
    pub async fn sweep(&self, repo: &Repo) -> Result<()> {
        for entry in std::fs::read_dir(&self.folder)? {
            let entry = entry?;
            let (Ok(name), metadata) = (entry.file_name().into_string(), entry.metadata()?) else { continue };
            let age = metadata.modified()?.elapsed().unwrap_or_default();
            if metadata.is_file() && age > ABANDONED {
                let image: Option<Image> = repo.get_by(Image::file.eq(name.clone())).await?;
                if image.is_none() {
                    self.remove(&name);
                }
            }
        }
        Ok(())
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
    Ok(repo.get_by::<Image>(Image::post_id.eq(post_id)).await?)
}
