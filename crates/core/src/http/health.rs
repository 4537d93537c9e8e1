//! [`HealthCheck`]: what readiness asks of each dependency.

use std::fmt;
use std::sync::Arc;

use super::service::BoxFuture;
use crate::Result;

/// A dependency that an app needs to be ready: its database, a queue, a remote service.
pub trait HealthCheck: Send + Sync + 'static {
    /// Its name in the readiness report.
    fn name(&self) -> &str;

    /// Whether it answers now. The caller bounds the time.
    fn check(&self) -> BoxFuture<Result<()>>;
}

/// The checks of an app, kept among its services.
#[derive(Clone, Default)]
pub struct HealthChecks {
    checks: Vec<Arc<dyn HealthCheck>>,
}

impl HealthChecks {
    /// Adds a check.
    pub fn add(&mut self, check: impl HealthCheck) {
        self.checks.push(Arc::new(check));
    }

    /// Every check, in the order in which they were added.
    #[must_use]
    pub fn all(&self) -> &[Arc<dyn HealthCheck>] {
        &self.checks
    }
}

impl fmt::Debug for HealthChecks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.checks.iter().map(|check| check.name())).finish()
    }
}
