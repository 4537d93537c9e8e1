//! [`Connection`]: one connection, and how it runs a statement.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use futures_core::Stream as _;
use tokio::task::AbortHandle;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Notification, RowStream, SimpleQueryMessage, Statement};

use super::decode::PostgresRow;
use super::encode::{self, Bound};
use super::errors;
use super::options::{Options, Prepare};
use super::socket::{self, Unsent};
use super::statements::{Plan, Sql, Statements};
use super::tls::Tls;
use crate::dialect::postgres as sql;
use crate::driver::{Request, Sink, undisturbed};
use crate::{Error, ErrorKind, Result, Value};

/// What is needed to open connections.
#[derive(Clone)]
pub(super) struct Opener {
    pub(super) options: Options,
    pub(super) tls: Tls,
    /// How long opening one may take.
    pub(super) patience: Duration,
    /// The limit of each statement, which the server keeps.
    pub(super) limit: Option<Duration>,
}

impl Opener {
    pub(super) fn new(options: &Options, patience: Duration, limit: Option<Duration>) -> Result<Self> {
        let tls = Tls::new(&options.trust)?;
        Ok(Self { options: options.clone(), tls, patience, limit })
    }

    /// Connects, and starts the task that serves the socket until it ends. `heard` takes notifications, `ended`
    /// is called once the socket is closed.
    pub(super) async fn open(
        &self,
        heard: impl Fn(Notification) + Send + 'static,
        ended: impl FnOnce() + Send + 'static,
    ) -> Result<Connection> {
        let place = self.options.place();
        let mut config = self.options.config.clone();
        config.options(self.settings());
        let connecting = tokio::time::timeout(self.patience, config.connect(self.tls.clone()));
        let (client, stream) = match connecting.await {
            Ok(Ok(opened)) => opened,
            Ok(Err(error)) => return Err(errors::connecting(error, &place, self.options.database())),
            Err(_) => {
                let text =
                    format!("no connection to PostgreSQL at {place}: no answer within {:?}", self.patience);
                return Err(Error::new(ErrorKind::Storage, text));
            }
        };
        let reason = Arc::new(OnceLock::new());
        let told = Arc::clone(&reason);
        let unsent = Arc::new(Unsent::default());
        let looked = Arc::clone(&unsent);
        let ended = OnDrop(Some(ended));
        let task = tokio::spawn(async move {
            let _ended = ended;
            socket::serve(stream, &looked, &told, heard).await;
        });
        let named = self.options.prepare == Prepare::Named;
        Ok(Connection {
            client,
            tls: self.tls.clone(),
            statements: Mutex::new(Statements::new(if named { self.options.statements } else { 0 })),
            limit: self.limit,
            session_limit: Mutex::new(self.limit),
            running: Mutex::new(None),
            behind: Mutex::default(),
            moves: AtomicU64::new(0),
            unsent,
            finished: AtomicU64::new(0),
            reason,
            killed: OnceLock::new(),
            task: task.abort_handle(),
        })
    }

    /// What every connection is told first. A pooler shares its connections among clients, and takes no
    /// settings.
    fn settings(&self) -> String {
        let given = self.options.config.get_options().unwrap_or_default();
        if self.options.prepare == Prepare::Unnamed {
            return given.to_owned();
        }
        // What the URL says comes last, and wins.
        format!("-c TimeZone=UTC -c statement_timeout={} {given}", sql::millis(self.limit))
    }
}

/// Calls this when it is dropped, which is how a task that is stopped ends.
struct OnDrop<F: FnOnce()>(Option<F>);

impl<F: FnOnce()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        if let Some(call) = self.0.take() {
            call();
        }
    }
}

/// One connection.
pub(super) struct Connection {
    client: Client,
    tls: Tls,
    statements: Mutex<Statements>,
    /// The limit of statements that the pool's connections have.
    limit: Option<Duration>,
    /// The limit that the server keeps for this one now.
    session_limit: Mutex<Option<Duration>>,
    /// Since when the server is to answer to who has this connection alone, and within which limit.
    running: Mutex<Option<(Instant, Option<Duration>)>>,
    /// Reads that wait behind another's, by their number: who is woken when that one keeps them waiting.
    behind: Mutex<VecDeque<(u64, Waker)>>,
    /// How often they were told to go elsewhere.
    moves: AtomicU64,
    /// What was asked since the task last looked.
    unsent: Arc<Unsent>,
    /// How many reads of those that share this connection are done.
    finished: AtomicU64,
    /// Why it broke.
    reason: Arc<OnceLock<String>>,
    /// Why it was given up. What its task noticed, perhaps before, follows from that.
    killed: OnceLock<&'static str>,
    task: AbortHandle,
}

