//! Reads that share connections: whose answer is whose, and what a slow one costs the others.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use zzz_db::{DatabaseConfig, Error, fragment};

use crate::backend::{Backend, Db, Post, Tag, Thing, config};
use crate::case;

fn pool(size: usize) -> DatabaseConfig {
    DatabaseConfig { pool_size: size.into(), ..config() }
}

/// Polls a future this many times and drops it.
async fn drop_after(polls: u64, future: impl Future) {
    let mut future = pin!(future);
    let mut left = polls;
    std::future::poll_fn(|cx| {
        if left == 0 || future.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        left -= 1;
        if left == 0 { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Numbers that look like chance and are the same in every run.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

async fn seed(db: &Db) {
    let posts = (0..100).map(|n| Post { title: format!("post {n}"), views: n, ..Post::default() });
    db.repo.insert_all(posts).await.unwrap();
}

/// A read that is begun and then not looked at any more.
fn begin<'a, T>(future: impl Future<Output = T> + 'a) -> Pin<Box<dyn Future<Output = T> + 'a>> {
    let mut future = Box::pin(future);
    assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    future
}

case! {
    fn no_answer_ever_reaches_another_caller(db, pool(3)) {
        seed(db).await;
        let tasks: Vec<_> = (0..16_u64).map(|task| {
            let repo = db.repo.clone();
            tokio::spawn(async move {
                let mut chance = task;
                for _ in 0..150 {
                    let n = (next(&mut chance) % 100) as i64;
                    let title = format!("post {n}");
                    match next(&mut chance) % 5 {
                        0 => drop_after(next(&mut chance) % 4, repo.get_by::<Post>(Post::views.eq(n))).await,
                        1 => {
                            let all = Post::query().filter(Post::views.ge(n)).order_by(Post::views.asc());
                            let found = all.select((Post::views, Post::title)).all(&repo).await.unwrap();
                            assert_eq!(found.len() as i64, 100 - n);
                            assert!(found.iter().all(|(views, title)| *title == format!("post {views}")));
                        }
                        2 => drop_after(next(&mut chance) % 6, repo.transaction(async |tx| {
                            tx.update_all(Post::query().filter(Post::views.eq(n)), [Post::body.set("x")]).await?;
                            tx.get_by::<Post>(Post::views.eq(n)).await?;
                            Err::<(), _>(Error::not_found("rolled back"))
                        })).await,
                        _ => {
                            let found = repo.get_by::<Post>(Post::views.eq(n)).await.unwrap().unwrap();
                            assert_eq!((found.title, &*found.body), (title, ""));
                        }
                    }
                }
            })
        }).collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(Post::query().filter(Post::body.eq("x")).count(&db.repo).await.unwrap(), 0);
    }

    fn many_reads_at_once_share_few_connections(db, pool(2)) {
        seed(db).await;
        let tasks: Vec<_> = (0..200_i64).map(|n| {
            let repo = db.repo.clone();
            tokio::spawn(async move { repo.get_by::<Post>(Post::views.eq(n % 100)).await.unwrap().unwrap().views == n % 100 })
        }).collect();
        for task in tasks {
            assert!(task.await.unwrap());
        }
    }

    fn a_reader_that_does_not_read_on_holds_nobody_up(db, pool(2)) {
        let text = "x".repeat(1_000);
        let things = (0..20_000).map(|big| Thing { big: Some(big), text: Some(text.clone()), ..Thing::default() });
        db.repo.insert_all(things).await.unwrap();
        seed(db).await;
        // Megabytes, more than sockets hold; yet a driver that reads as long as something comes may have all of it at once.
        let mut idle = Box::pin(Thing::query().all(&db.repo));
        let early = idle.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(early.is_pending() || db.backend == Backend::Mysql);
        for n in 0..50 {
            assert_eq!(db.repo.get_by::<Post>(Post::views.eq(n)).await.unwrap().unwrap().views, n);
        }
        let things = match early {
            Poll::Ready(things) => things,
            Poll::Pending => idle.await,
        };
        assert_eq!(things.unwrap().len(), 20_000);
    }

    fn a_read_behind_a_slow_one_is_answered_over_another_connection(db on Postgres, pool(3)) {
        seed(db).await;
        db.repo.transaction(async |tx| {
            tx.execute("LOCK TABLE tags IN ACCESS EXCLUSIVE MODE", []).await?;
            // It waits for the lock until the transaction ends; all the others share the two connections left.
            let mut slow = begin(Tag::query().all(&db.repo));
            let mut cx = Context::from_waker(Waker::noop());
            for round in 0..20_i64 {
                let gets = (0..8).map(|n| db.repo.get_by::<Post>(Post::views.eq(round + n)));
                for get in gets.map(Box::pin).collect::<Vec<_>>() {
                    assert!(get.await?.is_some());
                }
                assert!(slow.as_mut().poll(&mut cx).is_pending(), "it still waits");
            }
            Ok::<_, Error>(())
        }).await.unwrap();
    }

    fn reads_that_were_sent_already_move_when_the_one_before_them_is_slow(db on Postgres, pool(2)) {
        seed(db).await;
        let other = db.another().await;
        let (locked, is_locked) = tokio::sync::oneshot::channel();
        let (done, is_done) = tokio::sync::oneshot::channel::<()>();
        let locking = tokio::spawn(async move {
            other.transaction(async |tx| {
                tx.execute("LOCK TABLE tags IN ACCESS EXCLUSIVE MODE", []).await?;
                locked.send(()).unwrap();
                is_done.await.unwrap();
                Ok::<_, Error>(())
            }).await.unwrap();
            other.close().await;
        });
        is_locked.await.unwrap();
        let mut slow = Box::pin(Tag::query().all(&db.repo));
        let mut behind = Vec::new();
        // One connection is taken, so all of these go over the other one, behind the slow read.
        db.repo.transaction(async |_| {
            // The connection is open: until it is, nothing is sent.
            db.repo.get_by::<Post>(Post::views.eq(0)).await?;
            let mut cx = Context::from_waker(Waker::noop());
            assert!(slow.as_mut().poll(&mut cx).is_pending());
            for n in 0..5 {
                let mut get = Box::pin(db.repo.get_by::<Post>(Post::views.eq(n)));
                assert!(get.as_mut().poll(&mut cx).is_pending());
                behind.push(get);
            }
            Ok::<_, Error>(())
        }).await.unwrap();
        for (n, get) in behind.into_iter().enumerate() {
            assert_eq!(get.await.unwrap().unwrap().views, n as i64);
        }
        done.send(()).unwrap();
        assert_eq!(slow.await.unwrap(), []);
        locking.await.unwrap();
    }

    fn reads_that_take_long_are_spread_over_connections(db on Postgres, pool(4)) {
        seed(db).await;
        let mut sessions = std::collections::BTreeSet::new();
        // The first ones go over one connection, which tells how long they take; the others are opened meanwhile.
        for _ in 0..500 {
            let reads = [(); 4].map(|()| {
                let session =
                    fragment!(i64: "(SELECT pg_backend_pid()::bigint FROM (SELECT pg_sleep(0.01)) AS pause)");
                let (repo, query) = (db.repo.clone(), Post::query().limit(1).select(session));
                tokio::spawn(async move { repo.one(query).await.unwrap().unwrap() })
            });
            sessions.clear();
            for read in reads {
                sessions.insert(read.await.unwrap());
            }
            if sessions.len() == 4 {
                break;
            }
        }
        assert_eq!(sessions.len(), 4);
    }

    fn a_dropped_read_gives_its_connection_back_when_its_answer_has_come(db, pool(1)) {
        seed(db).await;
        for n in 0..200 {
            drop_after(n % 5, Post::query().all(&db.repo)).await;
            assert_eq!(db.repo.get_by::<Post>(Post::views.eq(1)).await.unwrap().unwrap().views, 1);
        }
        db.repo.transaction(async |tx| tx.ping().await).await.unwrap();
    }
}
