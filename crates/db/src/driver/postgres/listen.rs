//! LISTEN: one connection for all channels, which is opened again whenever it breaks.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio_postgres::Notification;

use super::connection::{Connection, Failure, Opener};
use crate::dialect::postgres as sql;
use crate::repo::{Heard, Listener};
use crate::{Error, ErrorKind, Result};

/// How many notifications wait for a listener.
const QUEUE: usize = 1_024;
/// The first pause after a failure to connect, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// How often the server is asked whether it is still there: who only listens never finds out otherwise.
const ALIVE: Duration = Duration::from_secs(30);
/// How long it may take to say so.
const ANSWER: Duration = Duration::from_secs(5);
/// The longest name that PostgreSQL keeps whole.
const LONGEST_NAME: usize = 63;

/// Who listens, and the task that hears for all of them.
pub(super) struct Hub(mpsc::UnboundedSender<Command>);

enum Command {
    Join { channel: String, subscriber: Subscriber, joined: oneshot::Sender<Result<()>> },
    Close,
}

struct Subscriber {
    heard: mpsc::Sender<Heard>,
    missed: Arc<AtomicBool>,
}

type Channels = HashMap<String, Vec<Subscriber>>;

impl Hub {
    /// Starts the task, which opens its connection when somebody listens.
    pub(super) fn start(opener: Opener) -> Self {
        let (commands, orders) = mpsc::unbounded_channel();
        tokio::spawn(serve(opener, orders));
        Self(commands)
    }

    pub(super) async fn listen(&self, channel: String, patience: Duration) -> Result<Listener> {
        if channel.is_empty() || channel.len() > LONGEST_NAME || channel.contains('\0') {
            return Err(Error::new(
                ErrorKind::Value,
                format!(
                    "a channel's name has 1 to {LONGEST_NAME} bytes and no NUL; this one has {}",
                    channel.len()
                ),
            ));
        }
        let (heard, hears) = mpsc::channel(QUEUE);
        let missed = Arc::new(AtomicBool::new(false));
        let subscriber = Subscriber { heard, missed: Arc::clone(&missed) };
        let (joined, joins) = oneshot::channel();
        self.0.send(Command::Join { channel, subscriber, joined }).map_err(|_| closed())?;
        match tokio::time::timeout(patience, joins).await {
            Ok(joined) => joined.map_err(|_| closed())??,
            Err(_) => {
                let text = format!("no connection to listen with could be opened within {patience:?}");
                return Err(Error::new(ErrorKind::AcquireTimeout, text));
            }
        }
        Ok(Listener { heard: hears, missed })
    }

    pub(super) fn close(&self) {
        let _ = self.0.send(Command::Close);
    }
}

#[cold]
fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the repo is closed")
}

async fn serve(opener: Opener, mut commands: mpsc::UnboundedReceiver<Command>) {
    let mut channels = Channels::new();
    // Who came while there was no connection.
    let mut waiting = Vec::new();
    let mut pause = PAUSES.0;
    loop {
        if channels.is_empty() && waiting.is_empty() {
            match commands.recv().await {
                Some(Command::Join { channel, subscriber, joined }) => {
                    waiting.push((channel, subscriber, joined))
                }
                Some(Command::Close) | None => return,
            }
        }
        let (heard, mut hears) = mpsc::unbounded_channel();
        let hear = move |notification: Notification| {
            let _ = heard.send(notification);
        };
        let opened = match first(opener.open(hear, || {}), commands.recv()).await {
            Either::One(opened) => opened,
            Either::Other(Some(Command::Join { channel, subscriber, joined })) => {
                waiting.push((channel, subscriber, joined));
                continue;
            }
            Either::Other(Some(Command::Close) | None) => return,
        };
        let listening = match opened {
            Ok(connection) => again(&connection, &channels).await.map(|()| connection),
            Err(error) => Err(error),
        };
        let connection = match listening {
            Ok(connection) => connection,
            Err(error) => {
                tracing::warn!(target: "zzz_db::driver", %error, "no connection to listen with; trying again");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSES.1);
                drop_gone(&mut channels);
                waiting.retain(|(_, subscriber, _): &(String, Subscriber, _)| !subscriber.heard.is_closed());
                continue;
            }
        };
        pause = PAUSES.0;
        channels.values().flatten().for_each(|subscriber| subscriber.tell(Heard::Missed));
        for (channel, subscriber, joined) in waiting.drain(..) {
            join(&connection, &mut channels, channel, subscriber, joined).await;
        }
        if !hear_all(&connection, &mut channels, &mut commands, &mut hears).await {
            return;
        }
    }
}

