//! [`Connection`]: one connection, how it is opened, and how it runs a statement.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::time::{Duration, Instant};

use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlQueryResult, MySqlRow};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Either, Executor as _, MySql, Row as _};

use super::decode::{Forms, MysqlRow};
use super::encode;
use super::errors;
use super::options::{Options, Server};
use super::pulse::Pulse;
use crate::dialect::Mysql;
use crate::dialect::mysql as sql;
use crate::driver::carried::{First, Stop, first};
use crate::driver::{Request, Sink, undisturbed};
use crate::{Error, ErrorKind, Result};

/// Longer SQL is not kept prepared: it is written for one use, such as an INSERT of a thousand rows.
const LONGEST: usize = 16 * 1024;
/// A server is given at least so long to show that it is alive.
const SHORTEST_LOOK: Duration = Duration::from_secs(1);
/// How long a statement whose caller has gone may go on before it is stopped.
const GRACE: Duration = Duration::from_millis(100);

/// What is needed to open connections.
#[derive(Clone)]
pub(super) struct Opener {
    pub(super) options: Options,
    connect: MySqlConnectOptions,
    /// How long opening one may take, and how long the server may be silent.
    pub(super) patience: Duration,
}

impl Opener {
    /// For connections to the database, or to the server alone.
    pub(super) fn new(options: &Options, patience: Duration, whole: bool) -> Result<Self> {
        if let Some(file) = options.authority()
            && let Err(error) = std::fs::metadata(file)
        {
            let text = format!("`sslrootcert` `{}` can not be read: {error}", file.display());
            return Err(Error::with_source(ErrorKind::Url, text, error));
        }
        Ok(Self { options: options.clone(), connect: options.connect_options(whole), patience })
    }

    /// Connects, within this time, and tells the session what it is to be.
    pub(super) async fn open(&self, within: Duration) -> Result<Connection> {
        let opening = async {
            let mut client = self.connect.connect().await?;
            client.execute(sql::SESSION).await?;
            let row = client.fetch_one(sql::INTRODUCTION).await?;
            let (session, version) = (row.try_get::<u64, _>(0)?, row.try_get::<String, _>(1)?);
            Ok(Connection { client, session, version, used: Instant::now(), epoch: 0 })
        };
        match tokio::time::timeout(within, opening).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(error)) => Err(errors::connecting(error, &self.options)),
            Err(_) => {
                let place = self.options.place();
                let text = format!("no connection to MySQL at {place}: no answer within {within:?}");
                Err(Error::new(ErrorKind::Storage, text))
            }
        }
    }

    /// Whether the server says anything at all, if only that it has no room.
    pub(super) async fn is_answering(&self) -> bool {
        // On a machine that is busy a healthy server may take long for a greeting.
        let patience = (self.patience / 2).max(SHORTEST_LOOK);
        match tokio::time::timeout(patience, self.connect.connect()).await {
            Ok(Ok(client)) => {
                let _ = tokio::time::timeout(patience, client.close()).await;
                true
            }
            Ok(Err(sqlx::Error::Database(_))) => true,
            _ => false,
        }
    }

    /// Stops what a session runs.
    async fn kill(&self, session: u64) {
        let killing = async {
            let mut client = self.connect.connect().await?;
            client.execute(AssertSqlSafe(sql::kill(session))).await?;
            client.close().await
        };
        match tokio::time::timeout(self.patience, killing).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(target: "zzz_db::driver", %error, "a statement on MySQL could not be stopped");
            }
            Err(_) => {
                tracing::warn!(target: "zzz_db::driver", "a statement on MySQL could not be stopped in time")
            }
        }
    }
}

/// One connection.
pub(super) struct Connection {
    client: MySqlConnection,
    session: u64,
    version: String,
    /// When it was used last.
    pub(super) used: Instant,
    /// How many connections had broken when it was known to work.
    pub(super) epoch: u64,
}

/// What came of a statement, counted while it runs.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Counts {
    pub(super) rows: u64,
    pub(super) affected: u64,
    pub(super) inserted_id: Option<u64>,
    pub(super) decode: Duration,
}

