//! Reliability rows 42 to 45: forms with files that are too large, too many, broken off, or of evil names.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::harness::flow::{self, Answer, Flow, Transport, over_all};
use crate::harness::target::{Target, temp_folder};
use crate::harness::until;
use crate::harness::witness::Witness;

/// A part of a form: this head, this content.
fn part(disposition: &str, content: &str) -> String {
    format!("--zzz\r\ncontent-disposition: form-data; {disposition}\r\n\r\n{content}\r\n")
}

const END: &str = "--zzz--\r\n";
const KIND: &[(&str, &str)] = &[("content-type", "multipart/form-data; boundary=zzz")];

/// Files below a folder, without what is there for the folder's own sake.
fn files(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let below = |entry: fs::DirEntry| match entry.path().is_dir() {
        true => files(&entry.path()),
        false => vec![entry.path().display().to_string()],
    };
    entries.flatten().flat_map(below).filter(|path| !path.ends_with("/lock")).collect()
}

/// A target whose temporary files are in a folder of this test's.
struct Uploading {
    target: Target,
    folder: std::path::PathBuf,
}

impl Uploading {
    fn start(keys: &[(&str, &str)]) -> Self {
        let folder = temp_folder();
        fs::create_dir(folder.join("saved")).unwrap();
        let temp = folder.join("temp");
        let keys = [keys, &[("upload__temp_dir", temp.to_str().unwrap())]].concat();
        let saved = folder.join("saved");
        let target = Target::start_with(&keys, |command| command.env("TARGET_UPLOADS", saved));
        let uploading = Self { target, folder };
        // The first file makes a folder for all, which stays.
        let form = part("name=\"a\"; filename=\"f\"", "1") + END;
        assert_eq!(uploading.post(Transport::H1Length, form.as_bytes()).status, Some(200));
        for path in uploading.saved() {
            fs::remove_file(path).unwrap();
        }
        uploading
    }

    /// How many forms were taken, without the first.
    fn taken(&self) -> u64 {
        self.target.board().committed - 1
    }

    fn temporary(&self) -> Vec<String> {
        files(&self.folder.join("temp"))
    }

    fn saved(&self) -> Vec<String> {
        files(&self.folder.join("saved"))
    }

    fn post(&self, transport: Transport, body: &[u8]) -> Answer {
        flow::ask(transport, &self.target, ("POST", "/upload"), KIND, body)
    }

    /// Each of these forms gets one of these statuses over every transport, and leaves nothing.
    fn refuses(&mut self, forms: &[(&str, Vec<u8>)], statuses: &[u16]) {
        let witness = Witness::watch(&self.target);
        over_all(|transport| {
            for (what, form) in forms {
                let before = self.target.cpu();
                let status = self.post(transport, form).status;
                assert!(status.is_some_and(|it| statuses.contains(&it)), "{transport:?}, {what}: {status:?}");
                let cpu = self.target.cpu() - before;
                assert!(cpu < Duration::from_secs(3), "{transport:?}, {what}: {cpu:?} of CPU");
            }
        });
        until("nothing temporary is left", || self.temporary().is_empty());
        assert_eq!(self.saved(), Vec::<String>::new());
        assert_eq!(self.taken(), 0);
        witness.check(&mut self.target);
    }
}

