//! [`Svc`]: a service, by its type.

use std::any::type_name;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// A service of the app: an argument of a handler, and of another service's constructor.
///
/// It derefs to the service, and a clone shares it. `Svc<dyn Mail>` is a service that is registered behind a trait,
/// with [`alias`](crate::services::Registration::alias).
pub struct Svc<T: ?Sized>(pub Arc<T>);

impl<T: ?Sized> Clone for Svc<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// The service's type, and nothing of what it holds.
impl<T: ?Sized> fmt::Debug for Svc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Svc<{}>", type_name::<T>())
    }
}

impl<T: ?Sized> Deref for Svc<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}