/// What came of a statement, counted while it runs.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) rows: u64,
    pub(super) affected: u64,
    pub(super) decode: Duration,
}

/// Why a statement failed.
pub(super) enum Failure {
    /// The server refused it, or the connection broke.
    Server(tokio_postgres::Error),
    /// A row could not be read.
    Ours(Error),
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Server(error)
    }
}

impl Connection {
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Whether it serves nobody any more.
    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed() || self.killed.get().is_some()
    }

    /// An error once it was [killed](Self::kill): its task may still be at work on another thread, and what is sent now
    /// could be answered with what belongs to somebody else.
    pub(super) fn is_usable(&self) -> Result<()> {
        match self.killed.get() {
            Some(why) => Err(errors::lost(why, false, None)),
            None => Ok(()),
        }
    }

    /// Runs one statement and hands its rows to the sink.
    pub(super) async fn query(&self, request: &mut Request) -> Result<Counts, Failure> {
        let (sql, params) = (Sql::from(&*request.statement.sql), &request.statement.params);
        let rows = match self.plan(sql, params)? {
            Plan::Run(statement) => {
                self.run(&statement, params).await.map_err(|error| self.not_sent(sql, error))
            }
            plan => Box::pin(self.send(plan, sql, params)).await,
        };
        let mut counts = Counts::default();
        receive(pin!(rows?), &mut *request.sink, request.timed, &mut counts).await?;
        Ok(counts)
    }

    /// How a statement is to be sent.
    pub(super) fn plan(&self, sql: Sql<'_>, params: &[Value]) -> Result<Plan, Failure> {
        let plan = self.statements().plan(sql);
        if let Plan::Run(statement) = &plan {
            expect(params.len(), statement.params().len(), sql.text)?;
        }
        Ok(plan)
    }

    /// Sends a prepared statement, and waits until the server begins to answer.
    pub(super) fn run<'a>(
        &'a self,
        statement: &'a Statement,
        params: &'a [Value],
    ) -> impl Future<Output = Result<RowStream, tokio_postgres::Error>> + Send + 'a {
        self.client.query_raw(statement, params.iter().map(Bound))
    }

    /// Sends a statement, and waits until the server begins to answer. What is rare needs room that the future of every
    /// statement would have to have: give it a box.
    pub(super) async fn send(
        &self,
        plan: Plan,
        sql: Sql<'_>,
        params: &[Value],
    ) -> Result<RowStream, Failure> {
        let outcome = match plan {
            Plan::Run(statement) => self.run(&statement, params).await,
            Plan::Prepare => {
                let statement = self.client.prepare(sql.text).await?;
                self.statements().keep(sql, &statement);
                expect(params.len(), statement.params().len(), sql.text)?;
                self.run(&statement, params).await
            }
            // The server finds the types out.
            Plan::Once => {
                let params = params.iter().map(|value| (Bound(value), Type::UNKNOWN));
                self.client.query_typed_raw(sql.text, params).await
            }
        };
        outcome.map_err(|error| self.not_sent(sql, error))
    }

    /// A prepared statement that the server does not know any more is prepared again the next time.
    #[cold]
    pub(super) fn not_sent(&self, sql: Sql<'_>, error: tokio_postgres::Error) -> Failure {
        if errors::is_outdated(&error) {
            self.statements().forget(sql.text);
        }
        Failure::Server(error)
    }

    /// Runs several statements without values.
    pub(super) async fn batch(&self, sql: &str) -> Result<(), tokio_postgres::Error> {
        self.client.batch_execute(sql).await
    }

    /// Whether a statement gives one row with one value that is true.
    pub(super) async fn is_true(&self, sql: &str) -> Result<bool, tokio_postgres::Error> {
        let answer = self.client.simple_query(sql).await?;
        Ok(answer.iter().any(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0) == Some("t"),
            _ => false,
        }))
    }

    /// Sends several statements without waiting for what comes of them.
    pub(super) fn post(&self, sql: &str) {
        let sent = pin!(self.client.batch_execute(sql));
        // The first poll sends; the task of the connection throws the answer away.
        let _ = sent.poll(&mut Context::from_waker(Waker::noop()));
    }

    /// Waits until everything that was sent is answered.
    pub(super) async fn settle(&self) -> bool {
        self.client.check_connection().await.is_ok()
    }

    /// Asks the server to stop the running statement, and closes. Only for a connection that nobody shares: the
    /// server may hear it when it runs the next statement already.
    pub(super) async fn cancel(&self) {
        let token = self.client.cancel_token();
        let cancelling = token.cancel_query(self.tls.clone());
        let _ = tokio::time::timeout(Duration::from_secs(2), cancelling).await;
        self.kill("its caller is gone");
    }

    /// Closes at once; what waits for an answer fails.
    pub(super) fn kill(&self, why: &'static str) {
        let _ = self.killed.set(why);
        self.task.abort();
    }

    /// The limit of each statement from now on; only for a connection that nobody shares.
    pub(super) async fn set_limit(&self, limit: Option<Duration>) -> Result<(), tokio_postgres::Error> {
        if *lock(&self.session_limit) == limit {
            return Ok(());
        }
        self.batch(&sql::statement_timeout(limit, false)).await?;
        *lock(&self.session_limit) = limit;
        Ok(())
    }

    /// Whether the server keeps the pool's own limit.
    pub(super) fn has_the_pools_limit(&self) -> bool {
        *lock(&self.session_limit) == self.limit
    }

    pub(super) fn pools_limit(&self) -> Option<Duration> {
        self.limit
    }

    /// Notes that the server has something to answer to who has this connection alone.
    pub(super) fn start(&self, limit: Option<Duration>) {
        *lock(&self.running) = Some((Instant::now(), limit));
    }

    /// Notes that it has answered.
    pub(super) fn stop(&self) {
        *lock(&self.running) = None;
    }

    pub(super) fn running(&self) -> Option<(Instant, Option<Duration>)> {
        *lock(&self.running)
    }

    /// How many reads of those that share this connection are done.
    pub(super) fn finished(&self) -> &AtomicU64 {
        &self.finished
    }

    /// What was asked and is not sent yet.
    pub(super) fn unsent(&self) -> &Unsent {
        &self.unsent
    }

    /// How often reads were told to move.
    pub(super) fn moves(&self) -> u64 {
        self.moves.load(Ordering::Relaxed)
    }

    /// Tells every read but the first that the first one keeps it waiting.
    pub(super) fn move_on(&self) {
        self.moves.fetch_add(1, Ordering::Relaxed);
        let behind = std::mem::take(&mut *lock(&self.behind));
        behind.into_iter().for_each(|(_, waker)| waker.wake());
    }

    /// Wakes the read with this number when it is to [move](Self::move_on).
    pub(super) fn wait_behind(&self, number: u64, waker: &Waker) {
        let finished = self.finished.load(Ordering::Relaxed);
        let mut behind = lock(&self.behind);
        while behind.front().is_some_and(|(number, _)| *number < finished) {
            behind.pop_front();
        }
        match behind.back_mut() {
            // Reads of one task are woken together.
            Some((last, known)) if known.will_wake(waker) => *last = number.max(*last),
            _ => behind.push_back((number, waker.clone())),
        }
    }

    /// Nobody shares this connection now.
    pub(super) fn is_left(&self) {
        lock(&self.behind).clear();
    }

    /// A failure as the caller sees it.
    #[cold]
    pub(super) fn explain(
        &self,
        failure: Failure,
        sql: &str,
        writes: bool,
        limit: Option<Duration>,
    ) -> Error {
        let error = match failure {
            Failure::Ours(error) => return error,
            Failure::Server(error) => error,
        };
        let why = self.killed.get().copied().or_else(|| self.reason.get().map(String::as_str));
        match why {
            Some(reason) if error.is_closed() => errors::lost(reason, writes, Some(error.into())),
            _ => errors::statement(error, sql, writes, limit),
        }
    }

    fn statements(&self) -> MutexGuard<'_, Statements> {
        lock(&self.statements)
    }
}

