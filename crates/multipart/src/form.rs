//! [`MultipartForm`]: a whole form, its texts as a type and its files in temporary places.

use std::borrow::Cow;
use std::path::Path;

use serde::de::DeserializeOwned;
use zzz_core::http::extract::ViaBody;
use zzz_core::http::{FromRequest, OptionalFromRequest, Request};
use zzz_core::params::{self, Params};
use zzz_core::{Place, Result};

use crate::error::MultipartError;
use crate::file_kind::FileKind;
use crate::file_name;
use crate::multipart::Multipart;
use crate::spool::TempFile;

/// A whole form of `multipart/form-data`: its texts as a `T`, a struct, a map or [`Params`] for a changeset to cast; its
/// files in temporary places, from which they vanish with this value.
///
/// Texts nest by their names, as in a [`Form`](zzz_core::http::Form): `post[title]`, `tags[]`. A text that does not fit
/// is answered with 422 and the field's name; for all that [`Multipart`] refuses, see there. Texts together may take
/// `[upload] max_text` (413). A file field in which nobody has chosen a file is none. `_method` and `_csrf_token` are no
/// texts of the handler's, as in a `Form`.
///
/// ```no_run
/// use zzz_core::{Params, Result};
/// use zzz_multipart::{FileKind, MultipartForm};
///
/// async fn create(MultipartForm { fields, mut files }: MultipartForm<Params>) -> Result<String> {
///     let title = fields.text("title").unwrap_or("untitled");
///     match files.take("image") {
///         Some(image) if image.kind().is_some_and(FileKind::is_image) => {
///             image.save_to("data/uploads/7.png").await?;
///             Ok(format!("{title}, with an image"))
///         }
///         Some(_) => Ok("That is no image.".to_owned()),
///         None => Ok(title.to_owned()),
///     }
/// }
/// ```
#[derive(Debug)]
pub struct MultipartForm<T = Params> {
    /// The texts.
    pub fields: T,
    /// The files.
    pub files: Files,
}

/// The files of a form, in their order.
#[derive(Debug, Default)]
pub struct Files {
    entries: Vec<Upload>,
}

/// A file that was uploaded with a form, in a temporary place.
#[derive(Debug)]
pub struct Upload {
    name: String,
    raw_file_name: String,
    content_type: Option<String>,
    file: TempFile,
}

impl MultipartForm<Params> {
    /// Reads all parts; of the texts none is left out.
    ///
    /// # Errors
    /// As [`Multipart::next_part`], [`Part::text`](crate::Part::text) and
    /// [`Part::to_temp_file`](crate::Part::to_temp_file); 413 for more text than `[upload] max_text`, 400 for a name that
    /// nests too deep.
    pub async fn read(mut form: Multipart) -> Result<Self> {
        let mut pairs: Vec<(Cow<'_, str>, Cow<'_, str>)> = Vec::new();
        let mut files = Files::default();
        let max_text = form.uploads().config().max_text.0;
        let mut text_left = max_text;
        while let Some(part) = form.next_part().await? {
            let name = part.name().to_owned();
            let Some(raw_file_name) = part.raw_file_name().map(str::to_owned) else {
                let text = part.text(text_left).await.map_err(|error| match error.part() {
                    Some(_) if error.is_too_large() => MultipartError::texts_too_large(max_text),
                    _ => error,
                })?;
                // A thousand empty texts take memory for their names.
                let taken = (name.len() + text.len()) as u64;
                text_left =
                    text_left.checked_sub(taken).ok_or_else(|| MultipartError::texts_too_large(max_text))?;
                form.keep(name.len() + text.len());
                pairs.push((name.into(), text.into()));
                continue;
            };
            let content_type = part.content_type().map(str::to_owned);
            let file = part.to_temp_file().await?;
            if !raw_file_name.is_empty() || !file.is_empty() {
                files.entries.push(Upload { name, raw_file_name, content_type, file });
            }
        }
        let fields = Params::from_pairs(pairs).map_err(|error| error.into_rejection(Place::Form))?;
        Ok(Self { fields, files })
    }
}

impl<T: DeserializeOwned + Send> FromRequest<ViaBody> for MultipartForm<T> {
    async fn from_request(request: Request) -> Result<Self> {
        let form = Multipart::from_request(request).await?;
        let MultipartForm { fields, files } = MultipartForm::read(form).await?;
        let fields = params::from_form(fields).map_err(|error| error.into_rejection(Place::Form))?;
        Ok(Self { fields, files })
    }
}

/// `None` for a request without a body and without a `Content-Type`.
impl<T: DeserializeOwned + Send> OptionalFromRequest for MultipartForm<T> {
    async fn from_request_if_any(request: Request) -> Result<Option<Self>> {
        if request.announces_body() { Self::from_request(request).await.map(Some) } else { Ok(None) }
    }
}

impl Files {
    /// The first file of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Upload> {
        self.entries.iter().find(|upload| upload.name == name)
    }

    /// Every file of this name, in their order: a field with `multiple` sends several.
    pub fn get_all(&self, name: &str) -> impl Iterator<Item = &Upload> {
        self.entries.iter().filter(move |upload| upload.name == name)
    }

    /// Takes every file of this name out, in their order.
    pub fn take_all(&mut self, name: &str) -> Vec<Upload> {
        self.entries.extract_if(.., |upload| upload.name == name).collect()
    }

    /// Takes the first file of this name out.
    pub fn take(&mut self, name: &str) -> Option<Upload> {
        let at = self.entries.iter().position(|upload| upload.name == name)?;
        Some(self.entries.remove(at))
    }

    /// Every file, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Upload> {
        self.entries.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl IntoIterator for Files {
    type Item = Upload;
    type IntoIter = std::vec::IntoIter<Upload>;
    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl Upload {
    /// The name of the form's field.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file's name for people to read, as [`Part::file_name`](crate::Part::file_name).
    #[must_use]
    pub fn file_name(&self) -> Option<Cow<'_, str>> {
        file_name::display(&self.raw_file_name)
    }

    /// The file's name as the client sent it: it may be a path, have any character, and lie.
    #[must_use]
    pub fn raw_file_name(&self) -> &str {
        &self.raw_file_name
    }

    /// The media type that the client claims; [`kind`](Self::kind) looks at the content instead.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// What it is by its first bytes; `None` if they are nothing that [`FileKind`] knows.
    #[must_use]
    pub fn kind(&self) -> Option<FileKind> {
        self.file.kind()
    }

    /// The file itself.
    #[must_use]
    pub fn file(&self) -> &TempFile {
        &self.file
    }

    /// Saves it, see [`TempFile::save_to`].
    ///
    /// # Errors
    /// As there.
    pub async fn save_to(self, path: impl AsRef<Path>) -> Result<u64, MultipartError> {
        self.file.save_to(path).await
    }

    /// Saves it in a folder under a name of our own, see [`TempFile::save_in`].
    ///
    /// # Errors
    /// As there.
    pub async fn save_in(self, folder: impl AsRef<Path>) -> Result<String, MultipartError> {
        self.file.save_in(folder).await
    }
}
