//! Building one service out of those that it needs.

use std::any::{Any, TypeId};
use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::constructor::Building;
use super::from_services::Ready;
use super::need::Need;
use super::recipe::{Lifetime, Make, Recipe};
use super::stored::{ByType, Stored};
use crate::{Error, Result};

/// What there is to build from.
#[derive(Clone, Copy)]
pub(super) struct Sources<'a> {
    /// Singletons that are built.
    pub(super) ready: &'a ByType<Stored>,
    /// How others are built.
    pub(super) recipes: &'a ByType<Arc<Recipe>>,
    /// What they are built for: the parts of a request.
    pub(super) context: Option<&'a (dyn Any + Send + Sync)>,
}

/// The services that were built for one request, in the order in which they were.
pub(super) type Made = Vec<(TypeId, Stored)>;

impl Sources<'_> {
    fn at_hand(&self, made: &Made, id: TypeId) -> Option<Stored> {
        let ready = self.ready.get(&id);
        ready.or_else(|| made.iter().find(|(known, _)| *known == id).map(|(_, service)| service)).cloned()
    }
}

/// The service, built if it has to be; `None` if nobody registered it.
pub(super) fn resolve<'a>(
    sources: Sources<'a>,
    made: &'a mut Made,
    need: Need,
) -> Pin<Box<dyn Future<Output = Result<Option<Stored>>> + Send + 'a>> {
    Box::pin(async move {
        if let Some(service) = sources.at_hand(made, need.id()) {
            return Ok(Some(service));
        }
        match sources.recipes.get(&need.id()) {
            Some(recipe) => make(sources, made, recipe).await.map(Some),
            None => Ok(None),
        }
    })
}

/// Builds the service of a recipe, after what it needs.
pub(super) async fn make(sources: Sources<'_>, made: &mut Made, recipe: &Recipe) -> Result<Stored> {
    let call = match &recipe.make {
        Make::Value(service) => return Ok(service.clone()),
        Make::Promise => {
            return Err(Error::internal(format!("{recipe} was promised, and not provided")));
        }
        Make::Call(call) => call,
    };
    let mut ready =
        Ready { services: Vec::with_capacity(recipe.needs.services.len()), context: sources.context };
    for need in &recipe.needs.services {
        if let Some(service) = resolve(sources, made, *need).await? {
            ready.services.push((need.id(), service));
        }
    }
    let built = match call(&mut ready) {
        Building::Done(result) => result,
        Building::Later(future) => {
            drop(ready);
            future.await
        }
    };
    let service = built.map_err(|error| failed(recipe, error))?;
    if recipe.lifetime == Lifetime::PerRequest {
        made.push((recipe.need.id(), service.clone()));
    }
    Ok(service)
}

/// An error with a status or a message of its own is meant for the client and stays what it is; any other is told
/// which service it is about.
#[cold]
fn failed(recipe: &Recipe, error: Error) -> Error {
    if error.status() != 500 || error.public_message().is_some() {
        return error;
    }
    Error::internal(Failed { what: recipe.to_string(), error })
}

/// A constructor's error, with the service that it is about.
#[derive(Debug)]
struct Failed {
    what: String,
    error: Error,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.error.location();
        write!(
            f,
            "the service {} could not be built: {} ({}:{})",
            self.what,
            self.error,
            at.file(),
            at.line()
        )
    }
}

impl StdError for Failed {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.error.as_std().source()
    }
}
