//! The structure of a database as SQL: what is dumped can be loaded, and tells which migrations are applied.

use std::path::Path;

use zzz_db::migrate::{Code, Migrations, Migrator};
use zzz_db::migration::*;
use zzz_db::{DatabaseUrl, Repo, storage, structure};

use crate::backend::{Folder, config};
use crate::case;

fn shelves(m: &mut Change) {
    m.create_table("shelves", |t| t.add("name", string(20).not_null().default("it's")));
    m.create_table("volumes", |t| {
        t.add("shelf_id", references("shelves").on_delete(OnDelete::DeleteAll).not_null());
        t.add("title", string(20).not_null());
    });
    m.create_index(index("volumes", ["shelf_id"]));
    m.create_index(unique_index("volumes", ["title"]));
    if m.database() != Database::Postgres {
        m.run(
            "CREATE TRIGGER volumes_trim AFTER INSERT ON volumes FOR EACH ROW \
             BEGIN DELETE FROM shelves WHERE name = ''; END",
        );
    }
}

case! {
    fn what_is_dumped_makes_the_same_database(db) {
        let all = Migrations::from_code([("1_shelves", Code::change(shelves))]).unwrap();
        Migrator::new(&db.repo, &all).migrate().await.unwrap();
        db.repo.execute("INSERT INTO shelves (name) VALUES ('secret')", []).await.unwrap();
        let text = match structure::dump(&db.repo, &db.url).await {
            Ok(text) => text,
            Err(error) if error.to_string().contains("is not there; install") => {
                eprintln!("SKIPPED: {error}");
                return;
            }
            Err(error) => panic!("{error}"),
        };
        assert!(!text.contains("secret") && text.contains("(1, 'shelves', '"), "{text}");

        let folder = Folder::new();
        let url = DatabaseUrl::parse(&db.backend.fresh_url(&folder).unwrap(), Path::new("/")).unwrap();
        storage::create(&url).await.unwrap();
        let repo = Repo::connect(&url, &config()).await.unwrap();
        structure::load(&repo, &text).await.unwrap();
        let again = structure::load(&repo, &text).await.unwrap_err().to_string();
        repo.close().await;
        // Without what loading a text may have left in a session.
        let repo = Repo::connect(&url, &config()).await.unwrap();
        let pending = Migrator::new(&repo, &all).pending().await.unwrap();
        repo.execute("INSERT INTO shelves (name) VALUES ('a')", []).await.unwrap();
        repo.execute("INSERT INTO volumes (shelf_id, title) VALUES (1, 'b')", []).await.unwrap();
        let twice = repo.execute("INSERT INTO volumes (shelf_id, title) VALUES (1, 'b')", []).await.unwrap_err();
        let second = structure::dump(&repo, &url).await.unwrap();
        repo.close().await;
        let dropped = storage::drop(&url).await.unwrap();
        assert!(again.contains("has tables already") && pending.is_empty() && dropped);
        assert!(twice.is_unique_violation(), "{twice}");
        assert_eq!(second, text);
    }
}
