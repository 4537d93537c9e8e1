//! `seed`: fills the database with the app's sample content.

use zzz_core::{Error, Result};

use super::print;
use crate::boot::Prepared;
use crate::database;

pub(super) async fn seed(prepared: &Prepared) -> Result<()> {
    let Some(seed) = &prepared.app.seed else {
        return Err(Error::internal("this app has no seeds: it sets none with `App::seed`"));
    };
    let repo = database::connect_migrated(prepared).await?;
    seed(repo.clone()).await?;
    repo.close().await;
    print("The database is seeded.\n")
}