impl Drop for Uploading {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn row_42_forms_beyond_their_limits_are_413() {
    let mut uploading = Uploading::start(&[]);
    let fields = |count: usize| part("name=\"a\"", "1").repeat(count) + END;
    let file = part("name=\"a\"; filename=\"f\"", "1");
    let big = part("name=\"a\"; filename=\"f\"", &"x".repeat(3 << 20)) + END;
    uploading.refuses(
        &[
            ("1,001 fields", fields(1001).into()),
            ("100,000 empty parts", (part("name=\"a\"", "").repeat(100_000) + END).into()),
            ("101 files", (file.repeat(101) + END).into()),
            ("3 MiB", big.into()),
            ("a text of 3 MiB", (part("name=\"a\"", &"x".repeat(3 << 20)) + END).into()),
        ],
        &[413],
    );
    over_all(|transport| {
        let answer = uploading.post(transport, fields(1000).as_bytes());
        assert_eq!(answer.status, Some(200), "{transport:?}: 1,000 fields are allowed: {}", answer.text());
    });
}

#[test]
fn row_42_an_upload_without_an_end_is_ended() {
    let mut uploading = Uploading::start(&[]);
    let witness = Witness::watch(&uploading.target);
    let piece = "x".repeat(64 << 10);
    for (what, begin, piece) in [
        (
            "a file",
            "--zzz\r\ncontent-disposition: form-data; name=\"a\"; filename=\"f\"\r\n\r\n",
            piece.as_str(),
        ),
        ("a preamble", "", piece.as_str()),
        ("a head", "--zzz\r\ncontent-disposition: form-data; name=\"a\"", piece.as_str()),
        (
            "what is nearly a boundary",
            "--zzz\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\n",
            "\r\n--zz\r\n--zz",
        ),
    ] {
        over_all(|transport| {
            let mut flow = Flow::open(transport, &uploading.target, ("POST", "/upload"), KIND, 1 << 40);
            let (mut sent, piece) = (begin.len(), piece.repeat((64 << 10) / piece.len()));
            flow.send(begin.as_bytes());
            while sent < 64 << 20 && flow.send(piece.as_bytes()) {
                sent += piece.len();
            }
            assert!(sent < 64 << 20, "{transport:?}, {what}: {sent} bytes were taken");
            let status = flow.answer().status;
            assert!(matches!(status, Some(400 | 413)), "{transport:?}, {what}: {status:?}");
        });
    }
    until("nothing temporary is left", || uploading.temporary().is_empty());
    witness.check(&mut uploading.target);
}

#[test]
fn row_42_heads_of_parts_that_are_too_long_are_400() {
    let mut uploading = Uploading::start(&[]);
    let escapes = "\\\"".repeat(50 << 10);
    let quotes = "%22".repeat(33 << 10);
    let value = "v".repeat(1 << 20);
    let long_head = |line: &str| {
        format!("--zzz\r\ncontent-disposition: form-data; name=\"a\"\r\n{line}\r\n\r\n1\r\n{END}")
    };
    uploading.refuses(
        &[
            ("a head of 1 MiB", long_head(&format!("x: {value}")).into()),
            ("10,000 headers", long_head(&["x: y"; 10_000].join("\r\n")).into()),
            (
                "a name of 100 KiB of escapes",
                (part(&format!("name=\"a\"; filename=\"{escapes}\""), "1") + END).into(),
            ),
            (
                "a name of 100 KiB of quotes",
                (part(&format!("name=\"a\"; filename=\"{quotes}\""), "1") + END).into(),
            ),
            ("10,000 parameters", (part(&"a=b; ".repeat(10_000), "1") + END).into()),
            ("a preamble of 1 MiB", format!("{value}\r\n{}{END}", part("name=\"a\"", "1")).into()),
        ],
        &[400],
    );
}

#[test]
fn row_43_forms_that_break_the_grammar_are_400() {
    let mut uploading = Uploading::start(&[]);
    let good = part("name=\"a\"", "1");
    let with_head = |head: &str| format!("--zzz\r\n{head}\r\n\r\n1\r\n{END}");
    uploading.refuses(
        &[
            ("nothing", b"".to_vec()),
            ("no boundary", b"abc".to_vec()),
            ("another boundary", good.replace("zzz", "yyy").into()),
            ("no last boundary", good.clone().into()),
            ("half a last boundary", format!("{good}--zzz-").into()),
            ("no head", format!("--zzz\r\n\r\n1\r\n{END}").into()),
            ("no disposition", with_head("content-type: text/plain").into()),
            ("another disposition", with_head("content-disposition: attachment; name=\"a\"").into()),
            ("two dispositions", with_head("content-disposition: form-data; name=\"a\"\r\ncontent-disposition: form-data; name=\"b\"").into()),
            ("no name", with_head("content-disposition: form-data").into()),
            ("a quote that never ends", with_head("content-disposition: form-data; name=\"a").into()),
            ("a name twice", with_head("content-disposition: form-data; name=\"a\"; name=\"b\"").into()),
            ("a folded head", with_head("content-disposition: form-data;\r\n name=\"a\"").into()),
            ("a head without a colon", with_head("content-disposition form-data; name=\"a\"").into()),
            ("NUL in a head", with_head("content-disposition: form-data; name=\"a\"\r\nx: \0").into()),
            ("LF for line ends", format!("{good}{END}").replace("\r\n", "\n").into()),
            ("base64", with_head("content-disposition: form-data; name=\"a\"\r\ncontent-transfer-encoding: base64").into()),
            ("text behind a boundary", format!("--zzz text\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\n1\r\n{END}").into()),
            ("a name that is no UTF-8", [&b"--zzz\r\ncontent-disposition: form-data; name=\"\xff\"\r\n\r\n1\r\n"[..], END.as_bytes()].concat()),
        ],
        &[400],
    );
    for (what, kind, statuses) in [
        ("no boundary", "multipart/form-data", &[400_u16][..]),
        ("an empty one", "multipart/form-data; boundary=", &[400]),
        ("an empty one in quotes", "multipart/form-data; boundary=\"\"", &[400]),
        ("one of 71 characters", &format!("multipart/form-data; boundary={}", "x".repeat(71)), &[400]),
        ("one with a forbidden character", "multipart/form-data; boundary=\"z*z\"", &[400]),
        ("two", "multipart/form-data; boundary=zzz; boundary=yyy", &[400]),
        ("another kind of multipart", "multipart/mixed; boundary=zzz", &[400, 415]),
        ("a form of another kind", "application/x-www-form-urlencoded", &[400, 415]),
    ] {
        over_all(|transport| {
            let body = format!("{good}{END}");
            let headers = [("content-type", kind)];
            let status =
                flow::ask(transport, &uploading.target, ("POST", "/upload"), &headers, body.as_bytes())
                    .status;
            assert!(status.is_some_and(|it| statuses.contains(&it)), "{transport:?}, {what}: {status:?}");
        });
    }
    assert_eq!(uploading.taken(), 0);
}

#[test]
fn row_44_an_upload_that_breaks_off_leaves_nothing() {
    let mut uploading = Uploading::start(&[]);
    let witness = Witness::watch(&uploading.target);
    let begin = "--zzz\r\ncontent-disposition: form-data; name=\"a\"; filename=\"f\"\r\n\r\n";
    let half = "x".repeat(512 << 10);
    over_all(|transport| {
        for dies in [true, false] {
            let mut flow = Flow::open(transport, &uploading.target, ("POST", "/upload"), KIND, 1 << 20);
            flow.send(begin.as_bytes());
            flow.send(half.as_bytes());
            until("a temporary file is there", || !uploading.temporary().is_empty());
            if dies {
                flow.abort();
            } else {
                // The rest never comes, and the client says so.
                flow.wire().finish();
                let status = flow.answer().status;
                assert!(matches!(status, None | Some(400)), "{transport:?}: {status:?}");
            }
            until("the temporary file is gone", || uploading.temporary().is_empty());
        }
    });
    assert_eq!((uploading.saved().len(), uploading.taken()), (0, 0));
    witness.check(&mut uploading.target);
}

#[test]
fn row_44_what_a_killed_server_leaves_is_swept_when_the_next_one_starts() {
    let mut uploading = Uploading::start(&[]);
    let mut flow = Flow::open(Transport::H1Length, &uploading.target, ("POST", "/upload"), KIND, 1 << 20);
    flow.send(b"--zzz\r\ncontent-disposition: form-data; name=\"a\"; filename=\"f\"\r\n\r\n");
    flow.send("x".repeat(512 << 10).as_bytes());
    until("a temporary file is there", || !uploading.temporary().is_empty());
    uploading.target.signal("KILL");
    uploading.target.wait();
    assert!(!uploading.temporary().is_empty(), "nobody could remove it");
    let temp = uploading.folder.join("temp");
    let _next = Target::start(&[("upload__temp_dir", temp.to_str().unwrap())]);
    until("it is swept", || uploading.temporary().is_empty());
}

#[test]
fn row_45_no_file_name_leads_out_of_the_folder() {
    let mut uploading = Uploading::start(&[]);
    let witness = Witness::watch(&uploading.target);
    let long = "n".repeat(4096);
    let names = [
        "../../evil",
        "..\\..\\evil",
        "/etc/passwd",
        "C:\\\\evil",
        "a/../../evil",
        "%2e%2e%2fevil",
        "..",
        ".",
        "",
        "evil\u{202e}gnp.exe",
        "CON",
        "nul.txt",
        "a:b",
        ".htaccess",
        "~/evil",
        "$(evil)",
        "-rf",
        "evil\\\"",
        "\u{e9}",
        &long,
    ];
    over_all(|transport| {
        for name in names {
            let form = part(&format!("name=\"a\"; filename=\"{name}\""), "content") + END;
            let answer = uploading.post(transport, form.as_bytes());
            match answer.status {
                Some(200) => {
                    let seen: Value = serde_json::from_slice(&answer.body).unwrap();
                    let shown = seen["files"][0]["name"].as_str().unwrap_or_default().to_owned();
                    let evil = |c: char| c.is_control() || "/\\\u{202e}\0".contains(c);
                    assert!(!shown.contains(evil) && shown != ".." && shown != ".", "{name}: {shown:?}");
                    assert!(shown.len() <= 255, "{name}: {} bytes", shown.len());
                }
                status => assert_eq!(status, Some(400), "{transport:?} {name}"),
            }
        }
        // A coded name is never read (RFC 7578, section 4.2), NUL is no text.
        for disposition in ["name=\"a\"; filename*=utf-8''..%2fevil", "name=\"a\"; filename=\"a\0b\""] {
            let status = uploading.post(transport, (part(disposition, "content") + END).as_bytes()).status;
            assert!(matches!(status, Some(200 | 400)), "{transport:?} {disposition:?}: {status:?}");
        }
    });
    for path in uploading.saved() {
        let name = Path::new(&path).file_name().unwrap().to_str().unwrap().to_owned();
        assert!(name.starts_with("upload-") && name[7..].parse::<u64>().is_ok(), "a name of ours: {path}");
    }
    let beside: Vec<String> =
        files(&uploading.folder).into_iter().filter(|path| path.contains("evil")).collect();
    assert_eq!(beside, Vec::<String>::new());
    witness.check(&mut uploading.target);
}
