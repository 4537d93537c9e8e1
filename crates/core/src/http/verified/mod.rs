//! Verified paths: what `path!` and the functions of `paths` make, and what their checks at compile time rest on.
//!
//! | module | holds |
//! |---|---|
//! | `path` | [`VerifiedPath`]: the path itself; [`PathWriter`]: how it is made, percent-encoded |
//! | `value` | [`PathValue`]: which value fits a parameter of which type |
//! | `query` | query strings from serde's values |
//! | `url` | [`Site`]: where the app is reached, for `url!` |
//! | [`kind`] | numbers that stand for types in constants |
//! | `fit` | whether handlers fit the parameters of their route |

mod fit;
pub mod kind;
mod path;
mod query;
mod url;
mod value;

pub use fit::{Checks, FixedParam, MAX_PARAMS, check};
pub use kind::{HandlerPlace, Kind, Of, Shapes, Table, TypeOf};
pub use path::{PathWriter, VerifiedPath};
pub use query::to_query;
pub use url::{HasSite, Site, url};
pub use value::{Any, PathValue, RestValue};
