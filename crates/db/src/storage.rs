//! Creating and dropping whole databases: what `db create` and `db drop` do.

#[cfg(feature = "mysql")]
use crate::driver::mysql::storage as mysql;
#[cfg(feature = "postgres")]
use crate::driver::postgres::storage as postgres;
use crate::url::Target;
use crate::{DatabaseUrl, Result};

/// Creates the database if there is none, for SQLite with the folder it is to lie in; says whether it was
/// created, which is when an app seeds it.
///
/// # Errors
/// If it can not be created, or what is there is no database that can be written. The message is one
/// sentence that names the path. On a server the user needs the right to create databases; on PostgreSQL also
/// to connect to the one named `postgres`.
pub async fn create(url: &DatabaseUrl) -> Result<bool> {
    match &url.target {
        #[cfg(feature = "sqlite")]
        Target::Sqlite(path) => sqlite::create(path.clone()).await,
        #[cfg(feature = "postgres")]
        Target::Postgres(options) => postgres::create(options).await,
        #[cfg(feature = "mysql")]
        Target::Mysql(options) => Box::pin(mysql::create(options)).await,
        #[cfg(not(any(feature = "sqlite", feature = "postgres", feature = "mysql")))]
        Target::None(never) => match *never {},
    }
}

/// Deletes the database with everything in it; says whether there was one. Close every
/// [`Repo`](crate::Repo) of it before.
///
/// # Errors
/// If it can not be deleted; on PostgreSQL also while somebody is connected to it.
pub async fn drop(url: &DatabaseUrl) -> Result<bool> {
    match &url.target {
        #[cfg(feature = "sqlite")]
        Target::Sqlite(path) => sqlite::drop(path.clone()).await,
        #[cfg(feature = "postgres")]
        Target::Postgres(options) => postgres::drop(options).await,
        #[cfg(feature = "mysql")]
        Target::Mysql(options) => Box::pin(mysql::drop(options)).await,
        #[cfg(not(any(feature = "sqlite", feature = "postgres", feature = "mysql")))]
        Target::None(never) => match *never {},
    }
}

/// Whether the database exists; whether it can be used is seen on connecting.
///
/// # Errors
/// If that can not be found out.
pub async fn exists(url: &DatabaseUrl) -> Result<bool> {
    match &url.target {
        #[cfg(feature = "sqlite")]
        Target::Sqlite(path) => sqlite::exists(path.clone()).await,
        #[cfg(feature = "postgres")]
        Target::Postgres(options) => postgres::exists(options).await,
        #[cfg(feature = "mysql")]
        Target::Mysql(options) => Box::pin(mysql::exists(options)).await,
        #[cfg(not(any(feature = "sqlite", feature = "postgres", feature = "mysql")))]
        Target::None(never) => match *never {},
    }
}

#[cfg(feature = "sqlite")]
mod sqlite {
    //! A SQLite database is a file, and two more beside it while it is open.

    use std::io;
    use std::path::{Path, PathBuf};

    use crate::driver::sqlite::{create as create_file, on_a_thread};
    use crate::{Error, ErrorKind, Result};

    const THREAD: &str = "zzz-db storage";

    pub(super) async fn create(path: PathBuf) -> Result<bool> {
        on_a_thread(THREAD, move || {
            if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                std::fs::create_dir_all(folder).map_err(|error| {
                    let shown = folder.display();
                    // The system only says that something of that name exists.
                    let why = match folder.ancestors().find(|above| above.is_file()) {
                        Some(file) => format!("`{}` is a file", file.display()),
                        None => plain(&error),
                    };
                    let what = format!(
                        "the folder `{shown}` for the database `{}` can not be created: {why}",
                        path.display()
                    );
                    Error::with_source(ErrorKind::Storage, what, error)
                })?;
            }
            create_file(&path)
        })
        .await?
    }

    pub(super) async fn drop(path: PathBuf) -> Result<bool> {
        on_a_thread(THREAD, move || {
            if path.is_dir() {
                return Err(Error::new(
                    ErrorKind::Storage,
                    format!("`{}` is a folder, not a database; it is left alone", path.display()),
                ));
            }
            let existed = remove(&path)?;
            for suffix in ["-wal", "-shm", "-journal"] {
                let mut beside = path.clone().into_os_string();
                beside.push(suffix);
                remove(Path::new(&beside))?;
            }
            Ok(existed)
        })
        .await?
    }

    pub(super) async fn exists(path: PathBuf) -> Result<bool> {
        on_a_thread(THREAD, move || match path.try_exists() {
            Ok(exists) => Ok(exists),
            Err(error) => {
                let what =
                    format!("the database `{}` can not be looked for: {}", path.display(), plain(&error));
                Err(Error::with_source(ErrorKind::Storage, what, error))
            }
        })
        .await?
    }

    fn remove(path: &Path) -> Result<bool> {
        match std::fs::remove_file(path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => {
                let what = format!("`{}` can not be deleted: {}", path.display(), plain(&error));
                Err(Error::with_source(ErrorKind::Storage, what, error))
            }
        }
    }

    /// The system's words without `(os error 20)`.
    fn plain(error: &io::Error) -> String {
        let text = error.to_string();
        text.split(" (os error").next().unwrap_or(&text).to_owned()
    }
}
