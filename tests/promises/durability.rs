//! What the app has acknowledged is there, whatever happens to the process.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use zzz_testing::TempDatabase;

use crate::support::{App, command, exchange};

#[test]
fn a_new_database_is_seeded_once_and_a_post_survives_a_restart() {
    let database = TempDatabase::new();
    let mut app = App::start(&mut command(&database));
    assert!(app.banner.contains("runs in dev at http://127.0.0.1:"), "{}", app.banner);
    assert!(app.banner.contains("(created, 3 migrations applied, seeded)"), "{}", app.banner);
    let count = |app: &App| app.get("/api/v1/posts").head.lines().any(|line| line == "x-total-count: 30");
    assert!(count(&app));
    let created = app.post_json("/api/v1/posts", r#"{"title": "It stays"}"#).unwrap();
    assert_eq!(created.status, 201, "{created:?}");
    app.signal("-TERM");
    assert_eq!(app.wait().0.code(), Some(0));

    let app = App::start(&mut command(&database));
    assert!(!app.banner.contains("created") && !app.banner.contains("seeded"), "{}", app.banner);
    assert!(app.get("/").body.contains("It stays"));
    assert!(app.get("/api/v1/posts").head.contains("x-total-count: 31"));
}

#[test]
fn kill_9_while_posting_loses_no_acknowledged_post() {
    const WRITERS: usize = 8;
    const BEFORE_KILL: usize = 60;
    let database = TempDatabase::new();
    for round in 0..3 {
        let mut app = App::start(&mut command(&database));
        let acknowledged = Arc::new(Mutex::new(Vec::new()));
        let next = Arc::new(AtomicUsize::new(0));
        let (enough, wait) = mpsc::channel();
        let writers: Vec<_> = (0..WRITERS)
            .map(|_| {
                let (address, acknowledged, next) = (app.address.clone(), acknowledged.clone(), next.clone());
                let enough = enough.clone();
                thread::spawn(move || {
                    loop {
                        let title = format!("round {round} post {}", next.fetch_add(1, Ordering::Relaxed));
                        let body = format!(r#"{{"title": "{title}", "body": "{}"}}"#, "x".repeat(500));
                        let request = format!(
                            "POST /api/v1/posts HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
                             content-length: {}\r\nconnection: close\r\n\r\n{body}",
                            body.len()
                        );
                        // The first that fails met a server that was killed.
                        let Ok(response) = exchange(&address, &request) else { return };
                        assert_eq!(response.status, 201, "{response:?}");
                        let id = response.json()["id"].as_i64().unwrap();
                        let mut acknowledged = acknowledged.lock().unwrap();
                        acknowledged.push((id, title));
                        if acknowledged.len() == BEFORE_KILL {
                            enough.send(()).unwrap();
                        }
                    }
                })
            })
            .collect();
        wait.recv().unwrap();
        app.kill();
        for writer in writers {
            writer.join().unwrap();
        }
        let app = App::start(&mut command(&database));
        for (id, title) in acknowledged.lock().unwrap().iter() {
            let found = app.get(&format!("/api/v1/posts/{id}"));
            assert_eq!((found.status, found.json()["title"].as_str()), (200, Some(title.as_str())));
        }
    }
}
