//! [`Env`]: the environment that an app runs in.

use std::fmt;

/// The environment that an app runs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Env {
    /// At a developer's desk: templates reload, error pages show causes.
    Dev,
    /// Under test: nothing happens by itself.
    Test,
    /// For real.
    Prod,
}

impl Env {
    /// `dev`, `test` or `prod`
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Test => "test",
            Self::Prod => "prod",
        }
    }

    /// The environment of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Dev, Self::Test, Self::Prod].into_iter().find(|env| env.name() == name)
    }

    /// Whether this is [`Env::Dev`].
    #[must_use]
    pub fn is_dev(self) -> bool {
        self == Self::Dev
    }

    /// Whether this is [`Env::Prod`].
    #[must_use]
    pub fn is_prod(self) -> bool {
        self == Self::Prod
    }
}

impl fmt::Display for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
