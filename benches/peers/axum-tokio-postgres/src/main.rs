//! The benchmark's server on axum with the bare driver, in the form of axum's entry in TechEmpower's benchmarks: each
//! serving thread has a runtime of its own, a socket of its own on the same port, and one connection to the database,
//! with statements that were prepared at the start. What a request asks at once goes over it in one piece.

use std::{
    error::Error,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    thread,
};

use axum::{
    Json, Router,
    extract::{Query, State},
    response::Html,
    routing::get,
    serve::ListenerExt,
};
use bench_axum_world::{Amount, Failed, Fortune, World, number, page, random};
use futures_util::{TryStreamExt, future::try_join_all};
use mimalloc::MiMalloc;
use tokio::net::{TcpListener, TcpSocket};
use tokio_postgres::{Client, NoTls, Statement};

/// The allocator that every contender has.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const WORLD: &str = "SELECT id, randomnumber FROM world WHERE id = $1";
const FORTUNES: &str = "SELECT id, message FROM fortune";
const UPDATE: &str = "UPDATE world SET randomnumber = new.number \
                      FROM (SELECT * FROM UNNEST($1::int[], $2::int[]) AS t (id, number)) AS new WHERE world.id = new.id";

/// What a thread has of the database.
struct Database {
    client: Client,
    world: Statement,
    fortunes: Statement,
    update: Statement,
}

type Shared = State<Arc<Database>>;

impl Database {
    async fn connect() -> Result<Self, Box<dyn Error>> {
        let (client, connection) = tokio_postgres::connect(&std::env::var("DATABASE_URL")?, NoTls).await?;
        tokio::spawn(connection);
        Ok(Database {
            world: client.prepare(WORLD).await?,
            fortunes: client.prepare(FORTUNES).await?,
            update: client.prepare(UPDATE).await?,
            client,
        })
    }

    async fn world(&self, id: i32) -> Result<World, tokio_postgres::Error> {
        let row = self.client.query_one(&self.world, &[&id]).await?;
        Ok(World { id: row.get(0), random_number: row.get(1) })
    }

    async fn worlds(&self, amount: &Amount) -> Result<Vec<World>, tokio_postgres::Error> {
        try_join_all(amount.ids().into_iter().map(|id| self.world(id))).await
    }
}

async fn db(State(database): Shared) -> Result<Json<World>, Failed> {
    Ok(Json(database.world(random()).await?))
}

async fn queries(State(database): Shared, Query(amount): Query<Amount>) -> Result<Json<Vec<World>>, Failed> {
    Ok(Json(database.worlds(&amount).await?))
}

async fn updates(State(database): Shared, Query(amount): Query<Amount>) -> Result<Json<Vec<World>>, Failed> {
    let mut worlds = database.worlds(&amount).await?;
    for world in &mut worlds {
        world.random_number = random();
    }
    let (ids, numbers): (Vec<i32>, Vec<i32>) = worlds.iter().map(|it| (it.id, it.random_number)).unzip();
    database.client.execute(&database.update, &[&ids, &numbers]).await?;
    Ok(Json(worlds))
}

async fn fortunes(State(database): Shared) -> Result<Html<String>, Failed> {
    let rows = database.client.query_raw(&database.fortunes, std::iter::empty::<i32>()).await?;
    let fortunes = rows.map_ok(|row| Fortune { id: row.get(0), message: row.get(1) });
    page(fortunes.try_collect().await?)
}

async fn serve(listener: TcpListener) -> Result<(), Box<dyn Error>> {
    let app = Router::new()
        .route("/db", get(db))
        .route("/queries", get(queries))
        .route("/updates", get(updates))
        .route("/fortunes", get(fortunes))
        .with_state(Arc::new(Database::connect().await?));
    let listener = listener.tap_io(|stream| {
        // The documentation's example; a failure costs latency and nothing else.
        let _ = stream.set_nodelay(true);
    });
    Ok(axum::serve(listener, app).await?)
}

/// One of several sockets on the same port.
fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseport(true)?;
    socket.bind(address)?;
    socket.listen(1024)
}

/// Serves on this thread; `listening` learns where.
fn work(address: SocketAddr, listening: impl FnOnce(SocketAddr)) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = listen(address)?;
        listening(listener.local_addr()?);
        serve(listener).await
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let workers = number("WORKERS").unwrap_or(1).max(1);
    let port = number("PORT").unwrap_or(0);
    work((Ipv4Addr::LOCALHOST, port).into(), |address| {
        for _ in 1..workers {
            thread::spawn(move || {
                if let Err(error) = work(address, |_| ()) {
                    eprintln!("a serving thread ended: {error}");
                }
            });
        }
        println!("listening on {address}");
    })
}
