//! The benchmark's server on axum with sqlx, as their documentation advises: a `PgPool` as the state, `query_as` with
//! bound values, and `UNNEST` for many rows in one statement. sqlx sends the next query of a connection when the last
//! is answered, so twenty rows are twenty queries one after the other, on one connection.

use std::{error::Error, net::Ipv4Addr};

use axum::{
    Json, Router,
    extract::{Query, State},
    response::Html,
    routing::get,
    serve::ListenerExt,
};
use bench_axum_world::{Amount, Failed, Fortune, World, number, page, random};
use mimalloc::MiMalloc;
use sqlx::{PgConnection, PgPool, postgres::PgPoolOptions};
use tokio::net::TcpListener;

/// The allocator that every contender has.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// As many as sqlx has by default. More have been no faster: the database has few cores.
const CONNECTIONS: u32 = 10;

const WORLD: &str = "SELECT id, randomnumber FROM world WHERE id = $1";
const FORTUNES: &str = "SELECT id, message FROM fortune";
const UPDATE: &str = "UPDATE world SET randomnumber = new.number \
                      FROM (SELECT * FROM UNNEST($1::int[], $2::int[]) AS t (id, number)) AS new WHERE world.id = new.id";

async fn world(connection: &mut PgConnection, id: i32) -> Result<World, sqlx::Error> {
    let (id, random_number) = sqlx::query_as(WORLD).bind(id).fetch_one(connection).await?;
    Ok(World { id, random_number })
}

async fn worlds(connection: &mut PgConnection, amount: &Amount) -> Result<Vec<World>, sqlx::Error> {
    let mut worlds = Vec::new();
    for id in amount.ids() {
        worlds.push(world(connection, id).await?);
    }
    Ok(worlds)
}

async fn db(State(pool): State<PgPool>) -> Result<Json<World>, Failed> {
    Ok(Json(world(&mut *pool.acquire().await?, random()).await?))
}

async fn queries(State(pool): State<PgPool>, Query(amount): Query<Amount>) -> Result<Json<Vec<World>>, Failed> {
    Ok(Json(worlds(&mut *pool.acquire().await?, &amount).await?))
}

async fn updates(State(pool): State<PgPool>, Query(amount): Query<Amount>) -> Result<Json<Vec<World>>, Failed> {
    let mut connection = pool.acquire().await?;
    let mut worlds = worlds(&mut connection, &amount).await?;
    for world in &mut worlds {
        world.random_number = random();
    }
    let (ids, numbers): (Vec<i32>, Vec<i32>) = worlds.iter().map(|it| (it.id, it.random_number)).unzip();
    sqlx::query(UPDATE).bind(ids).bind(numbers).execute(&mut *connection).await?;
    Ok(Json(worlds))
}

async fn fortunes(State(pool): State<PgPool>) -> Result<Html<String>, Failed> {
    let rows = sqlx::query_as::<_, (i32, String)>(FORTUNES).fetch_all(&pool).await?;
    page(rows.into_iter().map(|(id, message)| Fortune { id, message }).collect())
}

async fn serve(port: u16) -> Result<(), Box<dyn Error>> {
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).connect(&std::env::var("DATABASE_URL")?).await?;
    let app = Router::new()
        .route("/db", get(db))
        .route("/queries", get(queries))
        .route("/updates", get(updates))
        .route("/fortunes", get(fortunes))
        .with_state(pool);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("listening on {}", listener.local_addr()?);
    let listener = listener.tap_io(|stream| {
        // The documentation's example; a failure costs latency and nothing else.
        let _ = stream.set_nodelay(true);
    });
    Ok(axum::serve(listener, app).await?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let workers = number("WORKERS").unwrap_or(1).max(1);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers.into())
        .enable_all()
        .build()?
        .block_on(serve(number("PORT").unwrap_or(0)))
}
