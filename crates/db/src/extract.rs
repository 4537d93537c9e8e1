//! [`Repo`] in a web app: as a handler's argument, and as a part of its readiness (feature `web`).

use zzz_core::http::{BoxFuture, Description, FromRequestParts, HealthCheck, Parts};

use crate::repo::Repo;

/// The repo among the app's services.
impl FromRequestParts for Repo {
    fn describe(description: &mut Description) {
        description.service::<Self>();
    }

    async fn from_request_parts(parts: &mut Parts) -> zzz_core::Result<Self> {
        parts.services().require::<Self>().map(|repo| Self::clone(repo))
    }
}

/// Ready while the database answers.
impl HealthCheck for Repo {
    fn name(&self) -> &str {
        "database"
    }

    fn check(&self) -> BoxFuture<zzz_core::Result<()>> {
        let repo = self.clone();
        Box::pin(async move { Ok(repo.ping().await?) })
    }
}
