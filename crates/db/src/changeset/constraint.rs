//! Constraints: what the database refuses becomes an error of a field.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::{Changeset, Last};
use crate::error::ConstraintKind;
use crate::relation::{Association, Hop};
use crate::schema::{FieldOf, FieldRef, Meta};
use crate::{BelongsTo, HasMany, HasOne, ManyToMany, Relation, Schema};

/// A constraint that the changeset knows, and the field that gets its error.
pub(crate) struct Rule {
    pub(super) kind: ConstraintKind,
    /// The key of its error.
    pub(super) key: &'static str,
    /// The field that gets the error.
    pub(super) on: &'static str,
    /// The fields of a unique index; for others the field itself.
    pub(super) fields: Vec<usize>,
    /// The rows that refer to the one that is deleted, instead of the other way round.
    pub(super) referring: Option<Hop>,
    /// The constraint's name, where it is not found by columns.
    pub(super) name: Option<Name>,
    pub(super) message: Cow<'static, str>,
}

/// The name of a constraint in the database, or how it looks; a `&str` is the whole name.
///
/// Ecto's option `:match` with `:exact`, `:suffix`, `:prefix`, and in place of a regular expression a function.
#[derive(Clone)]
pub struct Name(Fits);

#[derive(Clone)]
enum Fits {
    Exact(Cow<'static, str>),
    Prefix(Cow<'static, str>),
    Suffix(Cow<'static, str>),
    By(Arc<dyn Fn(&str) -> bool + Send + Sync>),
}

impl Name {
    /// The whole name.
    #[must_use]
    pub fn exact(name: impl Into<Cow<'static, str>>) -> Self {
        Self(Fits::Exact(name.into()))
    }

    /// The beginning of the name.
    #[must_use]
    pub fn prefix(prefix: impl Into<Cow<'static, str>>) -> Self {
        Self(Fits::Prefix(prefix.into()))
    }

    /// The end of the name.
    #[must_use]
    pub fn suffix(suffix: impl Into<Cow<'static, str>>) -> Self {
        Self(Fits::Suffix(suffix.into()))
    }

    /// A name of which the function says so; of a regular expression `|name| regex.is_match(name)`.
    #[must_use]
    pub fn matching(fits: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self(Fits::By(Arc::new(fits)))
    }

    pub(super) fn fits(&self, name: &str) -> bool {
        match &self.0 {
            Fits::Exact(exact) => name == exact,
            Fits::Prefix(prefix) => name.starts_with(&**prefix),
            Fits::Suffix(suffix) => name.ends_with(&**suffix),
            Fits::By(fits) => fits(name),
        }
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Fits::Exact(name) => f.debug_tuple("exact").field(name).finish(),
            Fits::Prefix(name) => f.debug_tuple("prefix").field(name).finish(),
            Fits::Suffix(name) => f.debug_tuple("suffix").field(name).finish(),
            Fits::By(_) => f.write_str("matching"),
        }
    }
}

impl From<&'static str> for Name {
    fn from(name: &'static str) -> Self {
        Self::exact(name)
    }
}
impl From<String> for Name {
    fn from(name: String) -> Self {
        Self::exact(name)
    }
}

/// Relations whose rows refer to this one: what [`Changeset::no_assoc`] takes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not refer to this row",
    note = "`no_assoc` is for has_one, has_many and many_to_many; of a belongs_to use `assoc`"
)]
pub trait Referring: Association {
    /// What is said where there are such rows.
    const MESSAGE: &'static str;
}
impl<T: Schema> Referring for HasOne<T> {
    const MESSAGE: &'static str = "is still associated with this entry";
}
impl<T: Schema> Referring for HasMany<T> {
    const MESSAGE: &'static str = "are still associated with this entry";
}
impl<T: Schema> Referring for ManyToMany<T> {
    const MESSAGE: &'static str = "are still associated with this entry";
}

