//! Creating and dropping databases, and what stands in the way, in one sentence that names the path.

use std::path::PathBuf;

use zzz_db::{DatabaseUrl, ErrorKind, Repo, storage};

use crate::backend::{Folder, config};
#[cfg(feature = "postgres")]
use crate::case;

#[cfg(feature = "postgres")]
case! {
    fn a_database_on_a_server_is_created_found_and_dropped(db on Postgres) {
        let text = db.text.replace("zzz_test_", "zzz_test_ODD\"_");
        let url = DatabaseUrl::parse(&text.replace('"', "%22"), std::path::Path::new("/")).unwrap();
        assert!(!storage::exists(&url).await.unwrap());
        let error = Repo::connect(&url, &config()).await.unwrap_err();
        assert!(error.kind() == ErrorKind::Storage && error.to_string().contains("db create"), "{error}");
        assert!(storage::create(&url).await.unwrap());
        assert!(!storage::create(&url).await.unwrap());
        let repo = Repo::connect(&url, &config()).await.unwrap();
        let refused = storage::drop(&url).await.unwrap_err();
        assert!(refused.to_string().contains("being accessed"), "{refused}");
        repo.close().await;
        assert!(storage::drop(&url).await.unwrap());
        assert!(!storage::drop(&url).await.unwrap());
    }

    fn two_that_create_the_same_database_at_once_both_find_it(db on Postgres) {
        let text = db.text.replace("zzz_test_", "zzz_test_twice_");
        let url = DatabaseUrl::parse(&text, std::path::Path::new("/")).unwrap();
        let (one, two) = tokio::join!(storage::create(&url), storage::create(&url));
        assert!(one.unwrap() | two.unwrap());
        assert!(storage::drop(&url).await.unwrap());
    }

    fn a_server_that_is_not_there_is_named(db on Postgres) {
        // Nobody listens on the port of echo's neighbour.
        let url = DatabaseUrl::parse("postgres://u:hunter2@127.0.0.1:9/shop", std::path::Path::new("/")).unwrap();
        for error in [Repo::connect(&url, &config()).await.unwrap_err(), storage::create(&url).await.unwrap_err()] {
            let text = format!("{error} {error:?}");
            assert_eq!(error.kind(), ErrorKind::Storage);
            assert!(text.contains("127.0.0.1:9") && text.contains("refused") && !text.contains("hunter2"), "{text}");
        }
        assert!(db.repo.ping().await.is_ok());
    }

    fn tls_is_used_where_it_is_asked_for_or_refused_in_words(db on Postgres) {
        let url = DatabaseUrl::parse(&format!("{}&sslmode=require", db.text), std::path::Path::new("/")).unwrap();
        match Repo::connect(&url, &config()).await {
            Ok(repo) => {
                let encrypted = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
                assert_eq!(repo.sql::<bool>(encrypted, []).await.unwrap(), [true]);
                repo.close().await;
                let full = format!("{}&sslmode=verify-full", db.text);
                let url = DatabaseUrl::parse(&full, std::path::Path::new("/")).unwrap();
                let refused = Repo::connect(&url, &config()).await.unwrap_err();
                assert!(refused.to_string().contains("certificate"), "{refused}");
            }
            Err(error) => assert!(error.to_string().to_lowercase().contains("tls"), "{error}"),
        }
        let plain = db.with_options("sslmode=disable", &config()).await;
        let encrypted = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        assert_eq!(plain.sql::<bool>(encrypted, []).await.unwrap(), [false]);
        plain.close().await;
    }
}

fn run<T>(case: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(case)
}

/// What creating and what connecting says.
fn refused(path: PathBuf) -> (String, String) {
    let shown = path.display().to_string();
    let url = DatabaseUrl::sqlite(path);
    run(async {
        let created = storage::create(&url).await.unwrap_err();
        let connected = Repo::connect(&url, &config()).await.unwrap_err();
        for error in [&created, &connected] {
            assert_eq!(error.kind(), ErrorKind::Storage);
            assert!(error.to_string().contains(&shown) && !error.to_string().contains('\n'), "{error}");
        }
        (created.to_string(), connected.to_string())
    })
}

