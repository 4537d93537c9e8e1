//! Where files are, while and after a form is read; and that they are nowhere else.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http_body::Frame;
use tokio::sync::mpsc;
use zzz_core::config::ByteSize;
use zzz_core::http::Body;
use zzz_multipart::{Boundary, FileKind, Multipart, TempFolder, UploadConfig, Uploads};

/// A folder of a test's own.
struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!("zzz-multipart-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(path.join("temp")).unwrap();
        fs::create_dir_all(path.join("saved")).unwrap();
        Self(path)
    }

    fn uploads(&self) -> Arc<Uploads> {
        let temp_dir = Some(self.0.join("temp").display().to_string());
        Arc::new(Uploads::new(UploadConfig {
            temp_dir,
            max_total: ByteSize(u64::MAX),
            ..UploadConfig::default()
        }))
    }

    fn saved(&self, name: &str) -> PathBuf {
        self.0.join("saved").join(name)
    }

    /// Every file but locks, in both folders.
    fn files(&self) -> Vec<PathBuf> {
        fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { walk(&path, found) } else { found.push(path) }
            }
        }
        let mut found = Vec::new();
        walk(&self.0, &mut found);
        found.retain(|path| path.file_name().unwrap() != "lock");
        found
    }

    #[track_caller]
    fn assert_empty(&self) {
        let files = self.files();
        assert!(files.is_empty(), "{files:?} are left");
    }

    /// The process's folders of temporary files.
    fn folders(&self) -> Vec<PathBuf> {
        fs::read_dir(self.0.join("temp")).unwrap().map(|entry| entry.unwrap().path()).collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const HEAD: &[u8] = b"--X\r\nContent-Disposition: form-data; name=a; filename=\"../../etc/passwd\"\r\n\r\n";
const END: &[u8] = b"\r\n--X--\r\n";

/// A form of one file.
fn form(uploads: &Arc<Uploads>, content: &[u8]) -> Multipart {
    of_body(uploads, Body::from([HEAD, content, END].concat()))
}

fn of_body(uploads: &Arc<Uploads>, body: Body) -> Multipart {
    let boundary = Boundary::of("multipart/form-data; boundary=X").unwrap();
    Multipart::new(&boundary, body, Arc::clone(uploads))
}

/// A body that is sent as the test goes.
struct Channel(mpsc::Receiver<Bytes>);

impl http_body::Body for Channel {
    type Data = Bytes;
    type Error = std::io::Error;
    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        self.0.poll_recv(cx).map(|chunk| chunk.map(|chunk| Ok(Frame::data(chunk))))
    }
}

fn channel(uploads: &Arc<Uploads>) -> (mpsc::Sender<Bytes>, Multipart) {
    let (sender, receiver) = mpsc::channel(1);
    (sender, of_body(uploads, Body::from_http_body(Channel(receiver))))
}

