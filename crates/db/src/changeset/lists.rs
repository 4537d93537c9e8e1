//! `validate_subset`: each item of a list is one of those that are allowed.

#[cfg(feature = "json")]
use super::{Changeset, FieldError, Validation, validate::validate};
use crate::FieldType;
#[cfg(feature = "json")]
use crate::{Schema, schema::FieldOf};

/// Types that hold several values: their fields have `validate_subset`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no list",
    label = "not a list",
    note = "`validate_subset` works on fields of type Json<Vec<T>> or an Option of one; of a single value use `validate_inclusion`"
)]
pub trait Listed: FieldType {
    /// The type of the items.
    type Item: PartialEq;

    /// The items.
    fn list(&self) -> &[Self::Item];

    /// Items as JSON.
    #[doc(hidden)]
    fn dump_items(items: &[Self::Item]) -> crate::Value;
}

#[cfg(feature = "json")]
impl<T: PartialEq + serde::Serialize> Listed for crate::Json<Vec<T>>
where
    Self: FieldType,
{
    type Item = T;
    fn list(&self) -> &[T] {
        &self.0
    }
    fn dump_items(items: &[T]) -> crate::Value {
        crate::Json(items).dump_json()
    }
}

impl<L: Listed> Listed for Option<L> {
    type Item = L::Item;
    fn list(&self) -> &[L::Item] {
        self.as_ref().map_or(&[], L::list)
    }
    fn dump_items(items: &[L::Item]) -> crate::Value {
        L::dump_items(items)
    }
}

#[cfg(feature = "json")]
impl<S: Schema> Changeset<S> {
    /// Every item of a list must be one of these: "has an invalid entry".
    ///
    /// ```
    /// # #[derive(zzz_db::Schema, Default)]
    /// # #[schema(table = "pizzas")]
    /// # struct Pizza { id: i64, toppings: zzz_db::Json<Vec<String>> }
    /// use zzz_db::{Changeset, Json};
    ///
    /// let changeset = Changeset::new(Pizza::default())
    ///     .put_change(Pizza::toppings, Json(vec!["cheese".to_owned(), "stone".to_owned()]))
    ///     .validate_subset(Pizza::toppings, ["cheese", "olives"]);
    /// assert_eq!(changeset.errors()[0].to_string(), "has an invalid entry");
    /// ```
    #[must_use]
    pub fn validate_subset<F, V>(mut self, field: F, values: impl IntoIterator<Item = V>) -> Self
    where
        F: FieldOf<S>,
        F::Type: Listed,
        V: Into<<F::Type as Listed>::Item>,
    {
        let values: Vec<<F::Type as Listed>::Item> = values.into_iter().map(Into::into).collect();
        let validation = Validation::Subset(F::Type::dump_items(&values));
        validate(&mut self.core, &self.data, field.field().index, validation, &mut |value| {
            let list = F::Type::load(value.as_ref()).ok()?;
            let strange = list.list().iter().any(|item| !values.contains(item));
            strange.then(|| FieldError::of("subset", "has an invalid entry"))
        });
        self
    }
}
