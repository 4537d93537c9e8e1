//! What an upload costs, and that nothing is left of one that breaks off.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use zzz_testing::TempDatabase;

use crate::support::{App, upload_command};

const HEAD: &str = "--X\r\nContent-Disposition: form-data; name=a; filename=b\r\n\r\n";
const END: &str = "\r\n--X--\r\n";

/// Sends the head of a request with a file of so many bytes, or of an unknown number.
fn begin(app: &App, length: Option<u64>) -> TcpStream {
    let mut stream = TcpStream::connect(&app.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
    let how = match length {
        Some(length) => format!("content-length: {}", HEAD.len() as u64 + length + END.len() as u64),
        None => "transfer-encoding: chunked".into(),
    };
    let head = format!(
        "POST /upload HTTP/1.1\r\nhost: x\r\ncontent-type: multipart/form-data; boundary=X\r\n{how}\r\n\
         connection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

/// The temporary files of all processes that had this place.
fn files(place: &TempDatabase) -> Vec<PathBuf> {
    let folders = fs::read_dir(place.folder().join("temp")).into_iter().flatten().flatten();
    let files = folders.flat_map(|folder| fs::read_dir(folder.path()).into_iter().flatten().flatten());
    files.map(|entry| entry.path()).filter(|path| path.file_name().unwrap() != "lock").collect()
}

/// Waits until it is so.
fn until(what: &str, so: impl Fn() -> bool) {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < Duration::from_secs(20), "{what} does not happen");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// An upload of which a half has come, and is on the disk for a good part.
fn half_an_upload(app: &App, place: &TempDatabase) -> TcpStream {
    const LENGTH: u64 = 4 << 20;
    let mut stream = begin(app, Some(LENGTH));
    stream.write_all(HEAD.as_bytes()).unwrap();
    stream.write_all(&vec![b'x'; LENGTH as usize / 2]).unwrap();
    until("a temporary file", || {
        files(place).iter().any(|file| fs::metadata(file).is_ok_and(|file| file.len() > LENGTH / 4))
    });
    stream
}

#[test]
fn an_upload_that_breaks_off_leaves_no_file() {
    let place = TempDatabase::new();
    let app = App::start(&mut upload_command(&place));
    let mut stream = half_an_upload(&app, &place);
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(files(&place).is_empty());

    drop(half_an_upload(&app, &place));
    until("an empty folder", || files(&place).is_empty());
}

#[test]
fn what_a_killed_app_leaves_is_removed_when_it_starts_again() {
    let place = TempDatabase::new();
    let mut app = App::start(&mut upload_command(&place));
    let _stream = half_an_upload(&app, &place);
    // Another app on the same folder removes nothing that is in use.
    let _other = App::start(&mut upload_command(&place));
    assert_eq!(files(&place).len(), 1);
    app.kill();
    assert_eq!(files(&place).len(), 1, "kill -9 leaves no time");
    let _again = App::start(&mut upload_command(&place));
    assert!(files(&place).is_empty());
    assert_eq!(fs::read_dir(place.folder().join("temp")).unwrap().count(), 0);
}

#[test]
fn an_app_that_is_stopped_leaves_no_folder() {
    let place = TempDatabase::new();
    let mut app = App::start(&mut upload_command(&place));
    drop(half_an_upload(&app, &place));
    until("an empty folder", || files(&place).is_empty());
    app.signal("-TERM");
    assert_eq!(app.wait().0.code(), Some(0));
    assert_eq!(fs::read_dir(place.folder().join("temp")).unwrap().count(), 0);
}

/// The most memory that a process ever had.
#[cfg(target_os = "linux")]
fn peak(app: &App) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", app.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1024
}

#[cfg(target_os = "linux")]
#[test]
fn a_long_upload_costs_no_more_memory_than_a_short_one() {
    const BLOCK: usize = 1 << 20;
    let place = TempDatabase::new();
    let app = App::start(&mut upload_command(&place));
    let send = |blocks: usize, chunked: bool| {
        let mut stream = begin(&app, (!chunked).then_some((blocks * BLOCK) as u64));
        let block = vec![b'x'; BLOCK];
        let mut piece = |bytes: &[u8]| {
            if chunked {
                write!(stream, "{:x}\r\n", bytes.len()).unwrap();
            }
            stream.write_all(bytes).unwrap();
            if chunked {
                stream.write_all(b"\r\n").unwrap();
            }
        };
        piece(HEAD.as_bytes());
        (0..blocks).for_each(|_| piece(&block));
        piece(END.as_bytes());
        if chunked {
            piece(b"");
        }
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.ends_with(&format!("\r\n\r\n{}", blocks * BLOCK)), "{answer}");
    };
    send(1, false);
    let before = peak(&app);
    for (blocks, chunked) in [(1024, false), (128, true)] {
        send(blocks, chunked);
        let grown = peak(&app) - before;
        assert!(grown < 16 << 20, "{grown} bytes more for {blocks} MiB");
    }
}
