//! [`Need`]: a service that somebody needs, known before anything runs.

use std::any::{TypeId, type_name};

/// A service that a handler, or another service, needs: its type, and the name of that for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Need {
    id: TypeId,
    name: &'static str,
    is_optional: bool,
}

impl Need {
    /// The service of type `T`.
    #[must_use]
    pub fn of<T: ?Sized + 'static>() -> Self {
        Self { id: TypeId::of::<T>(), name: type_name::<T>(), is_optional: false }
    }

    /// The same service, by somebody who can do without.
    #[must_use]
    pub fn or_none(self) -> Self {
        Self { is_optional: true, ..self }
    }

    /// The service's type.
    #[must_use]
    pub fn id(&self) -> TypeId {
        self.id
    }

    /// The name of the service's type, with its path.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Whether it may be missing.
    #[must_use]
    pub fn is_optional(&self) -> bool {
        self.is_optional
    }
}

/// A service that somebody outside the container needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// The service.
    pub need: Need,
    /// Who needs it: `GET /posts (app::posts::index)`.
    pub by: String,
}
