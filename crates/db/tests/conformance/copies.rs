//! COPY: rows in bulk, in and out.

#![cfg(feature = "postgres")]

use zzz_db::DatabaseConfig;
use zzz_db::repo::CopyOut;

use crate::backend::{Backend, Post, Thing, config};
use crate::case;

fn one() -> DatabaseConfig {
    DatabaseConfig { pool_size: 1.into(), ..config() }
}

async fn text(mut copy: CopyOut) -> String {
    let mut bytes = Vec::new();
    while let Some(piece) = copy.next().await {
        bytes.extend_from_slice(&piece.unwrap());
    }
    String::from_utf8(bytes).unwrap()
}

const IN: &str = "COPY posts (title, body, views, inserted_at, updated_at) FROM STDIN (FORMAT csv)";
const OUT: &str = "COPY (SELECT title, views FROM posts ORDER BY id) TO STDOUT (FORMAT csv, HEADER)";

fn line(n: i64) -> String {
    format!("post {n},\"a \"\"body\"\"\",{n},2026-11-21T00:00:00Z,2026-11-21T00:00:00Z\n")
}

case! {
    fn bytes_go_in_and_come_out(db on Postgres, one()) {
        let mut copy = db.repo.copy_in(IN).await.unwrap();
        let all: String = (0..3_000).map(line).collect();
        // Cut anywhere.
        for piece in all.as_bytes().chunks(997) {
            copy.send(piece.to_vec()).await.unwrap();
        }
        assert_eq!(copy.finish().await.unwrap(), 3_000);
        let out = text(db.repo.copy_out(OUT).await.unwrap()).await;
        assert!(out.starts_with("title,views\npost 0,0\npost 1,1\n") && out.lines().count() == 3_001, "{out:.60}");
        let binary = length(db.repo.copy_out("COPY posts TO STDOUT (FORMAT binary)").await.unwrap()).await;
        assert!(binary > 100_000);
        assert_eq!(Post::query().count(&db.repo).await.unwrap(), 3_000);
    }

    fn structs_are_copied_as_they_are_inserted(db on Postgres) {
        let odd = "tab\t line\n back\\slash \\N \\. \r end";
        let things = (0..2_500_i64).map(|n| Thing {
            big: Some(n),
            text: (n % 2 == 0).then(|| odd.to_owned()),
            bytes: Some(vec![0, 9, 10, 92, 255]),
            flag: Some(n % 3 == 0),
            double: Some(0.1),
            day: chrono::NaiveDate::from_ymd_opt(2026, 11, 21),
            ..Thing::default()
        });
        let all: Vec<Thing> = things.collect();
        assert_eq!(db.repo.copy_all(all.clone()).await.unwrap(), 2_500);
        let read = Thing::query().order_by(Thing::big.asc()).all(&db.repo).await.unwrap();
        let read: Vec<Thing> = read.into_iter().map(|thing| Thing { id: 0, ..thing }).collect();
        assert_eq!(read, all);
        let post = Post { title: "timed".into(), ..Post::default() };
        assert_eq!(db.repo.copy_all([post]).await.unwrap(), 1);
        let post = db.repo.get_by::<Post>(Post::title.eq("timed")).await.unwrap().unwrap();
        assert!(post.inserted_at > chrono::DateTime::UNIX_EPOCH && post.inserted_at == post.updated_at);
        assert_eq!(db.repo.copy_all::<Post>([]).await.unwrap(), 0);
    }

    fn keys_are_set_in_all_or_in_none(db on Postgres, one()) {
        let with = |id| Thing { id, ..Thing::default() };
        let error = db.repo.copy_all([with(0), with(5)]).await.unwrap_err().to_string();
        assert!(error.contains("struct 2 of those to copy into Thing"), "{error}");
        assert_eq!(db.repo.copy_all([with(4), with(5)]).await.unwrap(), 2);
        assert_eq!(Thing::query().count(&db.repo).await.unwrap(), 2);
    }

    fn a_copy_that_is_dropped_writes_nothing_and_costs_nobody_a_place(db on Postgres, one()) {
        for _ in 0..5 {
            let mut copy = db.repo.copy_in(IN).await.unwrap();
            copy.send(line(1)).await.unwrap();
            drop(copy);
        }
        for _ in 0..5 {
            let mut copy = db.repo.copy_out("COPY (SELECT generate_series(1, 100000000)) TO STDOUT").await.unwrap();
            copy.next().await.unwrap().unwrap();
        }
        assert_eq!(Post::query().count(&db.repo).await.unwrap(), 0);
    }

    /// The library says after an error that no rows follow, to which the server answers once more: no answer may ever
    /// be taken for that of another statement.
    fn after_a_copy_that_fails_answers_are_their_own(db on Postgres, one()) {
        for round in 0..10_i64 {
            let error = db.repo.copy_in("COPY nowhere FROM STDIN").await.unwrap_err().to_string();
            assert!(error.contains("nowhere"), "{error}");
            assert_eq!(db.repo.sql::<i64>("SELECT $1::bigint", zzz_db::params![round]).await.unwrap(), [round]);
            let mut copy = db.repo.copy_in(IN).await.unwrap();
            copy.send("only one value\n").await.unwrap();
            let error = copy.finish().await.unwrap_err();
            assert!(error.to_string().contains("missing data for column"), "{error}");
            assert_eq!(db.repo.sql::<i64>("SELECT $1::bigint", zzz_db::params![round]).await.unwrap(), [round]);
        }
    }

    fn a_copy_within_a_transaction_is_part_of_it(db on Postgres, one()) {
        let undone = db.repo.transaction(async |tx| {
            tx.copy_all((0..10).map(|n| Thing { big: Some(n), ..Thing::default() })).await?;
            assert_eq!(Thing::query().count(&tx).await?, 10);
            let out = text(tx.copy_out("COPY (SELECT big FROM things ORDER BY big) TO STDOUT").await?).await;
            assert_eq!(out, "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
            Err::<(), _>(zzz_db::Error::not_found("nothing"))
        });
        assert!(undone.await.unwrap_err().is_not_found());
        assert_eq!(Thing::query().count(&db.repo).await.unwrap(), 0);
        let given_up = db.repo.transaction(async |tx| {
            drop(tx.copy_in("COPY things (big) FROM STDIN").await?);
            tx.ping().await
        });
        assert!(given_up.await.unwrap_err().to_string().contains("a COPY was given up before its end"));
        let refused = db.repo.transaction(async |tx| {
            assert!(tx.copy_in("COPY nowhere FROM STDIN").await.unwrap_err().to_string().contains("nowhere"));
            tx.ping().await
        });
        assert!(refused.await.unwrap_err().to_string().contains("a COPY was refused"));
        assert!(db.repo.ping().await.is_ok());
    }

    fn what_is_no_copy_is_refused(db on Postgres, one()) {
        for sql in ["SELECT 1", OUT, "COPY posts FROM '/nowhere'"] {
            assert!(db.repo.copy_in(sql).await.is_err(), "{sql}");
            assert_eq!(db.repo.sql::<i64>("SELECT 7::bigint", []).await.unwrap(), [7]);
        }
        for sql in ["SELECT 1", IN, "nonsense"] {
            assert!(db.repo.copy_out(sql).await.is_err(), "{sql}");
            assert_eq!(db.repo.sql::<i64>("SELECT 7::bigint", []).await.unwrap(), [7]);
        }
    }

    fn databases_without_it_say_so(db) {
        if db.backend != Backend::Postgres {
            let error = db.repo.copy_all([Thing::default()]).await.unwrap_err().to_string();
            assert!(error.contains("has no COPY"), "{error}");
            let refused = db.repo.transaction(async |tx| tx.copy_out(OUT).await.map(drop)).await;
            assert!(refused.unwrap_err().to_string().contains("has no COPY"));
        }
    }
}

async fn length(mut copy: CopyOut) -> usize {
    let mut length = 0;
    while let Some(piece) = copy.next().await {
        length += piece.unwrap().len();
    }
    length
}
