//! Prepared statements: kept, pushed out, outdated, and not wanted.

use zzz_db::{Changeset, Error, Repo, params};

use crate::backend::{Post, Tag, config};
use crate::case;

async fn prepared(repo: &Repo) -> i64 {
    let count = "SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 's%'";
    repo.sql::<i64>(count, []).await.unwrap().pop().unwrap()
}

fn single() -> zzz_db::DatabaseConfig {
    zzz_db::DatabaseConfig { pool_size: 1.into(), ..config() }
}

case! {
    fn a_statement_is_prepared_when_it_comes_for_the_second_time(db on Postgres, single()) {
        let before = prepared(&db.repo).await;
        db.repo.get::<Post>(1).await.unwrap();
        let once = prepared(&db.repo).await;
        for _ in 0..5 {
            db.repo.get::<Post>(1).await.unwrap();
        }
        // One for the lookup, one for the question itself.
        assert_eq!((before, once, prepared(&db.repo).await), (0, 1, 2));
    }

    fn no_more_are_kept_than_the_url_says(db on Postgres) {
        let repo = db.with_options("statement_cache_size=3", &single()).await;
        for n in 0..50 {
            for _ in 0..3 {
                assert_eq!(repo.sql::<i64>(&format!("SELECT {n} + $1::bigint"), params![n]).await.unwrap(), [2 * n]);
            }
        }
        assert!(prepared(&repo).await <= 3);
        repo.close().await;
    }

    fn behind_a_pooler_nothing_is_prepared_and_everything_works(db on Postgres) {
        let repo = db.with_options("prepare=unnamed", &single()).await;
        for n in 0..4_i64 {
            let post = repo.insert(Post { title: format!("{n}"), views: n, ..Post::default() }).await.unwrap();
            let changed = Changeset::new(post.clone()).put_change(Post::body, "x");
            assert_eq!(repo.update(changed).await.unwrap().unwrap().body, "x");
            assert_eq!(Post::query().filter(Post::views.in_list([n])).one(&repo).await.unwrap().unwrap().id, post.id);
            repo.transaction(async |tx| {
                tx.insert(Tag { name: format!("{n}"), weight: 1 }).await?;
                let taken = Changeset::new(Tag { name: format!("{n}"), weight: 1 }).unique(Tag::name).named("tags_pkey").unique(Tag::name);
                assert!(tx.insert(taken).await?.is_err());
                Ok::<_, Error>(())
            }).await.unwrap();
            repo.delete(repo.reload(&post).await.unwrap()).await.unwrap();
        }
        assert_eq!(Tag::query().count(&repo).await.unwrap(), 4);
        assert_eq!(prepared(&repo).await, 0);
        let error = repo.sql::<i64>("SELECT $1", []).await.unwrap_err();
        assert!(error.to_string().contains("1 placeholders and was given 0"), "{error}");
        repo.close().await;
    }

    fn a_table_that_changes_is_read_anew(db on Postgres, single()) {
        db.post("a").await;
        let all = Post::query().select(Post::title);
        for _ in 0..3 {
            assert_eq!(all.clone().all(&db.repo).await.unwrap(), ["a"]);
            assert_eq!(db.repo.sql::<String>("SELECT title FROM posts", []).await.unwrap(), ["a"]);
        }
        db.another().await.execute("ALTER TABLE posts ALTER title TYPE varchar(50)", []).await.unwrap();
        assert_eq!(all.clone().all(&db.repo).await.unwrap(), ["a"]);
        assert_eq!(db.repo.sql::<String>("SELECT title FROM posts", []).await.unwrap(), ["a"]);
    }

    fn a_connection_that_has_forgotten_its_statements_learns_them_anew(db on Postgres, single()) {
        db.post("a").await;
        for _ in 0..3 {
            db.repo.get::<Post>(1).await.unwrap().unwrap();
        }
        db.repo.execute("DEALLOCATE ALL", []).await.unwrap();
        assert_eq!(db.repo.get::<Post>(1).await.unwrap().unwrap().title, "a");
        assert_eq!(db.post("b").await.title, "b");
    }

    fn a_setting_in_the_url_holds_on_every_connection(db on Postgres) {
        let options = "application_name=shop&options=-c%20work_mem%3D5MB";
        let repo = db.with_options(options, &config()).await;
        let settings = "SELECT current_setting('application_name'), current_setting('work_mem'), current_setting('TimeZone')";
        let expected = ("shop".to_owned(), "5MB".to_owned(), "UTC".to_owned());
        assert_eq!(repo.sql::<(String, String, String)>(settings, []).await.unwrap(), [expected]);
        repo.close().await;
    }
}
