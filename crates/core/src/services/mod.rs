//! Services: what an app sets up once and finds again by its type (dependency injection).
//!
//! A [`ServicesBuilder`] collects ready values and constructors; a constructor is a plain function whose arguments are
//! other services. Everything is checked before anything is built, and every mistake is in one message. What comes out
//! are [`Services`], in which singletons are found by their type; services of one request, job or connection live in
//! its [`Scope`].
//!
//! | module | holds |
//! |---|---|
//! | [`builder`] | [`ServicesBuilder`], [`Registration`], [`Singleton`] |
//! | [`constructor`] | [`Constructor`], [`IntoService`]: which functions make services |
//! | [`from_services`] | [`FromServices`]: what their arguments may be |
//! | [`replacement`] | [`Replacement`]: what a test puts in a service's place |
//! | [`recipe`] | [`Lifetime`] |
//! | `check` | missing services, circles, captives |
//! | `build`, `resolve` | building, in order |
//! | [`scope`] | [`Scope`] |
//! | [`need`] | [`Need`], [`Requirement`]: who needs what |
//! | [`svc`] | [`Svc`] |

mod build;
pub mod builder;
mod check;
pub mod constructor;
pub mod error;
pub mod from_services;
pub mod need;
pub mod recipe;
pub mod replacement;
mod resolve;
pub mod scope;
mod stored;
pub mod svc;
#[cfg(test)]
mod tests;

pub use builder::{Registration, ServicesBuilder, Singleton};
pub use constructor::{Constructor, IntoService};
pub use error::ServicesError;
pub use from_services::{FromServices, Needs, Ready};
pub use need::{Need, Requirement};
pub use recipe::Lifetime;
pub use replacement::Replacement;
pub use scope::Scope;
pub use svc::Svc;

use std::any::TypeId;
use std::fmt;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;

use constructor::Building;
use recipe::Recipe;
pub(crate) use stored::ByType;
use stored::Stored;

use crate::{Error, Result};

/// What to do with a service when the app stops.
type Hook = Box<dyn Fn(&Stored) -> Building<()> + Send + Sync>;

/// The services of an app, found by their type: the database, the templates, an API client of your own.
///
/// A [`ServicesBuilder`] makes them; where there is nothing to construct, as in a test, they can be put in directly.
/// They are dropped in the reverse of the order in which they were built.
///
/// ```
/// use zzz_core::Services;
///
/// struct Mailer { from: &'static str }
///
/// let mut services = Services::new();
/// services.insert(Mailer { from: "owl@example.org" });
/// assert_eq!(services.get::<Mailer>().unwrap().from, "owl@example.org");
/// assert!(services.require::<String>().unwrap_err().to_string().contains("String"));
/// ```
#[derive(Default)]
pub struct Services {
    ready: ByType<Stored>,
    /// Those that are not shared by all: per request, transient.
    recipes: ByType<Arc<Recipe>>,
    /// What is ready, in the order in which it was built.
    order: Vec<Need>,
    hooks: Vec<(TypeId, Hook)>,
    advice: ByType<&'static str>,
}

impl Services {
    /// An empty container.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers `service` under its type; the one that stood there before is returned.
    pub fn insert<T: Send + Sync + 'static>(&mut self, service: T) -> Option<Arc<T>> {
        self.insert_arc(Arc::new(service))
    }

    /// Registers a service that is shared already.
    pub fn insert_arc<T: ?Sized + Send + Sync + 'static>(&mut self, service: Arc<T>) -> Option<Arc<T>> {
        let need = Need::of::<T>();
        let before = self.ready.insert(need.id(), Stored::new(service));
        if before.is_none() {
            self.order.push(need);
        }
        before.and_then(|before| before.get::<T>().cloned())
    }

    /// The singleton of type `T`, if one is registered. Services of other lifetimes come from a [`Scope`].
    #[must_use]
    pub fn get<T: ?Sized + Send + Sync + 'static>(&self) -> Option<&Arc<T>> {
        self.ready.get(&TypeId::of::<T>())?.get()
    }

    /// The singleton of type `T`.
    ///
    /// # Errors
    /// Status 500, naming the type and how to register it, if there is none.
    pub fn require<T: ?Sized + Send + Sync + 'static>(&self) -> Result<&Arc<T>> {
        self.get::<T>().ok_or_else(|| self.not_shared(Need::of::<T>()))
    }

    /// The lifetime of the service of type `T`, if one is registered.
    #[must_use]
    pub fn lifetime<T: ?Sized + 'static>(&self) -> Option<Lifetime> {
        let id = TypeId::of::<T>();
        let ready = self.ready.contains_key(&id).then_some(Lifetime::Singleton);
        ready.or_else(|| self.recipes.get(&id).map(|recipe| recipe.lifetime))
    }

    /// Checks that what is required is registered.
    ///
    /// # Errors
    /// All that is missing, with those who need it.
    pub fn check(&self, requirements: &[Requirement]) -> Result<(), ServicesError> {
        let wanted = requirements.iter().map(|required| (required.need, format!("`{}`", required.by)));
        let known = self.order.iter().copied().chain(self.recipes.values().map(|recipe| recipe.need));
        let mut mistakes = Vec::new();
        check::missing(wanted, known, &self.advice, &mut mistakes);
        if mistakes.is_empty() { Ok(()) } else { Err(ServicesError::new(mistakes)) }
    }

    /// Lets services end in order, as they asked with [`on_shutdown`](Singleton::on_shutdown): the last that was built
    /// first, one after the other. A failure does not keep the others from ending.
    pub async fn shutdown(&self) -> Vec<Error> {
        let mut failures = Vec::new();
        for need in self.order.iter().rev() {
            let Some(service) = self.ready.get(&need.id()) else { continue };
            for (_, hook) in self.hooks.iter().rev().filter(|(id, _)| *id == need.id()) {
                if let Err(error) = unpanicked(|| hook(service)).await {
                    let name = need.name();
                    failures.push(Error::internal(format!("`{name}` could not be ended in order: {error}")));
                }
            }
        }
        failures
    }

    #[cold]
    fn not_shared(&self, need: Need) -> Error {
        match self.recipes.get(&need.id()) {
            Some(recipe) => Error::internal(format!(
                "{recipe} is a service of the lifetime `{}`, which is built where it is needed: take it as an argument, `Svc<{}>`",
                recipe.lifetime,
                need.name()
            )),
            None => missing(need.name()),
        }
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        while let Some(need) = self.order.pop() {
            self.ready.remove(&need.id());
        }
    }
}

/// Does what a hook wants; a panic is an error like others.
async fn unpanicked(hook: impl FnOnce() -> Building<()>) -> Result<()> {
    let panicked = |_| Error::internal("it panicked");
    let mut future = match catch_unwind(AssertUnwindSafe(hook)).map_err(panicked)? {
        Building::Done(ended) => return ended,
        Building::Later(future) => future,
    };
    // Nothing of the hook is looked at again after a panic.
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(state) => state,
        Err(panic) => Poll::Ready(Err(panicked(panic))),
    })
    .await
}

#[cold]
fn missing(name: &str) -> Error {
    Error::internal(format!(
        "no service of type `{name}` is registered; add it where the app is put together, with `services.singleton(...)` or `services.value(...)`"
    ))
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let built = self.order.iter().map(Need::name);
        f.debug_list().entries(built.chain(self.recipes.values().map(|recipe| recipe.need.name()))).finish()
    }
}
