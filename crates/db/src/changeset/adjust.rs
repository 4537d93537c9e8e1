//! What a cast, a validation or a constraint does otherwise, written after it.

use std::borrow::Cow;

use super::{Changeset, Last, Name};
use crate::Schema;
use crate::schema::FieldOf;

impl<S: Schema> Changeset<S> {
    /// What the cast, validation or constraint before this says instead of its own message; places such as
    /// `%{count}` are filled as in that.
    ///
    /// ```
    /// # #[derive(zzz_db::Schema, Default)]
    /// # #[schema(table = "posts")]
    /// # struct Post { id: i64, title: String }
    /// # use zzz_db::Changeset;
    /// let changeset = Changeset::new(Post::default())
    ///     .put_change(Post::title, "x")
    ///     .validate_length(Post::title, 2..)
    ///     .message("needs %{count} characters or more")
    ///     .unique(Post::title)
    ///     .message("is the title of another post");
    /// assert_eq!(changeset.errors()[0].to_string(), "needs 2 characters or more");
    /// ```
    ///
    /// Where there is nothing before it that it could be about, writing the changeset is an error that says so;
    /// so it is with [`error_key`](Self::error_key) and [`named`](Self::named).
    #[must_use]
    pub fn message(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        let message = message.into();
        match self.core.last {
            Last::Errors(from) => {
                self.core.errors[from..].iter_mut().for_each(|error| error.saying(message.clone()));
            }
            Last::Rule => {
                if let Some(rule) = self.core.rules.last_mut() {
                    rule.message = message;
                }
            }
            Last::Nothing => self.core.misuse = Some("message"),
        }
        self
    }

    /// The field that the error of the validation or constraint before this goes to, instead of its own.
    #[must_use]
    pub fn error_key<F: FieldOf<S>>(mut self, field: F) -> Self {
        let name = S::META.fields[field.field().index].name;
        match self.core.last {
            Last::Errors(from) => {
                let moved: Vec<_> = self.core.errors.drain(from..).map(|error| error.on(name)).collect();
                self.core.errors.extend(moved);
            }
            Last::Rule => {
                if let Some(rule) = self.core.rules.last_mut() {
                    rule.on = name;
                }
            }
            Last::Nothing => self.core.misuse = Some("error_key"),
        }
        self
    }

    /// The name in the database of the constraint before this, or how it [looks](Name), where it is not found
    /// by its columns: an index on an expression, a name that does not follow the usual pattern.
    ///
    /// ```
    /// # #[derive(zzz_db::Schema, Default)]
    /// # #[schema(table = "users")]
    /// # struct User { id: i64, email: String }
    /// use zzz_db::Changeset;
    /// use zzz_db::changeset::Name;
    ///
    /// let changeset = Changeset::new(User::default()).unique(User::email).named("users_lower_email");
    /// // A table for each month has an index of another name each.
    /// let changeset = changeset.unique(User::email).named(Name::suffix("_email_index"));
    /// # let _ = changeset;
    /// ```
    #[must_use]
    pub fn named(mut self, name: impl Into<Name>) -> Self {
        match (self.core.last, self.core.rules.last_mut()) {
            (Last::Rule, Some(rule)) => rule.name = Some(name.into()),
            _ => self.core.misuse = Some("named"),
        }
        self
    }
}