/// Hears until the connection breaks; `false` if the repo is closed.
async fn hear_all(
    connection: &Connection,
    channels: &mut Channels,
    commands: &mut mpsc::UnboundedReceiver<Command>,
    hears: &mut mpsc::UnboundedReceiver<Notification>,
) -> bool {
    let mut alive = tokio::time::interval(ALIVE);
    alive.tick().await;
    loop {
        match first(first(commands.recv(), hears.recv()), alive.tick()).await {
            Either::One(Either::One(Some(Command::Join { channel, subscriber, joined }))) => {
                join(connection, channels, channel, subscriber, joined).await;
            }
            Either::One(Either::One(Some(Command::Close) | None)) => return false,
            Either::One(Either::Other(Some(notification))) => {
                if let Some(subscribers) = channels.get(notification.channel()) {
                    let heard = Heard::Notification(notification.payload().to_owned());
                    subscribers.iter().for_each(|subscriber| subscriber.tell(heard.clone()));
                }
            }
            // The connection's task has ended.
            Either::One(Either::Other(None)) => return true,
            Either::Other(_) => {
                let answered = tokio::time::timeout(ANSWER, connection.settle()).await;
                if !answered.unwrap_or(false) {
                    connection.kill("the server does not answer");
                }
            }
        }
        for channel in drop_gone(channels) {
            connection.post(&sql::unlisten(&channel));
        }
    }
}

/// The outcome of whichever came first.
enum Either<A, B> {
    One(A),
    Other(B),
}

/// Waits for one of two; the other one is dropped.
async fn first<A, B>(one: impl Future<Output = A>, other: impl Future<Output = B>) -> Either<A, B> {
    let (mut one, mut other) = (pin!(one), pin!(other));
    std::future::poll_fn(|cx| {
        if let Poll::Ready(outcome) = one.as_mut().poll(cx) {
            return Poll::Ready(Either::One(outcome));
        }
        other.as_mut().poll(cx).map(Either::Other)
    })
    .await
}

impl Subscriber {
    fn tell(&self, heard: Heard) {
        if self.heard.try_send(heard).is_err() {
            self.missed.store(true, Ordering::Release);
        }
    }
}

/// Removes listeners that are gone; returns the channels that nobody hears any more.
fn drop_gone(channels: &mut Channels) -> Vec<String> {
    let mut empty = Vec::new();
    channels.retain(|channel, subscribers| {
        subscribers.retain(|subscriber| !subscriber.heard.is_closed());
        if subscribers.is_empty() {
            empty.push(channel.clone());
        }
        !subscribers.is_empty()
    });
    empty
}

/// Tells a new connection of every channel.
async fn again(connection: &Connection, channels: &Channels) -> Result<()> {
    for channel in channels.keys() {
        listen(connection, channel).await?;
    }
    Ok(())
}

async fn join(
    connection: &Connection,
    channels: &mut Channels,
    channel: String,
    subscriber: Subscriber,
    joined: oneshot::Sender<Result<()>>,
) {
    if !channels.contains_key(&channel)
        && let Err(error) = listen(connection, &channel).await
    {
        let _ = joined.send(Err(error));
        return;
    }
    channels.entry(channel).or_default().push(subscriber);
    let _ = joined.send(Ok(()));
}

async fn listen(connection: &Connection, channel: &str) -> Result<()> {
    let text = sql::listen(channel);
    let listening = connection.batch(&text).await;
    listening.map_err(|error| connection.explain(Failure::Server(error), &text, false, None))
}