#[test]
fn creates_the_folder_too_and_tells_whether_it_created() {
    let folder = Folder::new();
    let url = DatabaseUrl::sqlite(folder.path().join("a/b/test.db"));
    run(async {
        assert!(!storage::exists(&url).await.unwrap());
        assert!(storage::create(&url).await.unwrap());
        assert!(!storage::create(&url).await.unwrap());
        assert!(storage::exists(&url).await.unwrap());
        let repo = Repo::connect(&url, &config()).await.unwrap();
        repo.execute("CREATE TABLE a (id)", []).await.unwrap();
        repo.close().await;
        assert!(storage::drop(&url).await.unwrap());
        assert!(!storage::drop(&url).await.unwrap());
        assert!(!storage::exists(&url).await.unwrap());
    });
}

#[test]
fn a_missing_database_is_not_created_by_connecting() {
    let folder = Folder::new();
    let url = DatabaseUrl::sqlite(folder.path().join("none.db"));
    let error = run(Repo::connect(&url, &config())).unwrap_err().to_string();
    assert!(error.contains("there is no database") && error.contains("db create"), "{error}");
    assert!(!folder.path().join("none.db").exists());
}

#[test]
fn a_folder_that_can_not_be_created_is_named() {
    let folder = Folder::new();
    std::fs::write(folder.path().join("file"), "x").unwrap();
    let (created, _) = refused(folder.path().join("file/test.db"));
    assert!(created.contains("the folder") && created.contains("can not be created"), "{created}");
}

#[test]
fn a_folder_in_place_of_the_database_is_named() {
    let folder = Folder::new();
    let (created, connected) = refused(folder.path().to_owned());
    assert!(created.contains("is a folder") && connected.contains("is a folder"), "{created}");
    let url = DatabaseUrl::sqlite(folder.path());
    assert!(run(storage::drop(&url)).unwrap_err().to_string().contains("left alone"));
}

#[test]
fn a_file_that_is_no_database_is_named_and_left_alone() {
    let folder = Folder::new();
    let path = folder.path().join("notes.txt");
    std::fs::write(&path, "these are my notes, not a database\n".repeat(50)).unwrap();
    let (created, connected) = refused(path.clone());
    assert!(created.contains("is not a SQLite database") && connected.contains("is not a SQLite database"));
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("these are my notes"));
}

#[test]
fn a_damaged_database_is_an_error_and_not_a_crash() {
    let folder = Folder::new();
    let path = folder.path().join("test.db");
    let url = DatabaseUrl::sqlite(&path);
    run(async {
        storage::create(&url).await.unwrap();
        let repo = Repo::connect(&url, &config()).await.unwrap();
        repo.execute("CREATE TABLE a (text TEXT)", []).await.unwrap();
        repo.execute("INSERT INTO a VALUES (?)", zzz_db::params!["x".repeat(20_000)]).await.unwrap();
        repo.close().await;
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[100..].fill(0xa5);
        std::fs::write(&path, bytes).unwrap();
        let outcome = async {
            let repo = Repo::connect(&url, &config()).await?;
            repo.sql::<(String,)>("SELECT text FROM a", []).await
        };
        let error = outcome.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Storage, "{error}");
        assert!(error.to_string().contains("damaged"), "{error}");
    });
}

#[test]
fn a_path_that_may_not_be_written_is_named() {
    // Nobody may create files there, not even root.
    let error = run(storage::create(&DatabaseUrl::sqlite("/proc/zzz/test.db"))).unwrap_err();
    assert!(error.to_string().contains("/proc/zzz") && error.kind() == ErrorKind::Storage, "{error}");
    let error = run(storage::create(&DatabaseUrl::sqlite("/proc/test.db"))).unwrap_err();
    assert!(error.to_string().contains("/proc/test.db"), "{error}");
}
