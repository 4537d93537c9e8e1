//! A process that is killed, and one that can not write.
//!
//! Both are this program again, told by a variable to be a test's other half.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use zzz_db::{Error, Repo, Result};

use crate::file::{Db, Entry, config, open, with_file};

const FILE: &str = "ZZZ_TEST_SQLITE_FILE";

/// The file, in the other half.
fn told() -> Option<PathBuf> {
    std::env::var_os(FILE).map(PathBuf::from)
}

/// The program that runs only this test, as its other half.
fn other_half(test: &str, file: &Path) -> (PathBuf, Vec<String>, PathBuf) {
    let words = ["--exact", test, "--nocapture", "--test-threads=1"].map(str::to_owned).into();
    (std::env::current_exe().unwrap(), words, file.to_owned())
}

fn run(work: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(work);
}

#[test]
fn a_killed_process_has_kept_what_it_acknowledged() {
    const NAME: &str = "process::a_killed_process_has_kept_what_it_acknowledged";
    if let Some(file) = told() {
        return run(async {
            let repo = open(&file, &config()).await;
            for task in 0..16 {
                let repo = repo.clone();
                tokio::spawn(async move {
                    for n in 0.. {
                        let entry =
                            repo.insert(Entry { number: n * 16 + task, ..Entry::default() }).await.unwrap();
                        println!("kept {} {}", entry.id, entry.number);
                    }
                });
            }
            std::future::pending().await
        });
    }
    for enough in [1, 500, 3_000] {
        with_file(async |db| {
            let (program, words, file) = other_half(NAME, &db.file);
            db.repo.close().await;
            let mut child = Command::new(program)
                .args(words)
                .env(FILE, &file)
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
            let mut kept: Vec<(i64, i64)> = Vec::new();
            let read = |line: String| {
                let (id, number) = line.strip_prefix("kept ")?.split_once(' ')?;
                Some((id.parse().ok()?, number.parse().ok()?))
            };
            while kept.len() < enough {
                kept.extend(read(lines.next().unwrap().unwrap()));
            }
            // SIGKILL, in the middle of its work.
            child.kill().unwrap();
            child.wait().unwrap();
            // What it had said before it died; the last line may be cut.
            kept.extend(
                lines
                    .map_while(|line| line.ok())
                    .filter(|line| line.ends_with(|c: char| c.is_ascii_digit()))
                    .filter_map(read),
            );
            let repo = open(&file, &config()).await;
            let sound: Vec<(String,)> = repo.sql("PRAGMA integrity_check", []).await.unwrap();
            assert_eq!(sound, [("ok".to_owned(),)]);
            let mut found = std::collections::HashMap::new();
            for entry in Entry::query().all(&repo).await.unwrap() {
                found.insert(entry.id, entry.number);
            }
            // The very last line may have lost digits at its end.
            let (last, whole) = kept.split_last().unwrap();
            for (id, number) in whole {
                assert_eq!(found.get(id), Some(number), "row {id} of {} acknowledged", kept.len());
            }
            assert!(found.len() >= whole.len() && (kept.len() > 1 || found.get(&last.0) == Some(&last.1)));
            repo.close().await;
        });
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_commit_that_fails_fails_for_everybody() {
    const NAME: &str = "process::a_commit_that_fails_fails_for_everybody";
    if let Some(file) = told() {
        return run(async {
            let db = Db { repo: open(&file, &config()).await, file };
            let insert = |length: usize| {
                db.queue(move |repo: Repo| async move {
                    repo.execute("INSERT INTO notes (body) VALUES (?)", zzz_db::params!["x".repeat(length)])
                        .await
                })
            };
            // All of it fits into memory, and only COMMIT writes it to the file, which may not grow so far.
            let outcomes = db.together(|| (0..40).map(|_| insert(8_000)).collect()).await;
            let failed: Vec<Error> = outcomes.into_iter().filter_map(Result::err).collect();
            assert!(
                failed.iter().all(|error| error.to_string().contains("file can not be used")),
                "{failed:?}"
            );
            // Then there is room for a little one.
            db.together(|| vec![insert(1), insert(1)])
                .await
                .into_iter()
                .for_each(|kept| assert_eq!(kept.unwrap(), 1));
            let rows: Vec<(i64,)> = db.repo.sql("SELECT count(*) FROM notes", []).await.unwrap();
            println!("failed {} rows {}", failed.len(), rows[0].0);
        });
    }
    with_file(async |db| {
        let (program, words, file) = other_half(NAME, &db.file);
        db.repo.close().await;
        // In units of 512 bytes. What is ignored stays ignored in the program that takes the shell's place.
        let limited = "trap '' XFSZ; ulimit -f 300; exec \"$@\"";
        let output = Command::new("sh")
            .args(["-c", limited, "sh"])
            .arg(program)
            .args(words)
            .env(FILE, &file)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        // The first may have had a transaction of their own, on a slow machine: then the file had room for them.
        let told = text.split("failed ").nth(1).and_then(|rest| rest.lines().next()).expect(&text);
        let (failed, rows) = told.split_once(" rows ").expect(told);
        let (failed, rows): (i64, i64) = (failed.parse().unwrap(), rows.parse().unwrap());
        assert!(failed > 1, "{text}");
        assert_eq!(rows, 40 - failed + 2);
        let repo = open(&file, &config()).await;
        let kept: Vec<(i64, i64)> =
            repo.sql("SELECT length(body), count(*) FROM notes GROUP BY 1 ORDER BY 1", []).await.unwrap();
        assert_eq!(kept.first(), Some(&(1, 2)));
        assert_eq!(kept.iter().map(|(_, count)| count).sum::<i64>(), rows);
        repo.close().await;
    });
}
