//! Migrations in Rust on a real database: there and back, tables built anew, and what is kept of them.

use zzz_db::migrate::{Code, Migration, Migrations, Migrator, Repair, State};
use zzz_db::migration::*;
use zzz_db::{Repo, params};

use crate::backend::Backend;
use crate::case;

type Tell = fn(&mut Change);

fn code<const N: usize>(all: [(&str, Tell); N]) -> Migrations {
    Migrations::from_code(all.map(|(name, change)| (name, Code::change(change)))).unwrap()
}

fn versions(done: Vec<&Migration>) -> Vec<i64> {
    done.into_iter().map(Migration::version).collect()
}

async fn count(repo: &Repo, sql: &str) -> i64 {
    repo.sql::<(i64,)>(sql, []).await.unwrap()[0].0
}

fn create(m: &mut Change) {
    m.create_table("authors", |t| {
        t.add("name", string(50).not_null());
    });
    m.create_table("books", |t| {
        t.add("title", string(20).not_null());
        t.add("pages", integer().not_null().default(1));
        t.add("author_id", references("authors").on_delete(OnDelete::DeleteAll).not_null());
        t.timestamps();
        t.check("books_pages_positive", "pages > 0");
    });
    m.create_index(index("books", ["author_id"]));
    m.create_index(unique_index("books", ["title"]));
}

fn change(m: &mut Change) {
    m.alter_table("books", |t| {
        t.add("isbn", string(13));
        t.modify("title", string(200)).from(string(20).not_null());
        t.modify("pages", bigint().not_null().default(7)).from(integer().not_null().default(1));
    });
    m.rename_column("books", "pages", "length");
    m.create_constraint(check("books", "books_isbn_long", "isbn IS NULL OR length(isbn) = 13"));
}

fn shrink(m: &mut Change) {
    m.alter_table("books", |t| {
        t.remove("author_id").was(references("authors").on_delete(OnDelete::DeleteAll));
    });
    m.drop_table("authors").was(|t| t.add("name", string(50).not_null()));
}

async fn fill(repo: &Repo) {
    repo.execute("INSERT INTO authors (name) VALUES ('Ada')", []).await.unwrap();
    for title in ["one", "two", "three"] {
        let sql = format!(
            "INSERT INTO books (title, author_id, inserted_at, updated_at) \
             VALUES ('{title}', 1, '2026-11-21 12:00:00', '2026-11-21 12:00:00')"
        );
        repo.execute(&sql, []).await.unwrap();
    }
}

