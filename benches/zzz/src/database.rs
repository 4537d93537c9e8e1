//! The rows that ask a database: those of TechEmpower's benchmarks, on the tables that they prescribe.

use std::collections::BTreeSet;

use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};
use zzz::db::OnConflict;
use zzz::prelude::*;

/// How many rows the table `world` has.
const WORLDS: i32 = 10_000;

#[derive(Schema, Serialize, Default, Clone)]
#[schema(table = "world")]
struct World {
    id: i32,
    #[schema(source = "randomnumber")]
    #[serde(rename = "randomNumber")]
    random_number: i32,
}

#[derive(Schema, Serialize, Default)]
#[schema(table = "fortune")]
struct Fortune {
    id: i32,
    message: String,
}

/// `?n=20`
#[derive(Deserialize)]
struct Amount {
    n: usize,
}

#[derive(Serialize)]
struct Fortunes {
    fortunes: Vec<Fortune>,
}

fn random() -> i32 {
    fastrand::i32(1..=WORLDS)
}

/// So many different ids, in ascending order: whoever changes their rows locks them in this order.
fn ids(amount: &Amount) -> BTreeSet<i32> {
    let mut ids = BTreeSet::new();
    while ids.len() < amount.n.clamp(1, 500) {
        ids.insert(random());
    }
    ids
}

async fn world(repo: &Repo, id: i32) -> Result<World> {
    repo.get::<World>(id).await?.or_404()
}

/// One query for each, as the test wants it, and all at once.
async fn worlds(repo: &Repo, amount: &Amount) -> Result<Vec<World>> {
    try_join_all(ids(amount).into_iter().map(|id| world(repo, id))).await
}

async fn db(repo: Repo) -> Result<Json<World>> {
    world(&repo, random()).await.map(Json)
}

async fn queries(Query(amount): Query<Amount>, repo: Repo) -> Result<Json<Vec<World>>> {
    worlds(&repo, &amount).await.map(Json)
}

async fn updates(Query(amount): Query<Amount>, repo: Repo) -> Result<Json<Vec<World>>> {
    let mut worlds = worlds(&repo, &amount).await?;
    for world in &mut worlds {
        world.random_number = random();
    }
    let changed = OnConflict::replace(fields![World::random_number]).target(fields![World::id]);
    repo.insert_all_with(worlds.clone(), changed).await?;
    Ok(Json(worlds))
}

async fn fortunes(repo: Repo, view: View) -> Result<Response> {
    let mut fortunes = Fortune::query().all(&repo).await?;
    fortunes.push(Fortune { id: 0, message: "Additional fortune added at request time.".to_owned() });
    fortunes.sort_by(|one, other| one.message.cmp(&other.message));
    view.without_layout().render("fortunes.html", Fortunes { fortunes })
}

/// The routes.
pub(super) fn routes(router: Router) -> Router {
    router.scope(
        Scope::new("/")
            .get("/db", db)
            .get("/queries", queries)
            .get("/updates", updates)
            .get("/fortunes", fortunes),
    )
}
