//! Applying, taking back, refusing what was edited, and two processes at once.

use zzz_db::Repo;
use zzz_db::migrate::{Migration, Migrations, Migrator, State};

use crate::backend::Folder;
use crate::case;

const ONE: (&str, &str) = (
    "1_create_a.sql",
    "-- up\nCREATE TABLE a (id INTEGER);\nINSERT INTO a VALUES (1);\n-- down\nDROP TABLE a;\n",
);
const TWO: (&str, &str) = ("2_create_b.sql", "-- up\nCREATE TABLE b (id INTEGER);\n-- down\nDROP TABLE b;\n");
const THREE: (&str, &str) = ("3_create_c.sql", "CREATE TABLE c (id INTEGER);");

fn migrations(files: &[(&str, &str)]) -> Migrations {
    Migrations::new(files.iter().copied()).unwrap()
}

fn versions(done: Vec<&Migration>) -> Vec<i64> {
    done.into_iter().map(Migration::version).collect()
}

async fn tables(repo: &Repo) -> Vec<String> {
    let sql = match repo.dialect().name() {
        "mysql" => {
            "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND length(table_name) = 1 \
             ORDER BY 1"
        }
        "sqlite" => "SELECT name FROM sqlite_schema WHERE type = 'table' AND length(name) = 1 ORDER BY name",
        _ => {
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND length(tablename) = 1 ORDER BY 1"
        }
    };
    repo.sql::<(String,)>(sql, []).await.unwrap().into_iter().map(|row| row.0).collect()
}

