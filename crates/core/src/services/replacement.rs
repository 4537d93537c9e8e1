//! [`Replacement`]: what a test puts in the place of a service.

use std::panic::Location;
use std::sync::Arc;

use super::builder::constructed;
use super::constructor::{Arguments, Constructor, IntoService, Marker};
use super::need::Need;
use super::recipe::{Lifetime, Recipe};
use super::stored::Stored;

/// What a test puts in the place of a registered service, before anything is built. Whoever needs the service gets
/// this, also under the service's other names, and the constructor that was registered is not called.
#[derive(Clone)]
pub struct Replacement {
    pub(super) recipe: Recipe,
    pub(super) keeps_lifetime: bool,
}

impl Replacement {
    /// A value, which everybody shares. For a trait object the type is said:
    /// `Replacement::value::<dyn Mail>(Arc::new(Outbox::default()) as Arc<dyn Mail>)`.
    #[track_caller]
    #[must_use]
    pub fn value<T: ?Sized + Send + Sync + 'static>(value: impl Into<Arc<T>>) -> Self {
        let recipe = Recipe::value(Need::of::<T>(), Stored::new(value.into()), Location::caller());
        Self { recipe, keeps_lifetime: false }
    }

    /// A constructor, as [`ServicesBuilder::singleton`](super::ServicesBuilder::singleton) takes it; the service keeps
    /// the lifetime with which it was registered.
    #[track_caller]
    #[must_use]
    pub fn with<T, M>(
        constructor: impl Constructor<M, Arguments: Arguments, Output: IntoService<T, M::Via>>,
    ) -> Self
    where
        T: Send + Sync + 'static,
        M: Marker,
    {
        Self { recipe: constructed::<T, M>(Lifetime::Singleton, constructor), keeps_lifetime: true }
    }
}

impl std::fmt::Debug for Replacement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Replacement of {}", self.recipe)
    }
}
