//! [`Router`]: the declaration of an app's routes.

use zzz_core::http::{BoxMiddleware, Folder, Middleware, MiddlewareExt, SourceLine};

use crate::compile;
use crate::error::RouterError;
use crate::scope::{Item, Scope};
use crate::slash::TrailingSlash;
use crate::table::RouteTable;

/// The routes of an app, as they are declared.
#[derive(Debug, Clone)]
pub struct Router {
    pub(crate) root: Scope,
    pub(crate) plugs: Vec<Plug>,
    pub(crate) trailing_slash: TrailingSlash,
}

/// What requests pass before the match.
#[derive(Clone)]
pub(crate) enum Plug {
    Middleware(BoxMiddleware),
    Assets(AssetFolder),
}

/// A folder whose files an app serves, as its router declares it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AssetFolder {
    /// The path under which they are served: `/static`.
    pub path: String,
    /// The folder.
    pub folder: Folder,
    /// Where it is declared.
    pub source: SourceLine,
}

impl Router {
    /// No routes.
    #[must_use]
    pub fn new() -> Self {
        let trailing_slash = TrailingSlash::default();
        Self { root: Scope::new("/"), plugs: Vec::new(), trailing_slash }
    }

    /// Adds a middleware that every request passes before its route is looked up, matched or not: the endpoint's
    /// stage, on which method override stands.
    #[must_use]
    pub fn plug<Args: 'static>(self, middleware: impl Middleware<Args>) -> Self {
        self.plug_erased(middleware.erase())
    }

    /// As [`plug`](Self::plug), for a middleware whose type is erased already.
    #[must_use]
    pub fn plug_erased(mut self, middleware: BoxMiddleware) -> Self {
        self.plugs.push(Plug::Middleware(middleware));
        self
    }

    /// Serves the files of a folder under a path, in the order of the plugs. How, the endpoint is told with
    /// [`EndpointBuilder::assets`](crate::EndpointBuilder::assets); an app's own does it by itself, and leaves what is no
    /// file to the routes.
    #[must_use]
    #[track_caller]
    pub fn assets(mut self, path: &str, folder: Folder) -> Self {
        let source = SourceLine::here();
        self.plugs.push(Plug::Assets(AssetFolder { path: path.to_owned(), folder, source }));
        self
    }

    /// Serves the files under a path that [`assets`](Self::assets) has declared from another folder, as a program wants
    /// that carries the files of a library's router inside; declares them if nobody has.
    #[must_use]
    #[track_caller]
    pub fn with_assets(mut self, path: &str, folder: Folder) -> Self {
        let declared = self.plugs.iter_mut().find_map(|plug| match plug {
            Plug::Assets(assets) if assets.path == path => Some(assets),
            _ => None,
        });
        match declared {
            Some(assets) => assets.folder = folder,
            None => return self.assets(path, folder),
        }
        self
    }

    /// The folders of [`assets`](Self::assets), in their order.
    pub fn asset_folders(&self) -> impl Iterator<Item = &AssetFolder> {
        self.plugs.iter().filter_map(|plug| match plug {
            Plug::Assets(assets) => Some(assets),
            Plug::Middleware(_) => None,
        })
    }

    /// Sets what becomes of a request whose path has a `/` at its end where its route has none, or the other way
    /// round.
    #[must_use]
    pub fn trailing_slash(mut self, policy: TrailingSlash) -> Self {
        self.trailing_slash = policy;
        self
    }

    /// Adds a scope.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.root.items.push(Item::Scope(scope));
        self
    }

    /// Adds what another router declares, such as another file's: its routes and its plugs. The policy on
    /// trailing slashes stays this router's.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.root.items.extend(other.root.items);
        self.plugs.extend(other.plugs);
        self
    }

    /// Checks the routes and makes the table that requests are matched against.
    ///
    /// # Errors
    /// Every mistake at once, each with where it stands: paths that can not be read, routes that would take the
    /// same requests, names that stand twice.
    pub fn build(self) -> Result<RouteTable, RouterError> {
        compile::table(self, compile::Assets::Unserved).map(|(table, _)| table)
    }
}

impl Default for Router {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Plug {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Middleware(_) => f.write_str("Middleware"),
            Self::Assets(assets) => assets.fmt(f),
        }
    }
}