impl Counts {
    fn done(&mut self, result: &MySqlQueryResult) {
        self.affected += result.rows_affected();
        // Of several, the one that inserted.
        self.inserted_id = Some(result.last_insert_id()).filter(|id| *id > 0).or(self.inserted_id);
    }
}

/// Why a statement failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// The server refused it, or the connection broke.
    Server(sqlx::Error),
    /// A row could not be read.
    Ours(Error),
    /// It ran longer than its limit.
    TooLong,
    /// Its caller has gone.
    Unwanted,
    /// The server does not answer anybody.
    Silent,
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Server(error)
    }
}

impl Failure {
    /// Whether the connection is of no use any more.
    pub(super) fn breaks(&self) -> bool {
        match self {
            // Before anything was sent, or by the server in order.
            Self::Server(sqlx::Error::Encode(_)) | Self::Ours(_) => false,
            Self::Server(error) => errors::closes(error) || !matches!(error, sqlx::Error::Database(_)),
            Self::TooLong | Self::Unwanted | Self::Silent => true,
        }
    }

    /// Whether the server has gone, or does not answer.
    pub(super) fn is_lost(&self) -> bool {
        match self {
            Self::Server(error) => errors::is_lost(error),
            Self::Silent => true,
            _ => false,
        }
    }
}

/// How a statement is watched while it runs.
pub(super) struct Watched<'a> {
    pub(super) opener: &'a Opener,
    pub(super) pulse: &'a Pulse,
    pub(super) limit: Option<Duration>,
    /// Whether it matters if a statement was done before it was stopped.
    pub(super) writes: bool,
    /// Asked when the statement may be stopped.
    pub(super) stop: &'a Stop,
}

/// A statement's outcome; and whether the session was told to stop it, which it may yet hear in the next one.
pub(super) struct Outcome<T> {
    pub(super) result: Result<T, Failure>,
    pub(super) was_stopped: bool,
}

impl Connection {
    /// What the server is, as far as its version tells.
    pub(super) fn dialect(&self, server: Server) -> &'static Mysql {
        let maria = match server {
            Server::Auto => self.version.contains("MariaDB"),
            Server::Mysql => false,
            Server::MariaDb => true,
        };
        if maria { &Mysql::MARIADB } else { &Mysql::MYSQL }
    }

    /// Whether it answers.
    pub(super) async fn answers(&mut self, within: Duration) -> bool {
        matches!(tokio::time::timeout(within, self.client.ping()).await, Ok(Ok(())))
    }

    /// Says goodbye.
    pub(super) async fn close(self, within: Duration) {
        let _ = tokio::time::timeout(within, self.client.close()).await;
    }

    /// The number that a question gives.
    pub(super) async fn ask(&mut self, sql: &'static str) -> Result<Option<i64>, sqlx::Error> {
        self.client.fetch_one(sql).await?.try_get::<Option<i64>, _>(0)
    }

    /// Runs SQL that nothing stops. If it is dropped while it runs, the server does not notice before it is done; this
    /// connection is of no use then.
    pub(super) async fn run_to_its_end(&mut self, sql: &str) -> Result<(), sqlx::Error> {
        let mut answers = self.client.fetch_many(AssertSqlSafe(sql.to_owned()));
        while let Some(answer) = poll_fn(|cx| answers.as_mut().poll_next(cx)).await {
            answer?;
        }
        Ok(())
    }

    /// Runs one statement, and hands its rows to the sink. It must not be dropped while it runs.
    pub(super) async fn query(
        &mut self,
        request: &mut Request,
        begun: &mut bool,
        watched: &Watched<'_>,
    ) -> Outcome<Counts> {
        let session = self.session;
        watched.over(session, self.run(request, begun, watched.stop)).await
    }

    async fn run(&mut self, request: &mut Request, begun: &mut bool, stop: &Stop) -> Result<Counts, Failure> {
        let arguments = encode::arguments(&request.statement.params)?;
        let sql = request.statement.sql.clone();
        let keep = sql.len() <= LONGEST;
        let query = sqlx::query_with::<MySql, _>(AssertSqlSafe(sql), arguments).persistent(keep);
        let mut counts = Counts::default();
        let mut forms: Option<Forms> = None;
        let refused = {
            let mut answers = self.client.fetch_many(query);
            loop {
                match poll_fn(|cx| answers.as_mut().poll_next(cx)).await {
                    None => break None,
                    Some(Ok(Either::Left(result))) => {
                        counts.done(&result);
                        // Another result may follow, of a procedure, with other columns.
                        forms = None;
                    }
                    Some(Ok(Either::Right(row))) => {
                        *begun = true;
                        counts.rows += 1;
                        let before = request.timed.then(Instant::now);
                        let forms = forms.get_or_insert_with(|| Forms::of(&row));
                        if let Some(room) = request.sink.room()
                            && let Err(error) = room.await
                        {
                            break Some(error);
                        }
                        if let Err(error) = decode(&mut *request.sink, &row, forms) {
                            break Some(error);
                        }
                        if let Some(before) = before {
                            counts.decode += before.elapsed();
                        }
                    }
                    Some(Err(error)) => return Err(error.into()),
                }
            }
        };
        let Some(error) = refused else { return Ok(counts) };
        // The rows that nobody wants are read all the same, or their sending is stopped if there are many.
        stop.ask();
        self.client.ping().await?;
        Err(Failure::Ours(error))
    }

    /// Runs several statements without values. It must not be dropped while it runs.
    pub(super) async fn batch(&mut self, sql: &str, watched: &Watched<'_>) -> Outcome<()> {
        let session = self.session;
        let sql = AssertSqlSafe(sql.to_owned());
        let running = async {
            let mut answers = self.client.fetch_many(sql);
            while let Some(answer) = poll_fn(|cx| answers.as_mut().poll_next(cx)).await {
                answer?;
            }
            Ok(())
        };
        watched.over(session, running).await
    }
}