case! {
    fn pending_migrations_are_applied_once_in_order(db) {
        let all = migrations(&[TWO, ONE, THREE]);
        let migrator = Migrator::new(&db.repo, &all);
        assert_eq!(migrator.pending().await.unwrap().len(), 3);
        assert_eq!(versions(migrator.migrate().await.unwrap()), [1, 2, 3]);
        assert_eq!(versions(migrator.migrate().await.unwrap()), [0; 0]);
        assert_eq!(tables(&db.repo).await, ["a", "b", "c"]);
        assert!(migrator.pending().await.unwrap().is_empty());
        assert!(matches!(migrator.status().await.unwrap()[0].state, State::Up(_)));
    }

    fn asking_for_the_status_changes_nothing(db) {
        let all = migrations(&[ONE]);
        assert_eq!(Migrator::new(&db.repo, &all).status().await.unwrap()[0].state, State::Down);
        assert!(db.repo.sql::<(i64,)>("SELECT count(*) FROM schema_migrations", []).await.is_err());
    }

    fn an_older_pending_migration_is_applied_too(db) {
        Migrator::new(&db.repo, &migrations(&[TWO])).migrate().await.unwrap();
        let all = migrations(&[ONE, TWO]);
        assert_eq!(versions(Migrator::new(&db.repo, &all).migrate().await.unwrap()), [1]);
    }

    fn rollback_takes_the_newest_back_first(db) {
        let all = migrations(&[ONE, TWO]);
        let migrator = Migrator::new(&db.repo, &all);
        migrator.migrate().await.unwrap();
        assert_eq!(versions(migrator.rollback(1).await.unwrap()), [2]);
        assert_eq!(tables(&db.repo).await, ["a"]);
        assert_eq!(versions(migrator.rollback(9).await.unwrap()), [1]);
        assert_eq!(versions(migrator.rollback(1).await.unwrap()), [0; 0]);
        assert_eq!(versions(migrator.migrate().await.unwrap()), [1, 2]);
    }

    fn a_migration_without_down_can_not_be_taken_back(db) {
        let all = migrations(&[THREE]);
        let migrator = Migrator::new(&db.repo, &all);
        migrator.migrate().await.unwrap();
        let error = migrator.rollback(1).await.unwrap_err().to_string();
        assert!(error.contains("3_create_c") && error.contains("-- down"), "{error}");
        assert_eq!(tables(&db.repo).await, ["c"]);
    }

    fn a_version_is_reached_from_below_and_from_above(db) {
        let all = migrations(&[ONE, TWO]);
        let migrator = Migrator::new(&db.repo, &all);
        assert_eq!(versions(migrator.migrate_to(1).await.unwrap()), [1]);
        assert_eq!(versions(migrator.migrate_to(2).await.unwrap()), [2]);
        assert_eq!(versions(migrator.migrate_to(1).await.unwrap()), [2]);
        assert_eq!(versions(migrator.migrate_to(0).await.unwrap()), [1]);
        assert!(migrator.migrate_to(7).await.unwrap_err().to_string().contains('7'));
    }

    fn a_failing_migration_leaves_nothing_behind(db) {
        let broken = ("2_broken.sql", "CREATE TABLE b (id INTEGER); INSERT INTO nowhere VALUES (1);");
        let all = migrations(&[ONE, broken, THREE]);
        let migrator = Migrator::new(&db.repo, &all);
        let error = migrator.migrate().await.unwrap_err().to_string();
        assert!(error.contains("2_broken") && error.contains("nowhere"), "{error}");
        assert_eq!(tables(&db.repo).await, ["a"]);
        assert_eq!(migrator.pending().await.unwrap().len(), 2);
    }

    fn a_migration_that_commits_by_itself_is_refused(db) {
        let all = migrations(&[("1_commits.sql", "CREATE TABLE a (id INTEGER); COMMIT; CREATE TABLE b (id INTEGER);")]);
        assert!(Migrator::new(&db.repo, &all).migrate().await.is_err());
        db.post("the writer works").await;
    }

    fn an_edited_migration_is_refused_by_name_before_anything_is_done(db) {
        Migrator::new(&db.repo, &migrations(&[ONE])).migrate().await.unwrap();
        let edited = migrations(&[("1_create_a.sql", "CREATE TABLE a (id TEXT);"), TWO]);
        let migrator = Migrator::new(&db.repo, &edited);
        assert!(matches!(migrator.status().await.unwrap()[0].state, State::Edited(_)));
        let error = migrator.migrate().await.unwrap_err().to_string();
        assert!(error.contains("1_create_a was edited"), "{error}");
        assert_eq!(tables(&db.repo).await, ["a"]);
    }

    fn a_missing_migration_is_named(db) {
        Migrator::new(&db.repo, &migrations(&[ONE])).migrate().await.unwrap();
        let others = migrations(&[TWO]);
        let migrator = Migrator::new(&db.repo, &others);
        let status = migrator.status().await.unwrap();
        assert!(matches!(status[0].state, State::Missing(_)) && status[0].name == "create_a");
        assert_eq!(versions(migrator.migrate().await.unwrap()), [2]);
        migrator.rollback(1).await.unwrap();
        let error = migrator.rollback(1).await.unwrap_err().to_string();
        assert!(error.contains("1_create_a") && error.contains("missing"), "{error}");
    }

    fn of_two_processes_exactly_one_applies_each_migration(db) {
        let files: Vec<(String, String)> =
            (1..=20).map(|n| (format!("{n}_t.sql"), format!("CREATE TABLE t{n} (id INTEGER);"))).collect();
        let all = Migrations::new(files).unwrap();
        let other = db.another().await;
        let (one, two) = tokio::join!(
            async { versions(Migrator::new(&db.repo, &all).migrate().await.unwrap()) },
            async { versions(Migrator::new(&other, &all).migrate().await.unwrap()) },
        );
        let mut applied = [one, two].concat();
        applied.sort_unstable();
        assert_eq!(applied, (1..=20).collect::<Vec<_>>());
        other.close().await;
    }
}

#[test]
fn a_folder_is_read_without_what_is_no_migration() {
    let folder = Folder::new();
    for (name, text) in [ONE, TWO, ("README.md", "hello"), (".1_hidden.sql", "x")] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let read = Migrations::read_dir(folder.path()).unwrap();
    assert_eq!(read.iter().map(Migration::version).collect::<Vec<_>>(), [1, 2]);
    assert!(Migrations::read_dir(&folder.path().join("none")).unwrap().is_empty());
}