impl<S: Schema> Changeset<S> {
    /// There is a unique index, or a primary key, on this column: if it refuses the row, the field "has already
    /// been taken".
    ///
    /// An index on several columns that has this one among them counts too. One on an expression has no
    /// columns: give its name with [`named`](Self::named).
    #[must_use]
    #[doc(alias = "unique_constraint")]
    pub fn unique<F: FieldOf<S>>(self, field: F) -> Self {
        let at = field.field().index;
        self.rule(ConstraintKind::Unique, "unique", at, vec![at], "has already been taken")
    }

    /// There is a unique index on these columns together; the first of them gets the error.
    #[must_use]
    #[doc(alias = "unique_constraint")]
    pub fn unique_together<const N: usize>(
        self,
        fields: impl FnOnce(&'static S::Columns<S>) -> [FieldRef<S>; N],
    ) -> Self {
        let fields: Vec<usize> = fields(S::columns()).iter().map(|field| field.index).collect();
        match fields.first() {
            Some(&first) => {
                self.rule(ConstraintKind::Unique, "unique", first, fields, "has already been taken")
            }
            None => self,
        }
    }

    /// The column is a foreign key: if there is no such parent row, the field "does not exist".
    ///
    /// SQLite does not say which foreign key failed; the parents of the written columns are looked up by
    /// their keys then. PostgreSQL and MySQL say it.
    #[must_use]
    #[doc(alias = "foreign_key_constraint")]
    pub fn foreign_key<F: FieldOf<S>>(self, field: F) -> Self {
        let at = field.field().index;
        self.rule(ConstraintKind::ForeignKey, "foreign_key", at, vec![at], "does not exist")
    }

    /// As [`foreign_key`](Self::foreign_key) of the column that a `belongs_to` refers by; the error is one of
    /// the relation: `assoc(Comment::post)`.
    #[must_use]
    #[doc(alias = "assoc_constraint")]
    pub fn assoc<T: Schema>(mut self, relation: Relation<S, BelongsTo<T>>) -> Self {
        let hop = relation.path().first().copied();
        let Some((at, _)) = hop.and_then(|hop| S::META.of_column(hop.from)) else { return self };
        self = self.rule(ConstraintKind::ForeignKey, "assoc", at, vec![at], "does not exist");
        self.on(relation.meta().name)
    }

    /// Other rows refer to this one, and the database keeps it while they do: if it refuses the deletion, the
    /// relation says "are still associated with this entry".
    ///
    /// ```
    /// # use zzz_db::{Changeset, HasMany, Repo, Schema};
    /// # #[derive(Schema, Default)]
    /// # #[schema(table = "posts")]
    /// # struct Post { id: i64, #[schema(has_many)] comments: HasMany<Comment> }
    /// # #[derive(Schema, Default)]
    /// # #[schema(table = "comments")]
    /// # struct Comment { id: i64, post_id: i64 }
    /// # async fn with(repo: &Repo, post: Post) -> zzz_db::Result<()> {
    /// match repo.delete(Changeset::new(post).no_assoc(Post::comments)).await? {
    ///     Ok(_) => println!("deleted"),
    ///     Err(changeset) => println!("{}", changeset.errors()[0]), // of the field `comments`
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// SQLite does not say which rows refer to it. They are looked up by an index on their foreign key, never by
    /// reading a table; a foreign key without an index is told only where no other can be meant.
    /// PostgreSQL and MySQL say the foreign key's name; where it is not `{table}_{column}_fkey`, its table and
    /// column are looked up by it.
    #[must_use]
    #[doc(alias = "no_assoc_constraint")]
    pub fn no_assoc<R: Referring>(mut self, relation: Relation<S, R>) -> Self {
        self = self.rule(ConstraintKind::ForeignKey, "no_assoc", 0, Vec::new(), R::MESSAGE);
        if let Some(rule) = self.core.rules.last_mut() {
            rule.referring = relation.path().first().copied();
        }
        self.on(relation.meta().name)
    }

    /// There is a CHECK of this name: if it refuses the row, the field "is invalid".
    #[must_use]
    #[doc(alias = "check_constraint")]
    pub fn check<F: FieldOf<S>>(self, field: F, name: impl Into<Name>) -> Self {
        let at = field.field().index;
        self.rule(ConstraintKind::Check, "check", at, Vec::new(), "is invalid").named(name)
    }

    /// The column is NOT NULL where the field may be `None`: if the database refuses the row for it, the field
    /// "can't be blank". Ecto has no such thing; there it is an error.
    #[must_use]
    pub fn not_null<F: FieldOf<S>>(self, field: F) -> Self {
        let at = field.field().index;
        self.rule(ConstraintKind::NotNull, "not_null", at, vec![at], "can't be blank")
    }

    /// There is an exclusion constraint of this name, as PostgreSQL has them: if another row excludes this one,
    /// the field "violates an exclusion constraint".
    #[must_use]
    #[doc(alias = "exclusion_constraint")]
    pub fn exclusion<F: FieldOf<S>>(self, field: F, name: impl Into<Name>) -> Self {
        let (at, message) = (field.field().index, "violates an exclusion constraint");
        self.rule(ConstraintKind::Exclusion, "exclusion_constraint", at, Vec::new(), message).named(name)
    }

    fn rule(
        mut self,
        kind: ConstraintKind,
        key: &'static str,
        field: usize,
        fields: Vec<usize>,
        message: &'static str,
    ) -> Self {
        let on = S::META.fields[field].name;
        let message = message.into();
        self.core.rules.push(Rule { kind, key, on, fields, referring: None, name: None, message });
        self.core.last = Last::Rule;
        self
    }

    fn on(mut self, name: &'static str) -> Self {
        if let Some(rule) = self.core.rules.last_mut() {
            rule.on = name;
        }
        self
    }
}

/// What the database refused, as far as it could be found out.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) kind: ConstraintKind,
    /// Its name; several where one index is like another.
    pub(super) names: Vec<String>,
    pub(super) columns: Vec<String>,
    /// Whether rows that refer to this one are the reason.
    pub(super) referring: bool,
    /// The table of the columns, if it is known to be another.
    pub(super) table: Option<String>,
}

