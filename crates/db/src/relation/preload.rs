//! What to preload: [`Preload`], [`Edge`], and what can be given for them.

use std::any::Any;
use std::sync::Arc;

use super::{Association, Relation};
use crate::driver::BoxFuture;
use crate::query::{Complete, Source};
use crate::{Query, Repo, Result, Schema};

/// Records whose type is forgotten, so that what waits for all relations is compiled once, and not for each schema.
pub(crate) trait Owners {
    /// The record at this place.
    fn owner(&mut self, at: usize) -> Option<&mut dyn Any>;
}

impl<S: 'static> Owners for Vec<&mut S> {
    fn owner(&mut self, at: usize) -> Option<&mut dyn Any> {
        match self.get_mut(at) {
            Some(record) => Some(*record),
            None => None,
        }
    }
}

/// Puts what was loaded into the records, which are those that the load was started with.
pub(crate) type Fill = Box<dyn FnOnce(&mut dyn Owners) + Send>;

/// One relation to load, its other end forgotten.
pub(crate) trait Load<S>: Send + Sync {
    /// Reads from the records what is needed to load; what the future gives is then put into them. In
    /// between they are free, so that several relations load at once.
    fn start<'a>(
        &'a self,
        repo: &'a Repo,
        force: bool,
        records: &mut [&mut S],
    ) -> BoxFuture<'a, Result<Option<Fill>>>;
}

/// A relation of `S` that is to be loaded.
pub struct Preload<S> {
    pub(crate) load: Arc<dyn Load<S>>,
}

impl<S> Clone for Preload<S> {
    fn clone(&self) -> Self {
        Self { load: Arc::clone(&self.load) }
    }
}

impl<S> std::fmt::Debug for Preload<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Preload").finish_non_exhaustive()
    }
}

/// A relation with how it is to be loaded.
pub struct Edge<A: Source, R: Association> {
    pub(super) relation: Relation<A, R>,
    pub(super) query: Option<crate::query::Select>,
    pub(super) nested: Vec<Preload<R::Target>>,
    pub(super) force: bool,
}

impl<A: Source, R: Association> std::fmt::Debug for Edge<A, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Edge").field("relation", &self.relation).finish_non_exhaustive()
    }
}

impl<A: Source, R: Association> Relation<A, R> {
    fn edge(self) -> Edge<A, R> {
        Edge { relation: self, query: None, nested: Vec::new(), force: false }
    }

    /// Loads relations of the rows that this one loads: `Post::comments.preload(Comment::author)`.
    #[must_use]
    pub fn preload(self, nested: impl Preloads<R::Target>) -> Edge<A, R> {
        self.edge().preload(nested)
    }

    /// Loads only rows of this query, in its order: `Post::comments.query(Comment::query().order_by(...))`.
    ///
    /// A limit counts the rows of all records together, as in Ecto.
    #[must_use]
    pub fn query<Q: Complete>(self, query: Query<Q, R::Target>) -> Edge<A, R> {
        self.edge().query(query)
    }

    /// Loads the relation also where it is loaded already.
    #[must_use]
    pub fn force(self) -> Edge<A, R> {
        self.edge().force()
    }
}

impl<A: Source, R: Association> Edge<A, R> {
    /// See [`Relation::preload`].
    #[must_use]
    pub fn preload(mut self, nested: impl Preloads<R::Target>) -> Self {
        nested.push(&mut self.nested);
        self
    }

    /// See [`Relation::query`]. Relations that the query preloads are loaded too.
    #[must_use]
    pub fn query<Q: Complete>(mut self, query: Query<Q, R::Target>) -> Self {
        self.nested.extend(query.preloads);
        self.query = Some(query.select);
        self
    }

    /// See [`Relation::force`].
    #[must_use]
    pub fn force(mut self) -> Self {
        self.force = true;
        self
    }
}

/// What can be preloaded of records of `S`: a relation such as `Post::comments`, one with how it is to be
/// loaded, a [`Preload`], a `Vec` or a tuple of these.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no relation of `{S}`",
    label = "can not be preloaded from `{S}`",
    note = "name a relation as `{S}::comments`, or a tuple of up to eight"
)]
pub trait Preloads<S> {
    #[doc(hidden)]
    fn push(self, preloads: &mut Vec<Preload<S>>);
}

impl<S> Preloads<S> for Preload<S> {
    fn push(self, preloads: &mut Vec<Preload<S>>) {
        preloads.push(self);
    }
}

impl<S, P: Preloads<S>> Preloads<S> for Vec<P> {
    fn push(self, preloads: &mut Vec<Preload<S>>) {
        self.into_iter().for_each(|preload| preload.push(preloads));
    }
}

impl<S: Schema, R: Association> Preloads<S> for Relation<S, R> {
    fn push(self, preloads: &mut Vec<Preload<S>>) {
        self.edge().push(preloads);
    }
}

impl<S: Schema, R: Association> Preloads<S> for Edge<S, R> {
    fn push(self, preloads: &mut Vec<Preload<S>>) {
        preloads.push(Preload { load: Arc::new(self) });
    }
}

macro_rules! tuples {
    ($($type:ident $at:tt),+) => {
        impl<Of, $($type: Preloads<Of>),+> Preloads<Of> for ($($type,)+) {
            fn push(self, preloads: &mut Vec<Preload<Of>>) {
                $(self.$at.push(preloads);)+
            }
        }
    };
}
tuples!(A 0);
tuples!(A 0, B 1);
tuples!(A 0, B 1, C 2);
tuples!(A 0, B 1, C 2, D 3);
tuples!(A 0, B 1, C 2, D 3, E 4);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);

/// Records of `S` that relations are loaded into: a struct, an `Option`, a slice or a `Vec` of them.
pub trait Records<S> {
    #[doc(hidden)]
    fn records(&mut self) -> Vec<&mut S>;
}

impl<S: Schema> Records<S> for S {
    fn records(&mut self) -> Vec<&mut S> {
        vec![self]
    }
}

impl<S: Schema> Records<S> for Option<S> {
    fn records(&mut self) -> Vec<&mut S> {
        self.iter_mut().collect()
    }
}

impl<S: Schema> Records<S> for [S] {
    fn records(&mut self) -> Vec<&mut S> {
        self.iter_mut().collect()
    }
}

impl<S: Schema> Records<S> for Vec<S> {
    fn records(&mut self) -> Vec<&mut S> {
        self.iter_mut().collect()
    }
}
