//! Static files over the wire, from the disk as in dev and from within the program as in a release.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use zzz_testing::TempDatabase;

use crate::support::{App, command, root, run};

/// The app with its files on the disk, and the app that carries them inside.
fn both() -> [(&'static str, App, TempDatabase); 2] {
    let (one, other) = (TempDatabase::new(), TempDatabase::new());
    let on_disk = App::start(&mut command(&one));
    let embedded = |database: &TempDatabase| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_embedded_app"));
        command
            .env_clear()
            .env("ZZZ_ROOT", root())
            .env("PORT", "0")
            .env("SECRET_KEY_BASE", "s".repeat(64))
            .env("DATABASE_URL", database.url())
            .env("LOG", "warn")
            .env("ZZZ_ENV", "prod");
        command
    };
    assert_eq!(run(embedded(&other).args(["db", "create"])).0, Some(0));
    assert_eq!(run(embedded(&other).arg("migrate")).0, Some(0));
    let inside = App::start(&mut embedded(&other));
    [("on the disk", on_disk, one), ("inside", inside, other)]
}

/// Status, head and bytes of the answer to a request with these header lines.
fn ask(app: &App, method: &str, path: &str, headers: &str) -> (u16, String, Vec<u8>) {
    let mut stream = TcpStream::connect(&app.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let request = format!("{method} {path} HTTP/1.1\r\nhost: x\r\n{headers}connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut all = Vec::new();
    stream.read_to_end(&mut all).unwrap();
    let end = all.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(all[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head, all[end + 4..].to_vec())
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let found = head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    found.unwrap_or_default()
}

#[test]
fn a_file_comes_whole_in_parts_or_not_at_all() {
    let css = std::fs::read(root().join("static/app.css")).unwrap();
    let length = css.len();
    for (name, app, _database) in &both() {
        let (status, head, body) = ask(app, "GET", "/static/app.css", "");
        assert_eq!((status, body == css), (200, true), "{name}: {head}");
        for (header_name, value) in [
            ("content-length", length.to_string().as_str()),
            ("content-type", "text/css; charset=utf-8"),
            ("accept-ranges", "bytes"),
            ("cache-control", "no-cache"),
            ("vary", "accept-encoding"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(header(&head, header_name), value, "{name}: {header_name}");
        }
        let (etag, modified) = (header(&head, "etag").to_owned(), header(&head, "last-modified").to_owned());
        assert!(modified.ends_with(" GMT"), "{name}: {head}");

        let (status, head, body) = ask(app, "HEAD", "/static/app.css", "range: bytes=0-1\r\n");
        assert_eq!(
            (status, header(&head, "content-length"), body.len()),
            (200, length.to_string().as_str(), 0)
        );
        assert_eq!(header(&head, "etag"), etag, "{name}");

        for (range, first, last) in [
            ("bytes=0-0", 0, 0),
            ("bytes=100-199", 100, 199),
            ("bytes=-10", length - 10, length - 1),
            ("bytes=5-", 5, length - 1),
            ("bytes=0-9,5-19", 0, 19),
        ] {
            let (status, head, body) = ask(app, "GET", "/static/app.css", &format!("range: {range}\r\n"));
            assert_eq!((status, &body[..]), (206, &css[first..=last]), "{name}: {range}: {head}");
            assert_eq!(header(&head, "content-range"), format!("bytes {first}-{last}/{length}"), "{name}");
        }
        let many = format!(
            "range: bytes={}\r\n",
            (0..1_000).map(|at| format!("{}-{}", 2 * at, 2 * at)).collect::<Vec<_>>().join(",")
        );
        let (status, _, body) = ask(app, "GET", "/static/app.css", &many);
        assert_eq!((status, body.len()), (200, length), "{name}: a thousand ranges");
        let (status, head, _) = ask(app, "GET", "/static/app.css", &format!("range: bytes={length}-\r\n"));
        assert_eq!(
            (status, header(&head, "content-range")),
            (416, format!("bytes */{length}").as_str()),
            "{name}"
        );

        for condition in [format!("if-none-match: {etag}"), format!("if-modified-since: {modified}")] {
            let (status, head, body) = ask(app, "GET", "/static/app.css", &format!("{condition}\r\n"));
            assert_eq!(
                (status, body.len(), header(&head, "etag")),
                (304, 0, etag.as_str()),
                "{name}: {condition}"
            );
            assert_eq!(
                [header(&head, "vary"), header(&head, "cache-control")],
                ["accept-encoding", "no-cache"]
            );
        }
        let (status, ..) = ask(app, "GET", "/static/app.css", "if-match: \"another\"\r\n");
        assert_eq!(status, 412, "{name}");
        let (status, ..) = ask(app, "GET", "/static/app.css", "accept-encoding: *;q=0\r\n");
        assert_eq!(status, 406, "{name}");
    }
}

#[test]
fn nothing_but_files_of_the_folder_is_served() {
    for (name, app, _database) in &both() {
        for path in [
            "../Cargo.toml",
            "%2e%2e/Cargo.toml",
            "..%5cCargo.toml",
            "%252e%252e/Cargo.toml",
            "%c0%ae%c0%ae/Cargo.toml",
            "app.css%00",
            "/etc/passwd",
            "%2fetc%2fpasswd",
            ".git/config",
            "",
            ".",
            "app.css/",
        ] {
            let (status, head, body) = ask(app, "GET", &format!("/static/{path}"), "");
            assert!(matches!(status, 400 | 404), "{name}: {path}: {head}");
            let body = String::from_utf8_lossy(&body).into_owned();
            assert!(!body.contains("root:") && !body.contains("[workspace]"), "{name}: {path}");
        }
    }
}
