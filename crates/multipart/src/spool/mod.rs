//! Files: received into temporary ones, saved under their final names.
//!
//! | file | holds |
//! |---|---|
//! | `folder` | [`TempFolder`]: a folder of the process's own, and what dead ones left |
//! | `writer` | chunks to a file, in big pieces, on threads that may block |
//! | `temp_file` | [`TempFile`]: a file that is gone when it is dropped |
//! | `staged` | a file that gets its name when it is complete |

mod folder;
mod staged;
mod temp_file;
mod writer;

use std::io;
use std::path::Path;

pub use folder::TempFolder;
pub use temp_file::TempFile;

use self::staged::Staged;
use self::writer::Writer;
use crate::error::MultipartError;
use crate::part::Part;

/// Writes a part's content to a temporary file.
pub(crate) async fn spool(part: &mut Part<'_>, folder: &TempFolder) -> Result<TempFile, MultipartError> {
    let kind = part.kind().await?;
    let folder = folder.clone();
    let (mut temp, file) = blocking(move || TempFile::create(&folder)).await?;
    let (_, length) = receive(part, Writer::new(file)).await?;
    temp.complete(length, kind);
    Ok(temp)
}

/// Writes a part's content to a new file at `path`, and gives its length.
pub(crate) async fn save(
    part: &mut Part<'_>,
    folder: &TempFolder,
    path: &Path,
) -> Result<u64, MultipartError> {
    let (folder, path) = (folder.clone(), path.to_owned());
    let (mut staged, file) = blocking(move || Staged::create(&folder, &path)).await?;
    let (file, length) = receive(part, Writer::new(file)).await?;
    let staged = blocking(move || {
        file.sync_all()?;
        staged.put()?;
        Ok(staged)
    });
    staged.await?.keep();
    Ok(length)
}

async fn receive(part: &mut Part<'_>, mut writer: Writer) -> Result<(std::fs::File, u64), MultipartError> {
    while let Some(chunk) = part.chunk().await? {
        writer.push(chunk).await.map_err(MultipartError::storage)?;
    }
    writer.finish().await.map_err(MultipartError::storage)
}

/// Does work that may block on a thread of tokio's for that. If nobody waits any more, its result is dropped where
/// it was made, and what the result stands for is removed.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, MultipartError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(MultipartError::storage),
        Err(error) => Err(MultipartError::storage(io::Error::other(error))),
    }
}
