//! Sandboxes of several processes: one that is killed leaves nothing behind, and who comes next uses what is there.

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use zzz_db::migrate::Migrations;
use zzz_db::sandbox::{Sandbox, SandboxOptions};
use zzz_db::{DatabaseUrl, storage};

use crate::backend::{Backend, Db, Post};
use crate::case;
use crate::sandbox::{migrations, titles};

/// Tells this program, started again, what it is to do: a backend's name, a URL, and a kind of sandbox.
const TASK: &str = "ZZZ_TEST_SANDBOX_TASK";

/// Another process with a sandbox in which it has written a post.
struct Other {
    process: Child,
    /// What it says, which has to go somewhere until it ends.
    _says: Lines<BufReader<ChildStdout>>,
    /// The database that it is in.
    url: DatabaseUrl,
}

impl Other {
    fn start(db: &Db, kind: &str) -> Self {
        db.has_sandboxes.set(true);
        let backend = format!("{:?}", db.backend);
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "sandbox_apart::another_process", "--nocapture"])
            .env(TASK, format!("{backend} {} {kind}", db.text))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let place = loop {
            let line = lines.next().expect("it says where it is").unwrap();
            // The harness writes the name of the test in front.
            if let Some((_, place)) = line.split_once("SANDBOX ") {
                break place.to_owned();
            }
        };
        Self {
            process,
            _says: lines,
            url: DatabaseUrl::parse(&with_user(db, &place), Path::new("/")).unwrap(),
        }
    }

    fn kill(mut self) -> DatabaseUrl {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.url
    }

    fn end(mut self) -> DatabaseUrl {
        drop(self.process.stdin.take());
        assert!(self.process.wait().unwrap().success());
        self.url
    }
}

/// A URL as it is printed lacks the password: the name of the database is what counts.
fn with_user(db: &Db, printed: &str) -> String {
    if db.backend == Backend::Sqlite {
        return printed.to_owned();
    }
    let (address, options) = db.text.split_once('?').unwrap_or((&db.text, ""));
    let (server, _) = address.rsplit_once('/').unwrap();
    format!("{server}/{}?{options}", printed.rsplit('/').next().unwrap())
}

/// What the other process does; nothing where this is not one.
#[test]
fn another_process() {
    let Ok(task) = std::env::var(TASK) else { return };
    let words: Vec<&str> = task.split(' ').collect();
    let backend = match words[0] {
        "Sqlite" => Backend::Sqlite,
        "Postgres" => Backend::Postgres,
        _ => Backend::Mysql,
    };
    let url = DatabaseUrl::parse(words[1], Path::new("/")).unwrap();
    let options = if words[2] == "unboxed" { SandboxOptions::new().unboxed() } else { SandboxOptions::new() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let sandbox = options.start(&url, &migrations(backend)).await.unwrap();
        sandbox.repo().insert(Post { title: "a".into(), ..Post::default() }).await.unwrap();
        println!("SANDBOX {}", sandbox.url());
        std::io::stdout().flush().unwrap();
        // Until it is killed, or told to end.
        let _ = std::io::stdin().read_line(&mut String::new());
    });
}

case! {
    fn two_processes_have_databases_of_their_own(db) {
        let other = Other::start(db, "boxed");
        let sandbox = db.sandbox().await;
        assert_ne!(*sandbox.url(), other.url);
        assert_eq!(titles(&sandbox.repo()).await, [""; 0]);
        other.end();
    }

    fn one_that_is_killed_leaves_nothing_in_what_the_next_one_uses(db) {
        let left = Other::start(db, "boxed").kill();
        let sandbox = db.sandbox().await;
        assert_eq!(titles(&sandbox.repo()).await, [""; 0]);
        let post = sandbox.repo().insert(Post { title: "a".into(), ..Post::default() }).await.unwrap();
        assert_eq!(post.id, 1);
        if db.backend == Backend::Sqlite {
            assert!(left.path().unwrap().exists());
            Sandbox::drop_databases(&db.url).await.unwrap();
            assert!(!left.path().unwrap().exists(), "it was swept");
            assert!(sandbox.url().path().unwrap().exists(), "and what is in use was not");
        }
    }

    fn an_unboxed_one_of_a_killed_process_is_swept(db) {
        let left = Other::start(db, "unboxed").kill();
        assert!(storage::exists(&left).await.unwrap());
        // The server may take a moment to see that the process is gone.
        while storage::exists(&left).await.unwrap() {
            drop(db.sandbox().await);
            Sandbox::drop_databases(&db.url).await.unwrap();
        }
    }

    fn other_migrations_make_it_anew(db) {
        let before = Other::start(db, "boxed").end();
        let text = db.backend.schema().replace("motto", "slogan");
        let edited = Migrations::new([("1_tables.sql", text.as_str())]).unwrap();
        db.has_sandboxes.set(true);
        let sandbox = Sandbox::start(&db.url, &edited).await.unwrap();
        let count = sandbox.repo().sql::<(i64,)>("SELECT count(*) FROM profiles WHERE slogan = 'x'", []).await.unwrap();
        assert_eq!(count, [(0,)]);
        if db.backend != Backend::Sqlite {
            // Unless the server has not seen yet that the other process has ended.
            let number = |url: &DatabaseUrl| url.to_string().rsplit('_').next().unwrap().parse::<u32>().unwrap();
            assert!(number(sandbox.url()) - number(&before) <= 1);
        }
    }

    fn nothing_is_left_when_all_are_dropped(db) {
        let (one, two) = (db.sandbox().await, db.sandbox().await);
        let places = [one.url().clone(), two.url().clone()];
        one.end().await;
        let dropped = Sandbox::drop_databases(&db.url).await.unwrap();
        assert_eq!(titles(&two.repo()).await, [""; 0], "one that is in use is left alone");
        if db.backend != Backend::Sqlite {
            assert_eq!(dropped.len(), 1);
        }
        two.end().await;
        Sandbox::drop_databases(&db.url).await.unwrap();
        for place in places {
            assert!(!storage::exists(&place).await.unwrap());
        }
    }
}