/// What is guarded is whole after every line that changes it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Hands the rows of an answer to the sink.
pub(super) async fn receive(
    mut rows: Pin<&mut RowStream>,
    sink: &mut dyn Sink,
    timed: bool,
    counts: &mut Counts,
) -> Result<(), Failure> {
    while let Some(row) = poll_fn(|cx| rows.as_mut().poll_next(cx)).await {
        let row = row?;
        counts.rows += 1;
        let before = timed.then(Instant::now);
        if let Some(room) = sink.room() {
            room.await.map_err(Failure::Ours)?;
        }
        decode(sink, &row).map_err(Failure::Ours)?;
        if let Some(before) = before {
            counts.decode += before.elapsed();
        }
    }
    counts.affected = rows.rows_affected().unwrap_or(0);
    Ok(())
}

fn expect(given: usize, expected: usize, sql: &str) -> Result<(), Failure> {
    if given == expected { Ok(()) } else { Err(Failure::Ours(errors::count(given, expected, sql))) }
}

fn decode(sink: &mut dyn Sink, row: &tokio_postgres::Row) -> Result<()> {
    undisturbed(|| sink.row(&PostgresRow::new(row)))
}

/// What can not be sent is refused before anything is.
pub(super) fn check(sql: &str, params: &[Value]) -> Result<()> {
    encode::check(params, sql)
}