#[tokio::test]
async fn a_temporary_file_holds_the_content_until_it_is_dropped() {
    let place = Place::new();
    let uploads = place.uploads();
    for length in [0, 1, 100_000, 3_000_000] {
        let content: Vec<u8> = b"\x89PNG\r\n\x1a\n".iter().copied().cycle().take(length).collect();
        let mut form = form(&uploads, &content);
        let file = form.next_part().await.unwrap().unwrap().to_temp_file().await.unwrap();
        assert!(form.next_part().await.unwrap().is_none());
        assert_eq!((file.len(), file.kind()), (length as u64, FileKind::of(&content)));
        assert!(file.read().await.unwrap() == content && fs::read(file.path()).unwrap() == content);
        assert_eq!(place.files(), [file.path()]);
        assert!(!file.path().display().to_string().contains("passwd"));
        drop(file);
        assert!(place.files().is_empty());
    }
    drop(uploads);
    assert!(place.folders().is_empty(), "the folder goes with the last who needs it");
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_can_look_into_the_folder() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let uploads = place.uploads();
    assert!(place.folders().is_empty(), "without a file there is no folder");
    let _file = form(&uploads, b"x").next_part().await.unwrap().unwrap().to_temp_file().await.unwrap();
    assert_eq!(fs::metadata(&place.folders()[0]).unwrap().permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn no_file_is_left_by_an_error_on_the_way() {
    let place = Place::new();
    let uploads = place.uploads();
    let truncated = || of_body(&uploads, Body::from([HEAD, &[b'x'; 600_000][..]].concat()));
    let limited = || form(&uploads, &[b'x'; 600_000]);
    let save = place.saved("never");
    let mut this = truncated();
    assert!(this.next_part().await.unwrap().unwrap().to_temp_file().await.unwrap_err().is_incomplete());
    let mut this = truncated();
    assert!(this.next_part().await.unwrap().unwrap().save_to(&save).await.unwrap_err().is_incomplete());
    let mut this = limited();
    let part = this.next_part().await.unwrap().unwrap().limit(599_999);
    assert_eq!(part.to_temp_file().await.unwrap_err().status(), 413);
    let mut this = limited();
    let part = this.next_part().await.unwrap().unwrap().limit(599_999);
    assert_eq!(part.save_to(&save).await.unwrap_err().status(), 413);
    place.assert_empty();
}

#[tokio::test]
async fn no_file_is_left_by_a_panic_or_a_dropped_future() {
    let place = Place::new();
    let uploads = place.uploads();
    let mut this = form(&uploads, b"x");
    let panicking = tokio::spawn(async move {
        let _file = this.next_part().await.unwrap().unwrap().to_temp_file().await.unwrap();
        panic!("on purpose");
    });
    assert!(panicking.await.unwrap_err().is_panic());
    place.assert_empty();

    for saved in [false, true] {
        let (sender, mut this) = channel(&uploads);
        let path = place.saved("never");
        let task = tokio::spawn(async move {
            let part = this.next_part().await.unwrap().unwrap();
            if saved { part.save_to(path).await.map(|_| ()) } else { part.to_temp_file().await.map(|_| ()) }
        });
        sender.send(Bytes::from_static(HEAD)).await.unwrap();
        // Each is taken when the one before it is written or waits to be, so the file is there by then.
        for _ in 0..10 {
            sender.send(Bytes::from(vec![b'x'; 300_000])).await.unwrap();
        }
        assert!(!place.files().is_empty());
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        place.assert_empty();
    }
}

#[tokio::test]
async fn a_part_is_saved_under_its_name_and_only_when_it_is_complete() {
    let place = Place::new();
    let uploads = place.uploads();
    let (sender, mut this) = channel(&uploads);
    let path = place.saved("owl.png");
    let task = tokio::spawn({
        let path = path.clone();
        async move { this.next_part().await.unwrap().unwrap().save_to(path).await }
    });
    sender.send(Bytes::from_static(HEAD)).await.unwrap();
    for _ in 0..10 {
        sender.send(Bytes::from(vec![b'x'; 300_000])).await.unwrap();
    }
    assert!(!path.exists());
    sender.send(Bytes::from_static(END)).await.unwrap();
    assert_eq!(task.await.unwrap().unwrap(), 3_000_000);
    assert_eq!(fs::read(&path).unwrap(), vec![b'x'; 3_000_000]);
    assert_eq!(place.files(), [path]);
}

#[tokio::test]
async fn what_is_there_is_not_replaced() {
    let place = Place::new();
    let uploads = place.uploads();
    let path = place.saved("owl.png");
    fs::write(&path, "the first").unwrap();
    let mut this = form(&uploads, b"x");
    let error = this.next_part().await.unwrap().unwrap().save_to(&path).await.unwrap_err();
    assert!(error.is_exists() && error.status() == 500, "{error}");
    let mut this = form(&uploads, b"x");
    let file = this.next_part().await.unwrap().unwrap().to_temp_file().await.unwrap();
    assert!(file.save_to(&path).await.unwrap_err().is_exists());
    assert_eq!(fs::read(&path).unwrap(), b"the first");
    assert_eq!(place.files(), [path]);
}

#[tokio::test]
async fn a_temporary_file_is_saved_by_giving_it_its_name() {
    let place = Place::new();
    let uploads = place.uploads();
    let mut this = form(&uploads, b"content");
    let file = this.next_part().await.unwrap().unwrap().to_temp_file().await.unwrap();
    let path = place.saved("owl.png");
    assert_eq!(file.save_to(&path).await.unwrap(), 7);
    assert_eq!(fs::read(&path).unwrap(), b"content");
    assert_eq!(place.files(), [path]);
}

#[tokio::test]
async fn a_temporary_file_is_saved_under_a_name_of_ours() {
    let place = Place::new();
    let uploads = place.uploads();
    let mut names = Vec::new();
    for (content, ending) in [(&b"GIF89a"[..], ".gif"), (b"GIF89a", ".gif"), (b"<svg/>", "")] {
        let mut this = form(&uploads, content);
        let file = this.next_part().await.unwrap().unwrap().to_temp_file().await.unwrap();
        let name = file.save_in(place.saved("new/folder")).await.unwrap();
        let random = name.strip_suffix(ending).unwrap();
        assert!(random.len() == 32 && random.chars().all(|c| c.is_ascii_hexdigit()), "{name}");
        assert_eq!(fs::read(place.saved("new/folder").join(&name)).unwrap(), content);
        assert!(!names.contains(&name));
        names.push(name);
    }
    assert_eq!(place.files().len(), 3);
}

/// `/dev/shm` is another file system on every Linux machine; where it is the same, this tests the same as above.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_temporary_file_is_copied_to_another_file_system() {
    let shm = Path::new("/dev/shm");
    if !shm.is_dir() {
        return;
    }
    let place = Place::new();
    let uploads = place.uploads();
    let path = shm.join(format!("zzz-multipart-{}", std::process::id()));
    let _ = fs::remove_file(&path);
    let mut this = form(&uploads, b"content");
    let file = this.next_part().await.unwrap().unwrap().to_temp_file().await.unwrap();
    assert_eq!(file.save_to(&path).await.unwrap(), 7);
    assert_eq!(fs::read(&path).unwrap(), b"content");
    fs::remove_file(&path).unwrap();
    place.assert_empty();
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_an_error_and_no_file() {
    let place = Place::new();
    let uploads = place.uploads();
    let mut this = form(&uploads, b"x");
    let error =
        this.next_part().await.unwrap().unwrap().save_to(place.saved("no/owl.png")).await.unwrap_err();
    assert_eq!(error.status(), 500);
    place.assert_empty();
}

#[tokio::test]
async fn a_temporary_folder_that_was_cleared_is_made_again() {
    let place = Place::new();
    let uploads = place.uploads();
    for _ in 0..2 {
        let mut this = form(&uploads, b"x");
        let file = this.next_part().await.unwrap().unwrap().to_temp_file().await.unwrap();
        assert_eq!(file.len(), 1);
        for folder in place.folders() {
            fs::remove_dir_all(folder).unwrap();
        }
    }
}

/// What a killed process leaves: a folder with a lock that nobody holds, and a file elsewhere.
fn leftovers(place: &Place, id: &str) -> (PathBuf, PathBuf) {
    let folder = place.0.join("temp").join(format!("zzz-uploads-{id}"));
    let elsewhere = place.saved(&format!(".zzz-upload-{id}-1"));
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("lock"), "").unwrap();
    fs::write(folder.join("0"), "half of a file").unwrap();
    fs::write(folder.join("1.elsewhere"), elsewhere.display().to_string()).unwrap();
    fs::write(&elsewhere, "half of another").unwrap();
    (folder, elsewhere)
}

#[tokio::test]
async fn what_a_killed_process_left_is_swept_and_nothing_else() {
    let place = Place::new();
    let (dead, elsewhere) = leftovers(&place, "0123456789abcdef");
    // One that lives, in this process.
    let uploads = place.uploads();
    let mut this = form(&uploads, b"alive");
    let file = this.next_part().await.unwrap().unwrap().to_temp_file().await.unwrap();
    // One that is being made, and things that are none of ours.
    let making = place.0.join("temp/zzz-uploads-making");
    fs::create_dir(&making).unwrap();
    fs::write(place.0.join("temp/zzz-uploads-file"), "a file").unwrap();
    fs::create_dir(place.0.join("temp/other")).unwrap();
    let precious = place.saved("precious.png");
    fs::write(&precious, "precious").unwrap();
    let (liar, theirs) = leftovers(&place, "liar");
    fs::write(liar.join("2.elsewhere"), precious.display().to_string()).unwrap();

    let folder = TempFolder::within(place.0.join("temp"));
    assert_eq!(folder.sweep().unwrap(), 2);
    assert!(!dead.exists() && !elsewhere.exists() && !liar.exists() && !theirs.exists());
    assert!(making.exists() && precious.exists() && place.0.join("temp/other").exists());
    assert_eq!(file.read().await.unwrap(), b"alive");
    assert_eq!(folder.sweep().unwrap(), 0);
    assert_eq!(TempFolder::within(place.0.join("nowhere")).sweep().unwrap(), 0);
}
