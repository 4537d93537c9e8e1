//! The cases that every server has. [`tests!`] makes them tests of one.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use zzz_db::{ErrorKind, Repo};

use super::{Entry, Server, numbers, recovered};

/// A test for each case, on this server.
macro_rules! tests {
    ($server:ty: $($case:ident),+ $(,)?) => {
        $(
            #[test]
            fn $case() {
                crate::with_server(async |server: &mut $server, repo| crate::cases::$case(server, repo).await);
            }
        )+
    };
    ($server:ty) => {
        crate::cases::tests!(
            $server:
            a_server_that_is_stopped_lets_requests_fail_and_is_found_again,
            a_server_that_is_gone_is_named_and_found_when_it_is_back,
            what_was_acknowledged_survives_restarts_under_load_once_each,
        );
    };
}
pub(crate) use tests;

pub(crate) async fn a_server_that_is_stopped_lets_requests_fail_and_is_found_again<S: Server>(
    server: &mut S,
    repo: Repo,
) {
    for number in 0..4 {
        repo.insert(Entry { id: 0, number }).await.unwrap();
    }
    server.signal_all("STOP");
    // Each of these ends although the server does not go on before they have.
    let requests: Vec<_> = (0..12)
        .map(|n| {
            let repo = repo.clone();
            tokio::spawn(async move {
                match n % 3 {
                    0 => repo.get::<Entry>(1).await.map(drop),
                    1 => repo.insert(Entry { id: 0, number: 100 + n }).await.map(drop),
                    _ => repo
                        .transaction(async |tx| tx.insert(Entry { id: 0, number: 100 + n }).await)
                        .await
                        .map(drop),
                }
            })
        })
        .collect();
    for request in requests {
        let error = request.await.unwrap().unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::AcquireTimeout | ErrorKind::ConnectionLost), "{error:?}");
    }
    server.signal_all("CONT");
    recovered(&repo).await;
    let found = numbers(&repo).await;
    assert_eq!(found[..4], [0, 1, 2, 3]);
    let once: BTreeSet<_> = found.iter().collect();
    assert_eq!(once.len(), found.len(), "nothing was written twice");
    repo.insert(Entry { id: 0, number: 7 }).await.unwrap();
}

pub(crate) async fn a_server_that_is_gone_is_named_and_found_when_it_is_back<S: Server>(
    server: &mut S,
    repo: Repo,
) {
    server.stop(S::AT_ONCE);
    let error = loop {
        match repo.get::<Entry>(1).await {
            Err(error) if error.is_acquire_timeout() => break error.to_string(),
            _ => tokio::task::yield_now().await,
        }
    };
    assert!(error.contains("127.0.0.1") && error.contains("refused"), "{error}");
    let error = repo.transaction(async |tx| tx.ping().await).await.unwrap_err();
    assert!(error.is_acquire_timeout(), "{error}");
    server.run();
    recovered(&repo).await;
    repo.insert(Entry { id: 0, number: 1 }).await.unwrap();
    assert_eq!(numbers(&repo).await, [1]);
}

pub(crate) async fn what_was_acknowledged_survives_restarts_under_load_once_each<S: Server>(
    server: &mut S,
    repo: Repo,
) {
    let (acknowledged, unknown) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(BTreeSet::new())));
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..8_i64)
        .map(|writer| {
            let (repo, stop) = (repo.clone(), Arc::clone(&stop));
            let (acknowledged, unknown) = (Arc::clone(&acknowledged), Arc::clone(&unknown));
            tokio::spawn(async move {
                let mut next = writer * 1_000_000;
                while !stop.load(Ordering::Relaxed) {
                    next += 1;
                    let entry = Entry { id: 0, number: next };
                    let written = if next % 2 == 0 {
                        repo.insert(entry).await
                    } else {
                        repo.transaction(async |tx| tx.insert(entry).await).await
                    };
                    match written {
                        Ok(entry) => acknowledged.lock().unwrap().push(entry.number),
                        Err(error) if error.is_connection_lost() => {
                            unknown.lock().unwrap().insert(next);
                        }
                        Err(error) => assert!(S::has_written_nothing(&error), "{error:?}"),
                    }
                    if let Ok(Some(found)) = repo.get::<Entry>(1).await {
                        assert_eq!(found.id, 1);
                    }
                }
            })
        })
        .collect();
    for signal in [S::AT_ONCE, S::IN_ORDER, S::AT_ONCE] {
        let before = acknowledged.lock().unwrap().len();
        while acknowledged.lock().unwrap().len() < before + 200 {
            tokio::task::yield_now().await;
        }
        tokio::task::block_in_place(|| {
            server.stop(signal);
            server.run();
        });
    }
    let before = acknowledged.lock().unwrap().len();
    while acknowledged.lock().unwrap().len() < before + 200 {
        tokio::task::yield_now().await;
    }
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.unwrap();
    }
    let found = numbers(&repo).await;
    let once: BTreeSet<i64> = found.iter().copied().collect();
    assert_eq!(once.len(), found.len(), "nothing is there twice");
    let acknowledged: BTreeSet<i64> = acknowledged.lock().unwrap().iter().copied().collect();
    assert!(acknowledged.is_subset(&once), "what was acknowledged is there");
    let unknown = unknown.lock().unwrap().clone();
    assert!(once.iter().all(|number| acknowledged.contains(number) || unknown.contains(number)));
    repo.close().await;
}
