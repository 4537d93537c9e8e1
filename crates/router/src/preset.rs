//! [`Preset`]: a value that a route or scope assigns to its requests.

use std::any::type_name;
use std::fmt;
use std::sync::Arc;

use zzz_core::http::Assigns;

/// A value that is assigned to every request of a route or scope, with its type erased.
#[derive(Clone)]
pub(crate) struct Preset {
    pub(crate) type_name: &'static str,
    set: Arc<dyn Fn(&mut Assigns) + Send + Sync>,
}

impl Preset {
    pub(crate) fn new<T: Clone + Send + Sync + 'static>(value: T) -> Self {
        let set = move |assigns: &mut Assigns| {
            assigns.insert(value.clone());
        };
        Self { type_name: type_name::<T>(), set: Arc::new(set) }
    }

    pub(crate) fn set(&self, assigns: &mut Assigns) {
        (self.set)(assigns);
    }
}

impl fmt::Debug for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.type_name)
    }
}
