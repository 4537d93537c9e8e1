//! [`Assigns`]: values that middleware hands to handlers and templates (Plug's `assigns`).

use std::fmt;
use std::sync::Arc;

use crate::type_map::TypeMap;

/// A value that templates see under a name, computed at its first use in a page or its layout.
pub type Shared = Arc<dyn Fn() -> serde_json::Value + Send + Sync>;

/// Values that belong to one request: typed ones for handlers, named ones for templates.
///
/// ```
/// use zzz_core::http::Assigns;
/// struct CurrentUser(&'static str);
///
/// let mut assigns = Assigns::default();
/// assigns.insert(CurrentUser("Ada"));
/// assigns.share("theme", || "dark".into());
/// assert_eq!(assigns.get::<CurrentUser>().unwrap().0, "Ada");
/// assert_eq!(assigns.shared()[0].1(), "dark");
/// ```
#[derive(Default)]
pub struct Assigns {
    /// Most requests have none, and then this costs one word.
    values: Option<Box<Values>>,
}

#[derive(Default)]
struct Values {
    typed: TypeMap,
    shared: Vec<(&'static str, Shared)>,
}

impl Assigns {
    /// Sets the value of its type; the earlier one is returned.
    pub fn insert<T: Send + Sync + 'static>(&mut self, value: T) -> Option<T> {
        self.values.get_or_insert_default().typed.insert(value)
    }

    /// The value of type `T`.
    #[must_use]
    pub fn get<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.values.as_ref()?.typed.get()
    }

    /// The value of type `T`, to change it.
    pub fn get_mut<T: Send + Sync + 'static>(&mut self) -> Option<&mut T> {
        self.values.as_mut()?.typed.get_mut()
    }

    /// Takes the value of type `T` out.
    pub fn remove<T: Send + Sync + 'static>(&mut self) -> Option<T> {
        self.values.as_mut()?.typed.remove()
    }

    /// Makes a value visible to templates as the variable `name`, computed at its first use in a page or its
    /// layout, and not for a page that does not use it; a later one of that name wins.
    pub fn share(
        &mut self,
        name: &'static str,
        value: impl Fn() -> serde_json::Value + Send + Sync + 'static,
    ) {
        let shared = &mut self.values.get_or_insert_default().shared;
        shared.retain(|(known, _)| *known != name);
        shared.push((name, Arc::new(value)));
    }

    /// The named values.
    #[must_use]
    pub fn shared(&self) -> &[(&'static str, Shared)] {
        self.values.as_ref().map_or(&[], |values| &values.shared)
    }
}

impl fmt::Debug for Assigns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.shared().iter().map(|(name, _)| name).collect();
        f.debug_struct("Assigns")
            .field("typed", &self.values.as_ref().map_or(0, |values| values.typed.len()))
            .field("shared", &names)
            .finish()
    }
}
