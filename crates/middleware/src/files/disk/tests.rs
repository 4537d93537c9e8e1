//! Files are read as they were when they were opened, or not to the end.

use std::fs;
use std::io::Write;

use zzz_core::http::share::POOL;
use zzz_core::http::{BodyStream, HeaderMap, Method};

use super::*;
use crate::files::content_type;

/// A folder of a test's own, gone when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("zzz-files-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn wanted(headers: &[(&'static str, &str)]) -> Wanted {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, value.parse().unwrap());
    }
    Wanted {
        asked: Conditions::of(&Method::GET, &map),
        content_type: HeaderValue::from_static(content_type::of("a.txt")),
        cache_control: HeaderValue::from_static("no-cache"),
        disposition: None,
        variants: true,
    }
}

async fn get(place: Place, headers: &[(&'static str, &str)]) -> Option<Response> {
    send(place, wanted(headers)).await.unwrap()
}

fn below(folder: &Folder, path: &str) -> Place {
    Place::Below(folder.0.clone(), path.to_owned())
}

/// Bytes of which each says where it is.
fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| u8::try_from((at / 251 + at) % 256).unwrap()).collect()
}

#[tokio::test]
async fn large_files_come_whole_and_in_parts() {
    let folder = Folder::new("large");
    let content = pattern(3 * LONGEST_CHUNK + 17);
    folder.file("large.bin", &content);
    let place = || below(&folder, "large.bin");
    let whole = get(place(), &[]).await.unwrap();
    assert_eq!(whole.headers()["content-length"], content.len().to_string());
    assert_eq!(whole.into_body().read().await.unwrap(), content);
    for (range, part) in [
        ("bytes=1-200000", &content[1..=200_000]),
        ("bytes=-70000", &content[content.len() - 70_000..]),
        ("bytes=0-0", &content[..1]),
    ] {
        let response = get(place(), &[("range", range)]).await.unwrap();
        assert_eq!(response.status(), 206);
        assert_eq!(response.headers()["content-length"], part.len().to_string());
        assert_eq!(response.into_body().read().await.unwrap(), part, "{range}");
    }
}

#[tokio::test]
async fn a_file_that_changes_while_it_is_sent_is_broken_off() {
    let folder = Folder::new("changes");
    let content = pattern(8 * LONGEST_CHUNK);
    type Change = fn(&Path);
    let cut: Change = |path| fs::OpenOptions::new().write(true).open(path).unwrap().set_len(10).unwrap();
    let rewritten: Change = |path| {
        let mut file = fs::OpenOptions::new().write(true).open(path).unwrap();
        file.write_all(b"another version").unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
    };
    for (name, change) in [("cut", cut), ("rewritten", rewritten)] {
        let path = folder.file(name, &content);
        let mut body = BodyStream::new(get(below(&folder, name), &[]).await.unwrap().into_body());
        let mut length = body.chunk().await.unwrap().unwrap().len();
        assert!(length < content.len());
        change(&path);
        let error = loop {
            match body.chunk().await {
                Ok(Some(chunk)) => {
                    assert_eq!(chunk, content[length..length + chunk.len()], "{name}: never a mix");
                    length += chunk.len();
                }
                Ok(None) => break "a clean end".to_owned(),
                Err(error) => break error.to_string(),
            }
        };
        assert!(error.contains("while it was read"), "{name}: {error}");
    }
    // One that is replaced, as tools do it, is another file: what is open stays as it was.
    let path = folder.file("replaced", &content);
    let response = get(below(&folder, "replaced"), &[]).await.unwrap();
    fs::rename(folder.file("new", b"new"), &path).unwrap();
    assert_eq!(response.into_body().read().await.unwrap(), content);
    assert_eq!(get(below(&folder, "replaced"), &[]).await.unwrap().into_body().read().await.unwrap(), "new");
}

