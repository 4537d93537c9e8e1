//! Many tasks, several pools on one file, and what is left after closing.

use std::sync::Arc;

use zzz_db::{Error, Repo};

use crate::backend::{Backend, Post, Tag, config};
use crate::case;

case! {
    fn fifty_writers_at_once_all_commit(db) {
        let tasks: Vec<_> = (0..50).map(|n| {
            let repo = db.repo.clone();
            tokio::spawn(async move {
                repo.transaction(async |tx| {
                    let post = tx.insert(Post { title: n.to_string(), ..Post::default() }).await?;
                    let seen = Post::query().filter(Post::id.eq(post.id)).count(&tx).await?;
                    assert_eq!(seen, 1);
                    Ok::<_, Error>(())
                }).await
            })
        }).collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        assert_eq!(Post::query().count(&db.repo).await.unwrap(), 50);
    }

    fn single_writes_at_once_have_each_its_own_outcome(db) {
        let tasks: Vec<_> = (0..60).map(|n| {
            let repo = db.repo.clone();
            // Twenty names, each asked for three times.
            tokio::spawn(async move { repo.insert(Tag { name: (n % 20).to_string(), weight: n + 1 }).await })
        }).collect();
        let (mut kept, mut refused) = (Vec::new(), 0);
        for task in tasks {
            match task.await.unwrap() {
                Ok(tag) => kept.push(tag),
                Err(error) => {
                    assert!(error.is_unique_violation(), "{error}");
                    refused += 1;
                }
            }
        }
        assert_eq!((kept.len(), refused), (20, 40));
        for tag in kept {
            assert_eq!(db.repo.get::<Tag>(tag.name.clone()).await.unwrap(), Some(tag), "who was told so has the name");
        }
        assert_eq!(Tag::query().count(&db.repo).await.unwrap(), 20);
    }

    fn no_increment_is_lost_between_two_pools(db) {
        let post = db.post("a").await;
        let other = db.another().await;
        let tasks: Vec<_> = [db.repo.clone(), other.clone()].into_iter().map(|repo| {
            tokio::spawn(async move {
                for _ in 0..50 {
                    repo.transaction(async |tx| {
                        let views = tx.get::<Post>(1).await?.unwrap().views;
                        tx.update_all(Post::query(), [Post::views.set(views + 1)]).await
                    }).await.unwrap();
                }
            })
        }).collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(db.repo.reload(&post).await.unwrap().views, 100);
        other.close().await;
    }

    fn readers_do_not_wait_for_the_writer(db) {
        db.post("a").await;
        db.repo.transaction(async |tx| {
            tx.delete_all(Post::query()).await?;
            assert_eq!(Post::query().count(&db.repo).await?, 1);
            Ok::<_, Error>(())
        }).await.unwrap();
    }

    fn what_was_acknowledged_is_there_after_reopening(db) {
        for n in 0..20 {
            db.post(&n.to_string()).await;
        }
        db.repo.close().await;
        let reopened = Repo::connect(&db.url, &config()).await.unwrap();
        assert_eq!(Post::query().count(&reopened).await.unwrap(), 20);
        reopened.close().await;
    }

    fn a_closed_repo_says_so_and_leaves_no_files_beside(db) {
        db.post("a").await;
        db.repo.close().await;
        assert!(db.repo.ping().await.unwrap_err().is_closed());
        assert!(db.repo.transaction(async |_| Ok::<_, Error>(())).await.unwrap_err().is_closed());
        db.repo.close().await;
        if db.backend == Backend::Sqlite {
            let files = std::fs::read_dir(db.folder.path()).unwrap().count();
            assert_eq!(files, 1, "the write-ahead log is merged and deleted");
        }
    }

    fn a_handle_can_be_shared_between_tasks(db) {
        fn is_shared<T: Send + Sync + Clone + 'static>(_: &T) {}
        is_shared(&db.repo);
        let repo = Arc::new(db.repo.clone());
        let task = tokio::spawn(async move { repo.ping().await });
        task.await.unwrap().unwrap();
    }
}