impl Rule {
    /// Whether this is the constraint that failed: of the same columns, or if not `exactly`, among them.
    pub(super) fn meets(&self, broken: &Broken, meta: &Meta, exactly: bool) -> bool {
        if self.kind != broken.kind {
            return false;
        }
        if let Some(name) = &self.name {
            return broken.names.iter().any(|known| name.fits(known));
        }
        if let Some(hop) = &self.referring {
            let usual = format!("{}_{}_fkey", hop.table, hop.to);
            let same = broken.table.as_deref() == Some(hop.table) && broken.columns == [hop.to];
            return broken.referring && (same || broken.names.contains(&usual));
        }
        if broken.referring {
            return false;
        }
        if broken.columns.is_empty() {
            return broken.names.iter().any(|name| self.is_usual_name(name, meta));
        }
        let among = |at: &usize| broken.columns.iter().any(|column| column == meta.fields[*at].column);
        let all = !self.fields.is_empty() && self.fields.iter().all(among);
        all && (!exactly || self.fields.len() == broken.columns.len())
    }

    /// The names that Ecto's migrations and the databases themselves give, for a server that does not tell the
    /// columns: `posts_title_index`, `posts_title_key`, `posts_pkey`, MySQL's `PRIMARY` and `title`.
    fn is_usual_name(&self, name: &str, meta: &Meta) -> bool {
        let columns: Vec<&str> = self.fields.iter().map(|at| meta.fields[*at].column).collect();
        let is_key = !columns.is_empty() && self.fields == meta.primary_key;
        if self.kind == ConstraintKind::Unique && (is_key && name == "PRIMARY" || columns == [name]) {
            return true;
        }
        let Some(rest) = name.strip_prefix(meta.table).and_then(|rest| rest.strip_prefix('_')) else {
            return false;
        };
        let of_columns = rest.strip_prefix(&columns.join("_")).and_then(|rest| rest.strip_prefix('_'));
        match self.kind {
            ConstraintKind::Unique => {
                matches!(of_columns, Some("index" | "key")) || (rest == "pkey" && is_key)
            }
            ConstraintKind::ForeignKey => of_columns == Some("fkey"),
            _ => false,
        }
    }
}
