//! [`Repo`] as an argument of a service's constructor.

use zzz_core::services::{FromServices, Need, Needs, Ready};
use zzz_core::{Error, Result};

use crate::repo::Repo;

/// The repo among the app's services: a clone of the handle.
impl FromServices for Repo {
    fn needs(needs: &mut Needs) {
        needs.service(Need::of::<Self>());
    }

    fn from_services(ready: &mut Ready<'_>) -> Result<Self> {
        let repo = ready.take::<Self>();
        repo.map(|repo| Self::clone(&repo)).ok_or_else(|| Error::internal("the app has no database"))
    }
}
