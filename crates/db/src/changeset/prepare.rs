//! What happens in the transaction of a changeset's write, and how it is written.

use std::future::Future;
use std::sync::Arc;

use super::{Changeset, Last};
use crate::driver::BoxFuture;
use crate::schema::{FieldOf, Version};
use crate::{FieldType, Repo, Result, Schema};

/// Something to be done before the write, in its transaction.
pub(crate) type Prepare<S> =
    Box<dyn FnOnce(Repo, Changeset<S>) -> BoxFuture<'static, Result<Changeset<S>>> + Send + Sync>;

impl<S: Schema> Changeset<S> {
    /// Does something in the transaction of the write, just before it: counts a parent on, reads what only then
    /// is certain. It may change the changeset, and add errors, which undo the transaction.
    ///
    /// Nothing of it happens if the changeset is not valid, and it is undone if the write is refused. Several
    /// run in the order in which they were added.
    ///
    /// ```
    /// # use zzz_db::{Changeset, Schema};
    /// # #[derive(Schema, Default)]
    /// # #[schema(table = "posts")]
    /// # struct Post { id: i64, comments_count: i64 }
    /// # #[derive(Schema, Default)]
    /// # #[schema(table = "comments")]
    /// # struct Comment { id: i64, post_id: i64 }
    /// # fn with(changeset: Changeset<Comment>) -> Changeset<Comment> {
    /// changeset.prepare_changes(|tx, changeset| async move {
    ///     let post = Post::query().filter(Post::id.eq(changeset.data().post_id));
    ///     tx.update_all(post, [Post::comments_count.inc(1)]).await?;
    ///     Ok(changeset)
    /// })
    /// # }
    /// ```
    #[must_use]
    pub fn prepare_changes<F, Fut>(mut self, prepare: F) -> Self
    where
        F: FnOnce(Repo, Self) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Self>> + Send + 'static,
    {
        self.core.last = Last::Nothing;
        self.prepare.push(Box::new(move |repo, changeset| Box::pin(prepare(repo, changeset))));
        self
    }

    /// The handle that this is written through, made from the one that it is given to: Ecto's `repo_opts`.
    ///
    /// ```
    /// # #[derive(zzz_db::Schema, Default)]
    /// # #[schema(table = "posts")]
    /// # struct Post { id: i64 }
    /// # use zzz_db::Changeset;
    /// # fn with(changeset: Changeset<Post>) -> Changeset<Post> {
    /// changeset.with_repo(|repo| repo.with_prefix("tenant_7"))
    /// # }
    /// ```
    #[must_use]
    #[doc(alias = "repo_opts")]
    pub fn with_repo(mut self, change: impl Fn(&Repo) -> Repo + Send + Sync + 'static) -> Self {
        self.core.last = Last::Nothing;
        self.core.repo = Some(match self.core.repo.take() {
            Some(before) => Arc::new(move |repo| change(&before(repo))),
            None => Arc::new(change),
        });
        self
    }

    /// Updates or deletes the row only if this field still has the value that was read, and counts it on: who
    /// writes over a change that they have not seen gets a [stale](crate::Error::is_stale) error.
    ///
    /// A value that was cast counts as read: a form can carry the number in a hidden input. For every write of a
    /// schema, `#[schema(lock_version)]` does the same with what the struct holds.
    #[must_use]
    pub fn optimistic_lock<F>(self, field: F) -> Self
    where
        F: FieldOf<S>,
        F::Type: Version,
    {
        let at = field.field().index;
        let next = S::META.fields[at].next_version.map(|next| next(&self.core.value(&self.data, at)));
        let next = next.unwrap_or_else(|| F::Type::after(&self.core.value(&self.data, at)));
        self.locked(at, next)
    }

    /// As [`optimistic_lock`](Self::optimistic_lock), the next value made by a function: a random UUID, the
    /// moment of the change.
    #[must_use]
    pub fn optimistic_lock_with<F>(self, field: F, next: impl FnOnce(F::Type) -> F::Type) -> Self
    where
        F: FieldOf<S>,
    {
        match self.get_field(field) {
            Some(current) => self.locked(field.field().index, next(current).dump()),
            None => self,
        }
    }

    fn locked(mut self, field: usize, next: crate::Value) -> Self {
        self.core.last = Last::Nothing;
        self.core.lock = Some((field, next));
        self
    }
}
