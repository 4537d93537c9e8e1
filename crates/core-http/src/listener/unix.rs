//! Listening on a unix socket: its file is replaced only if nobody listens there, and goes when we do.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use socket2::{Domain, SockAddr, Type};

use super::{BACKLOG, Place, Socket};
use crate::error::ServeError;

/// Who may connect: the owner and the group. A proxy in front is made a member of the group.
const MODE: u32 = 0o660;

/// How long another process may take to listen in the same folder.
const PATIENCE: Duration = Duration::from_secs(5);

/// Listens on the socket `path`.
pub(super) fn bind(path: &Path) -> Result<Place, ServeError> {
    let name = format!("unix:{}", path.display());
    let (listener, file) =
        open(path).map_err(|error| ServeError::bind(&name, error, "choose another path with `listen`"))?;
    let listener = std::os::unix::net::UnixListener::from(listener);
    Ok(Place { sockets: vec![Socket::Unix(listener)], name, address: None, file: Some(file) })
}

fn open(path: &Path) -> io::Result<(socket2::Socket, SocketFile)> {
    let path = std::path::absolute(path)?;
    let address = SockAddr::unix(&path)?;
    // Between the look at an old file and the making of a new one no other server may do the same.
    let _lock = lock_folder(path.parent().unwrap_or(&path))?;
    remove_stale(&path, &address)?;
    let socket = socket2::Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address)?;
    let file = SocketFile::of(path)?;
    // Nobody can connect before `listen`, so there is no moment with a wider mode.
    fs::set_permissions(&file.path, fs::Permissions::from_mode(MODE))?;
    socket.listen(BACKLOG)?;
    Ok((socket, file))
}

/// Holds other servers off this folder until the file is dropped.
fn lock_folder(folder: &Path) -> io::Result<File> {
    let file = File::open(folder)?;
    let until = Instant::now() + PATIENCE;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(fs::TryLockError::WouldBlock) if Instant::now() < until => {
                thread::sleep(Duration::from_millis(5))
            }
            Err(fs::TryLockError::WouldBlock) => {
                let message = format!("another process holds a lock on the folder {}", folder.display());
                return Err(io::Error::other(message));
            }
            // A file system without locks: the check below is all there is.
            Err(fs::TryLockError::Error(_)) => return Ok(file),
        }
    }
}

/// Removes what a server that was killed has left behind.
fn remove_stale(path: &Path, address: &SockAddr) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
        Ok(found) if !found.file_type().is_socket() => {
            return Err(io::Error::new(
                io::ErrorKind::AlreadyExists,
                "there is a file of that name that is no socket",
            ));
        }
        Ok(_) => {}
    }
    let client = socket2::Socket::new(Domain::UNIX, Type::STREAM, None)?;
    client.set_nonblocking(true)?;
    match client.connect(address) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(error),
        // Also a queue that is full belongs to somebody.
        _ => Err(io::ErrorKind::AddrInUse.into()),
    }
}

/// The file of a socket that we have made. Dropping it removes the file, if it is still ours.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    /// Device and inode. The inode is not given to another file as long as the socket is open.
    identity: (u64, u64),
}

impl SocketFile {
    fn of(path: PathBuf) -> io::Result<Self> {
        let identity = identity(&path)?;
        Ok(Self { path, identity })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|now| now == self.identity) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|found| (found.dev(), found.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// A folder that is removed when this is dropped.
    struct Folder(PathBuf);

    impl Folder {
        fn new() -> Self {
            static COUNT: AtomicUsize = AtomicUsize::new(0);
            let name = format!("zzz-unix-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
            let folder = std::env::temp_dir().join(name);
            fs::create_dir_all(&folder).unwrap();
            Self(folder)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn lets_owner_and_group_in_and_removes_its_file_at_the_end() {
        let folder = Folder::new();
        let path = folder.0.join("app.sock");
        let place = bind(&path).unwrap();
        assert_eq!(fs::symlink_metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
        UnixStream::connect(&path).unwrap();
        drop(place);
        assert!(!path.exists());
    }

    #[test]
    fn replaces_the_file_of_a_server_that_was_killed() {
        let folder = Folder::new();
        let path = folder.0.join("app.sock");
        drop(UnixListener::bind(&path).unwrap());
        assert!(path.exists(), "the standard library leaves it behind");
        let _place = bind(&path).unwrap();
        UnixStream::connect(&path).unwrap();
    }

    #[test]
    fn refuses_a_socket_in_use_and_a_file_that_is_none() {
        let folder = Folder::new();
        let path = folder.0.join("app.sock");
        let _place = bind(&path).unwrap();
        let error = bind(&path).unwrap_err();
        assert!(error.is_address_in_use(), "{error}");
        assert!(error.to_string().contains("choose another path with `listen`"), "{error}");
        UnixStream::connect(&path).unwrap();

        let file = folder.0.join("file");
        fs::write(&file, "mine").unwrap();
        let error = bind(&file).unwrap_err();
        assert!(error.to_string().contains("no socket"), "{error}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "mine");

        let error = bind(&folder.0.join("nowhere/app.sock")).unwrap_err();
        assert!(error.to_string().contains("nowhere/app.sock"), "{error}");
    }

    #[test]
    fn leaves_a_file_that_is_not_its_own() {
        let folder = Folder::new();
        let path = folder.0.join("app.sock");
        let place = bind(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let _other = UnixListener::bind(&path).unwrap();
        drop(place);
        assert!(path.exists());
    }

    #[test]
    fn of_many_that_start_at_once_over_a_stale_file_one_gets_the_socket() {
        let folder = Folder::new();
        let path = folder.0.join("app.sock");
        for _ in 0..300 {
            drop(UnixListener::bind(&path).unwrap());
            let start = std::sync::Barrier::new(4);
            let bound = std::thread::scope(|scope| {
                let tries: Vec<_> = (0..4)
                    .map(|_| {
                        scope.spawn(|| {
                            start.wait();
                            bind(&path).ok()
                        })
                    })
                    .collect();
                tries.into_iter().filter_map(|tried| tried.join().unwrap()).collect::<Vec<_>>()
            });
            assert_eq!(bound.len(), 1);
        }
    }
}