#[cfg(unix)]
#[tokio::test]
async fn links_stay_inside_and_only_regular_files_are_sent() {
    use std::os::unix::fs::symlink;
    let folder = Folder::new("links");
    folder.file("root/a.txt", b"inside");
    folder.file("secret.txt", b"outside");
    let root = folder.0.join("root");
    symlink(root.join("a.txt"), root.join("inside")).unwrap();
    symlink(folder.0.join("secret.txt"), root.join("outside")).unwrap();
    symlink(&folder.0, root.join("up")).unwrap();
    symlink(root.join("nowhere"), root.join("broken")).unwrap();
    fs::create_dir(root.join("folder")).unwrap();
    let pipe = std::process::Command::new("mkfifo").arg(root.join("pipe")).status().unwrap();
    assert!(pipe.success());
    let below = |path: &str| Place::Below(root.clone(), path.to_owned());
    for path in ["a.txt", "inside"] {
        let body = get(below(path), &[]).await.unwrap().into_body();
        assert_eq!(body.read().await.unwrap(), "inside", "{path}");
    }
    for path in
        ["outside", "up/secret.txt", "up/root/../secret.txt", "broken", "folder", "pipe", "a.txt/b", "none"]
    {
        assert!(get(below(path), &[]).await.is_none(), "{path}");
    }
    assert!(get(below(&"x".repeat(5_000)), &[]).await.is_none());
    // A root that is a link itself, as deployments have it, is where it leads.
    symlink(&root, folder.0.join("current")).unwrap();
    assert!(get(Place::Below(folder.0.join("current"), "a.txt".into()), &[]).await.is_some());
}

#[tokio::test]
async fn a_variant_is_sent_if_it_is_wanted_and_not_older() {
    let folder = Folder::new("variants");
    let long_ago = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    let touch =
        |path: &Path, time| fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
    let original = folder.file("a.txt", b"0123456789");
    let gzip = folder.file("a.txt.gz", b"zip");
    for path in [&original, &gzip] {
        touch(path, long_ago);
    }
    let get = |accept: &'static str, range: &'static str| {
        let place = below(&folder, "a.txt");
        async move {
            let response = get(place, &[("accept-encoding", accept), ("range", range)]).await.unwrap();
            let header = |name: &str| {
                response.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned()
            };
            let head = (response.status().as_u16(), header("content-encoding"), header("content-range"));
            assert_eq!(header("vary"), "accept-encoding");
            assert_eq!(header("content-type"), "text/plain; charset=utf-8");
            (head, header("etag"), response.into_body().read().await.unwrap())
        }
    };
    let (head, plain_tag, body) = get("br", "").await;
    assert_eq!((head, body), ((200, String::new(), String::new()), "0123456789".into()));
    let (head, gzip_tag, body) = get("gzip", "").await;
    assert_eq!((head, body), ((200, "gzip".into(), String::new()), "zip".into()));
    assert_ne!(plain_tag, gzip_tag);
    let (head, _, body) = get("gzip", "bytes=1-").await;
    assert_eq!((head, body), ((206, "gzip".into(), "bytes 1-2/3".into()), "ip".into()));

    touch(&original, long_ago + std::time::Duration::from_secs(1));
    let (head, _, body) = get("gzip", "").await;
    assert_eq!((head, body), ((200, String::new(), String::new()), "0123456789".into()));
    let refused = send(below(&folder, "a.txt"), wanted(&[("accept-encoding", "identity;q=0")])).await;
    assert_eq!(refused.unwrap_err().status(), 406);
}

#[tokio::test]
async fn a_tag_is_weak_as_long_as_the_last_change_is_young() {
    let folder = Folder::new("weak");
    let path = folder.file("a.txt", b"young");
    let tag = |time: SystemTime| {
        let about = path.metadata().unwrap();
        ETag::of_file(&about, time).header().to_str().unwrap().to_owned()
    };
    let now = path.metadata().unwrap().modified().unwrap();
    let (young, settled) = (tag(now), tag(now + std::time::Duration::from_secs(60)));
    assert_eq!(young, format!("W/{settled}"));
    assert!(settled.starts_with('"') && settled.len() == 26, "{settled}");
}

#[tokio::test]
async fn many_files_at_once_are_sent_in_short_chunks() {
    let folder = Folder::new("many");
    let content = pattern(200_000);
    folder.file("a.bin", &content);
    let others = Share::of(POOL, POOL);
    let mut body = BodyStream::new(get(below(&folder, "a.bin"), &[]).await.unwrap().into_body());
    let mut all = Vec::new();
    let mut longest = 0;
    while let Some(chunk) = body.chunk().await.unwrap() {
        assert!(chunk.len() <= SHORTEST_CHUNK.max(all.len() / 4), "{} after {}", chunk.len(), all.len());
        longest = longest.max(chunk.len());
        all.extend_from_slice(&chunk);
    }
    assert_eq!(all, content);
    assert_eq!(longest, SHORTEST_FOR_READERS);
    drop(others);
}