impl Watched<'_> {
    /// Waits for the answer of a session, and looks after the time and the caller meanwhile.
    async fn over<T>(&self, session: u64, answer: impl Future<Output = Result<T, Failure>>) -> Outcome<T> {
        let mut answer = pin!(answer);
        let started = Instant::now();
        let half = self.opener.patience / 2;
        let mut look = half;
        let why = loop {
            let waited = started.elapsed();
            let until = self.limit.map_or(look, |limit| limit.min(look)).saturating_sub(waited);
            let event = first(&mut answer, async {
                let mut asleep = pin!(tokio::time::sleep(until));
                first(&mut asleep, self.stop.asked()).await
            });
            match event.await {
                First::Left(result) => {
                    // An error may come from a server that is going down.
                    if result.is_ok() {
                        self.pulse.heard();
                    }
                    return Outcome { result, was_stopped: false };
                }
                First::Right(First::Left(())) => {
                    if self.limit.is_some_and(|limit| started.elapsed() >= limit) {
                        break Failure::TooLong;
                    }
                    if started.elapsed() < look {
                        continue;
                    }
                    match first(&mut answer, self.pulse.is_there(self.opener)).await {
                        First::Left(result) => return Outcome { result, was_stopped: false },
                        First::Right(true) => look = started.elapsed() + half,
                        First::Right(false) => {
                            return Outcome { result: Err(Failure::Silent), was_stopped: true };
                        }
                    }
                }
                First::Right(First::Right(())) => match first(&mut answer, tokio::time::sleep(GRACE)).await {
                    First::Left(result) => return Outcome { result, was_stopped: false },
                    First::Right(()) => break Failure::Unwanted,
                },
            }
        };
        let result = match first(&mut answer, pin!(self.opener.kill(session))).await {
            First::Left(result) => Some(result),
            First::Right(()) => match first(&mut answer, tokio::time::sleep(self.opener.patience)).await {
                First::Left(result) => Some(result),
                First::Right(()) => None,
            },
        };
        let result = match result {
            // It was done before it was stopped. A read may be cut short without an error, as SLEEP is.
            Some(Ok(done)) if self.writes => Ok(done),
            Some(Err(Failure::Ours(error))) => Err(Failure::Ours(error)),
            _ => Err(why),
        };
        Outcome { result, was_stopped: true }
    }
}

fn decode(sink: &mut dyn Sink, row: &MySqlRow, forms: &Forms) -> Result<()> {
    undisturbed(|| sink.row(&MysqlRow::new(row, forms)))
}
