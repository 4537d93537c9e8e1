//! The services container: what an app sets up once and finds again by its type.

use std::any::type_name;
use std::fmt;
use std::sync::Arc;

use crate::type_map::TypeMap;
use crate::{Error, Result};

/// The singletons of an app, found by their type: the database, the templates, an API client of your own.
///
/// It is filled while the app starts and shared, unchanged, from then on.
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
    map: TypeMap,
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
    pub fn insert_arc<T: Send + Sync + 'static>(&mut self, service: Arc<T>) -> Option<Arc<T>> {
        self.map.insert(service)
    }

    /// The service of type `T`, if one is registered.
    #[must_use]
    pub fn get<T: Send + Sync + 'static>(&self) -> Option<&Arc<T>> {
        self.map.get::<Arc<T>>()
    }

    /// The service of type `T`.
    ///
    /// # Errors
    /// Status 500, naming the type and how to register it, if there is none.
    pub fn require<T: Send + Sync + 'static>(&self) -> Result<&Arc<T>> {
        self.get::<T>().ok_or_else(|| missing(type_name::<T>()))
    }
}

#[cold]
fn missing(name: &str) -> Error {
    Error::internal(format!(
        "no service of type `{name}` is registered; add it where the app is put together, with `services.insert(...)`"
    ))
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Services").field("registered", &self.map.len()).finish()
    }
}