case! {
    fn a_migration_goes_there_and_back(db) {
        let all = code([("1_create", create), ("2_change", change)]);
        let migrator = Migrator::new(&db.repo, &all);
        assert_eq!(versions(migrator.migrate_to(1).await.unwrap()), [1]);
        fill(&db.repo).await;
        assert_eq!(versions(migrator.migrate().await.unwrap()), [2]);
        assert_eq!(versions(migrator.migrate().await.unwrap()), [0; 0]);
        assert_eq!(count(&db.repo, "SELECT count(*) FROM books WHERE length = 1 AND isbn IS NULL").await, 3);
        db.repo.execute("UPDATE books SET isbn = '9783161484100', title = NULL WHERE id = 1", []).await.unwrap();
        let error = db.repo.execute("UPDATE books SET isbn = '1' WHERE id = 2", []).await.unwrap_err();
        assert_eq!(error.constraint().unwrap().name.as_deref(), Some("books_isbn_long"));
        let error = db.repo.execute("UPDATE books SET length = 0", []).await.unwrap_err();
        assert_eq!(error.constraint().unwrap().name.as_deref(), Some("books_pages_positive"));
        assert!(db.repo.execute("UPDATE books SET title = 'two' WHERE id = 3", []).await.unwrap_err().is_unique_violation());

        // NULL does not fit what the column was; nothing of the way back is kept.
        let error = migrator.rollback(1).await.unwrap_err().to_string();
        // MySQL keeps what it has done, and goes on from there.
        let whole = db.backend != Backend::Mysql;
        let kept = if whole { "nothing of it was kept" } else { "2 of its 3 statements (of the way back) are done" };
        assert!(error.contains("2_change") && error.contains(kept), "{error}");
        db.repo.execute("UPDATE books SET title = 'one' WHERE id = 1", []).await.unwrap();
        if whole {
            assert_eq!(count(&db.repo, "SELECT count(*) FROM books WHERE length > 0").await, 3);
            assert_eq!(versions(migrator.rollback(1).await.unwrap()), [2]);
        } else {
            migrator.repair(2, Repair::Resume).await.unwrap();
        }
        assert_eq!(count(&db.repo, "SELECT sum(pages) FROM books").await, 3);
        assert!(db.repo.sql::<(i64,)>("SELECT isbn FROM books", []).await.is_err());
        assert!(db.repo.execute("UPDATE books SET title = NULL", []).await.unwrap_err().is_constraint());
        assert_eq!(versions(migrator.migrate().await.unwrap()), [2]);
        assert_eq!(versions(migrator.rollback(9).await.unwrap()), [2, 1]);
        assert!(db.repo.sql::<(i64,)>("SELECT id FROM books", []).await.is_err());
    }

    fn what_speaks_of_a_removed_column_goes_with_it(db) {
        let all = code([("1_create", create), ("3_shrink", shrink)]);
        let migrator = Migrator::new(&db.repo, &all);
        migrator.migrate_to(1).await.unwrap();
        fill(&db.repo).await;
        migrator.migrate().await.unwrap();
        assert_eq!(count(&db.repo, "SELECT count(*) FROM books").await, 3);
        assert!(db.repo.sql::<(i64,)>("SELECT author_id FROM books", []).await.is_err());
        assert!(db.repo.sql::<(i64,)>("SELECT id FROM authors", []).await.is_err());
        assert_eq!(versions(migrator.rollback(1).await.unwrap()), [3]);
        // The column is back, and its foreign key.
        assert_eq!(count(&db.repo, "SELECT count(*) FROM books WHERE author_id IS NULL").await, 3);
        let error = db.repo.execute("UPDATE books SET author_id = 9", []).await.unwrap_err();
        assert!(error.is_foreign_key_violation(), "{error}");
    }

    fn a_file_and_rust_run_in_one_order(db) {
        let files = Migrations::new([("2_fill.sql", "-- up\nINSERT INTO authors (name) VALUES ('Bo');\n-- down\nDELETE FROM authors;")]);
        let all = code([("1_create", create), ("3_change", change)]).and(files.unwrap()).unwrap();
        let migrator = Migrator::new(&db.repo, &all);
        assert_eq!(versions(migrator.migrate().await.unwrap()), [1, 2, 3]);
        assert_eq!(versions(migrator.rollback(2).await.unwrap()), [3, 2]);
        assert_eq!(count(&db.repo, "SELECT count(*) FROM authors").await, 0);
    }

    fn an_edit_in_rust_is_noticed_and_can_be_accepted(db) {
        fn edited(m: &mut Change) {
            m.create_table("authors", |t| t.add("name", text()));
        }
        Migrator::new(&db.repo, &code([("1_create", create)])).migrate().await.unwrap();
        let all = code([("1_create", edited)]);
        let migrator = Migrator::new(&db.repo, &all);
        assert!(matches!(migrator.status().await.unwrap()[0].state, State::Edited(_)));
        let error = migrator.migrate().await.unwrap_err().to_string();
        assert!(error.contains("1_create was edited") && error.contains("--repair 1 done"), "{error}");
        migrator.repair(1, Repair::Done).await.unwrap();
        assert!(matches!(migrator.status().await.unwrap()[0].state, State::Up(_)));
        assert_eq!(versions(migrator.migrate().await.unwrap()), [0; 0]);
    }

    fn what_can_not_be_taken_back_is_said_before_anything_is(db) {
        fn only_up(m: &mut Change) {
            m.run("DELETE FROM books");
        }
        let all = code([("1_create", create), ("2_only_up", only_up), ("3_change", change)]);
        let migrator = Migrator::new(&db.repo, &all);
        migrator.migrate().await.unwrap();
        for error in [migrator.rollback(2).await.unwrap_err(), migrator.migrate_to(0).await.unwrap_err()] {
            let error = error.to_string();
            assert!(error.contains("2_only_up") && error.contains("execute `DELETE FROM books`"), "{error}");
        }
        assert!(migrator.pending().await.unwrap().is_empty());
        assert_eq!(versions(migrator.rollback(1).await.unwrap()), [3]);
    }

    fn a_mistake_in_a_later_one_is_said_before_the_first_runs(db) {
        fn mistaken(m: &mut Change) {
            m.alter_table("books", |_| {});
        }
        let all = code([("1_create", create), ("2_mistaken", mistaken)]);
        let error = Migrator::new(&db.repo, &all).migrate().await.unwrap_err().to_string();
        assert!(error.contains("2_mistaken can not alter the table `books`"), "{error}");
        assert!(db.repo.sql::<(i64,)>("SELECT id FROM books", []).await.is_err());
    }

    fn up_and_down_are_two_functions(db) {
        fn down(m: &mut Change) {
            m.drop_table("books");
            m.drop_table("authors");
        }
        let all = Migrations::from_code([("1_create", Code::up_down(create, down)), ("2_change", Code::up(change))]).unwrap();
        let migrator = Migrator::new(&db.repo, &all);
        migrator.migrate().await.unwrap();
        let error = migrator.rollback(1).await.unwrap_err().to_string();
        assert!(error.contains("2_change") && error.contains("no function `down`"), "{error}");
        migrator.repair(2, Repair::Undone).await.unwrap();
        assert_eq!(versions(migrator.rollback(1).await.unwrap()), [1]);
    }

    fn every_type_holds_what_its_field_writes(db) {
        fn all_types(m: &mut Change) {
            m.create_table("typed", |t| {
                t.add("small", smallint());
                t.add("medium", integer());
                t.add("big", bigint());
                t.add("float", float());
                t.add("flag", boolean());
                t.add("text", text());
                t.add("bytes", binary());
                t.add("moment", utc_datetime().default_now());
                t.add("naive", naive_datetime());
                t.add("day", date());
                t.add("clock", time());
            });
        }
        Migrator::new(&db.repo, &code([("1_types", all_types)])).migrate().await.unwrap();
        let typed = db.repo.insert(Typed { small: 1, medium: 2, big: 3, float: 0.5, flag: true, text: "ä".into(), bytes: vec![0, 255], ..Typed::default() }).await.unwrap();
        assert_eq!(Typed::query().one(&db.repo).await.unwrap().unwrap(), typed);
        db.repo.execute("INSERT INTO typed (small) VALUES (9)", []).await.unwrap();
        let at: chrono::DateTime<chrono::Utc> =
            db.repo.sql::<(chrono::DateTime<chrono::Utc>,)>("SELECT moment FROM typed WHERE small = 9", []).await.unwrap()[0].0;
        assert!(at > typed.moment);
    }

    fn indexes_triggers_views_and_counting_survive_a_table_built_anew(db on Sqlite) {
        let all = code([("1_create", create), ("2_change", change)]);
        let migrator = Migrator::new(&db.repo, &all);
        migrator.migrate_to(1).await.unwrap();
        fill(&db.repo).await;
        for sql in [
            "CREATE TABLE log (what TEXT)",
            "CREATE TABLE reviews (book_id INTEGER REFERENCES books (id) ON DELETE CASCADE)",
            "CREATE TRIGGER books_log AFTER INSERT ON books BEGIN INSERT INTO log VALUES (new.title); END",
            "CREATE TRIGGER log_books AFTER DELETE ON log BEGIN DELETE FROM books WHERE title = old.what; END",
            "CREATE VIEW titles AS SELECT title FROM books",
            "CREATE INDEX by_lower_title ON books (lower(title)) WHERE id > 0",
            "INSERT INTO reviews VALUES (1)",
            "DELETE FROM books WHERE id = 3",
        ] {
            db.repo.execute(sql, []).await.unwrap();
        }
        let schema = "SELECT name FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE '%migra%' ORDER BY name";
        let before = db.repo.sql::<(String,)>(schema, []).await.unwrap();
        migrator.migrate().await.unwrap();
        assert_eq!(db.repo.sql::<(String,)>(schema, []).await.unwrap(), before);
        // Rows that refer to the table were not deleted with it.
        assert_eq!(count(&db.repo, "SELECT count(*) FROM reviews").await, 1);
        let sql = "INSERT INTO books (title, author_id, inserted_at, updated_at) VALUES ('four', 1, '', '') RETURNING id";
        assert_eq!(count(&db.repo, sql).await, 4, "what was counted stays counted");
        assert_eq!(count(&db.repo, "SELECT count(*) FROM log WHERE what = 'four'").await, 1);
        assert_eq!(count(&db.repo, "SELECT count(*) FROM titles").await, 3);
        db.repo.execute("DELETE FROM log WHERE what = 'four'", []).await.unwrap();
        assert_eq!(count(&db.repo, "SELECT count(*) FROM books").await, 2);
        // Foreign keys are enforced again, in both directions.
        assert_eq!(count(&db.repo, "PRAGMA foreign_keys").await, 1);
        assert!(db.repo.execute("UPDATE books SET author_id = 9", []).await.unwrap_err().is_foreign_key_violation());
        db.repo.execute("DELETE FROM books WHERE id = ?", params![1]).await.unwrap();
        assert_eq!(count(&db.repo, "SELECT count(*) FROM reviews").await, 0);
    }

    fn rows_that_refer_to_nothing_stop_a_table_built_anew(db on Sqlite) {
        let all = code([("1_create", create), ("2_change", change)]);
        let migrator = Migrator::new(&db.repo, &all);
        migrator.migrate_to(1).await.unwrap();
        fill(&db.repo).await;
        // As a file has them that was filled by a program without foreign keys.
        let raw = rusqlite::Connection::open(db.url.path().unwrap()).unwrap();
        raw.execute_batch("PRAGMA foreign_keys = OFF; UPDATE books SET author_id = 9 WHERE id = 1").unwrap();
        drop(raw);
        let error = migrator.migrate().await.unwrap_err().to_string();
        assert!(error.contains("1 row(s) of the table `books` refer to rows of `authors`"), "{error}");
        assert_eq!(count(&db.repo, "SELECT sum(pages) FROM books").await, 3);
        assert_eq!(count(&db.repo, "PRAGMA foreign_keys").await, 1);
    }
}

#[derive(zzz_db::Schema, Debug, Default, Clone, PartialEq)]
#[schema(table = "typed")]
struct Typed {
    id: i64,
    small: i16,
    medium: i32,
    big: i64,
    float: f64,
    flag: bool,
    text: String,
    bytes: Vec<u8>,
    moment: chrono::DateTime<chrono::Utc>,
    naive: chrono::NaiveDateTime,
    day: chrono::NaiveDate,
    clock: chrono::NaiveTime,
}
