//! Query strings from serde's values: nested as [`Params`](crate::Params) reads them.

use std::fmt::{self, Display, Write as _};

use serde::ser::{self, Impossible, Serialize, Serializer};

use crate::http::urlencoded::encode;

/// Appends a value to a query string: under `name`, or without one the pairs of a struct, a map, or a list of pairs.
///
/// `None` and `()` leave nothing, so an optional filter that is not set is not in the address. Lists are
/// `name[]=a&name[]=b`, structs and maps `name[key]=value`, as [`Params`](crate::Params) reads them. What can not
/// stand in a query string (a bare number without a name, a key that is no text or number) leaves nothing either.
pub fn to_query<V: Serialize + ?Sized>(
    out: &mut String,
    separator: &mut char,
    name: Option<&str>,
    value: &V,
) {
    let mut pairs =
        Pairs { out, separator, key: name.map(|name| encode(name).to_string()).unwrap_or_default() };
    // The only errors are values without a place in a query string.
    let _ = value.serialize(&mut pairs);
}

/// Writes pairs; `key` is the encoded name so far, empty at the top.
struct Pairs<'a> {
    out: &'a mut String,
    separator: &'a mut char,
    key: String,
}

impl Pairs<'_> {
    fn scalar(&mut self, value: impl Display) -> Result<(), NoPlace> {
        if self.key.is_empty() {
            return Err(NoPlace);
        }
        self.out.push(std::mem::replace(self.separator, '&'));
        self.out.push_str(&self.key);
        self.out.push('=');
        write!(self.out, "{}", encode(&value.to_string())).map_err(|_| NoPlace)
    }

    /// Serializes a value one level below.
    fn below<V: Serialize + ?Sized>(&mut self, name: &str, value: &V) -> Result<(), NoPlace> {
        let before = self.key.len();
        if self.key.is_empty() {
            self.key.push_str(&encode(name).to_string());
        } else {
            // [ and ]
            let _ = write!(self.key, "%5B{}%5D", encode(name));
        }
        let done = value.serialize(&mut *self);
        self.key.truncate(before);
        // One value without a place does not take the others with it.
        let _ = done;
        Ok(())
    }
}

/// A value that has no place in a query string.
#[derive(Debug)]
struct NoPlace;

impl Display for NoPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value has no place in a query string")
    }
}

impl std::error::Error for NoPlace {}

impl ser::Error for NoPlace {
    fn custom<T: Display>(_: T) -> Self {
        Self
    }
}

macro_rules! scalars {
    ($($method:ident $type:ty),*) => {$(
        fn $method(self, value: $type) -> Result<(), NoPlace> {
            self.scalar(value)
        }
    )*};
}

impl<'a, 'b> Serializer for &'b mut Pairs<'a> {
    type Ok = ();
    type Error = NoPlace;
    type SerializeSeq = List<'a, 'b>;
    type SerializeTuple = List<'a, 'b>;
    type SerializeTupleStruct = List<'a, 'b>;
    type SerializeTupleVariant = Impossible<(), NoPlace>;
    type SerializeMap = Entries<'a, 'b>;
    type SerializeStruct = Entries<'a, 'b>;
    type SerializeStructVariant = Impossible<(), NoPlace>;

    scalars!(
        serialize_bool bool, serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64,
        serialize_i128 i128, serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_u64 u64,
        serialize_u128 u128, serialize_f32 f32, serialize_f64 f64, serialize_char char, serialize_str &str
    );

    fn serialize_bytes(self, value: &[u8]) -> Result<(), NoPlace> {
        value.iter().try_for_each(|byte| self.below("", byte))
    }

    fn serialize_none(self) -> Result<(), NoPlace> {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), NoPlace> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), NoPlace> {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), NoPlace> {
        Ok(())
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), NoPlace> {
        self.scalar(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), NoPlace> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), NoPlace> {
        self.below(variant, value)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List<'a, 'b>, NoPlace> {
        Ok(List { pairs: self })
    }

    fn serialize_tuple(self, _: usize) -> Result<List<'a, 'b>, NoPlace> {
        Ok(List { pairs: self })
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<List<'a, 'b>, NoPlace> {
        Ok(List { pairs: self })
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, NoPlace> {
        Err(NoPlace)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Entries<'a, 'b>, NoPlace> {
        Ok(Entries { pairs: self, key: None })
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Entries<'a, 'b>, NoPlace> {
        Ok(Entries { pairs: self, key: None })
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, NoPlace> {
        Err(NoPlace)
    }
}

/// A list: `name[]=a&name[]=b`; at the top, a list of pairs.
struct List<'a, 'b> {
    pairs: &'b mut Pairs<'a>,
}

impl List<'_, '_> {
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NoPlace> {
        if self.pairs.key.is_empty() {
            let mut pair = Pair { pairs: self.pairs, key: None };
            // A pair without a place does not take the others with it.
            let _ = value.serialize(&mut pair);
            return Ok(());
        }
        self.pairs.below("", value)
    }
}

macro_rules! lists {
    ($($trait:ident $method:ident),*) => {$(
        impl ser::$trait for List<'_, '_> {
            type Ok = ();
            type Error = NoPlace;
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NoPlace> {
                self.element(value)
            }
            fn end(self) -> Result<(), NoPlace> {
                Ok(())
            }
        }
    )*};
}
lists!(SerializeSeq serialize_element, SerializeTuple serialize_element, SerializeTupleStruct serialize_field);

/// A struct or a map.
struct Entries<'a, 'b> {
    pairs: &'b mut Pairs<'a>,
    key: Option<String>,
}

impl ser::SerializeMap for Entries<'_, '_> {
    type Ok = ();
    type Error = NoPlace;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), NoPlace> {
        self.key = key_of(key);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NoPlace> {
        match self.key.take() {
            Some(key) => self.pairs.below(&key, value),
            None => Ok(()),
        }
    }

    fn end(self) -> Result<(), NoPlace> {
        Ok(())
    }
}

impl ser::SerializeStruct for Entries<'_, '_> {
    type Ok = ();
    type Error = NoPlace;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), NoPlace> {
        self.pairs.below(key, value)
    }

    fn end(self) -> Result<(), NoPlace> {
        Ok(())
    }
}

/// A key as text; `None` for what is neither text nor number.
fn key_of<T: Serialize + ?Sized>(key: &T) -> Option<String> {
    match serde_json::to_value(key).ok()? {
        serde_json::Value::String(text) => Some(text),
        serde_json::Value::Number(number) => Some(number.to_string()),
        serde_json::Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

/// One pair of a list of pairs.
struct Pair<'a, 'b> {
    pairs: &'b mut Pairs<'a>,
    key: Option<String>,
}

impl Pair<'_, '_> {
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NoPlace> {
        match self.key.take() {
            None => {
                self.key = Some(key_of(value).ok_or(NoPlace)?);
                Ok(())
            }
            Some(key) => self.pairs.below(&key, value),
        }
    }
}

macro_rules! no_pair {
    ($($method:ident($($type:ty),*) $(-> $ok:ty)?;)*) => {$(
        fn $method(self, $(_: $type),*) -> Result<no_pair!(@ $($ok)?), NoPlace> {
            Err(NoPlace)
        }
    )*};
    (@) => { () };
    (@ $ok:ty) => { $ok };
}

impl<'p, 'a, 'b> Serializer for &'p mut Pair<'a, 'b> {
    type Ok = ();
    type Error = NoPlace;
    type SerializeSeq = PairElements<'p, 'a, 'b>;
    type SerializeTuple = PairElements<'p, 'a, 'b>;
    type SerializeTupleStruct = PairElements<'p, 'a, 'b>;
    type SerializeTupleVariant = Impossible<(), NoPlace>;
    type SerializeMap = Impossible<(), NoPlace>;
    type SerializeStruct = Impossible<(), NoPlace>;
    type SerializeStructVariant = Impossible<(), NoPlace>;

    no_pair! {
        serialize_bool(bool); serialize_i8(i8); serialize_i16(i16); serialize_i32(i32); serialize_i64(i64);
        serialize_u8(u8); serialize_u16(u16); serialize_u32(u32); serialize_u64(u64);
        serialize_f32(f32); serialize_f64(f64); serialize_char(char); serialize_str(&str);
        serialize_bytes(&[u8]); serialize_none(); serialize_unit(); serialize_unit_struct(&'static str);
        serialize_unit_variant(&'static str, u32, &'static str);
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_map(Option<usize>) -> Self::SerializeMap;
        serialize_struct(&'static str, usize) -> Self::SerializeStruct;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), NoPlace> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), NoPlace> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), NoPlace> {
        Err(NoPlace)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, NoPlace> {
        Ok(PairElements { pair: self })
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, NoPlace> {
        Ok(PairElements { pair: self })
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, NoPlace> {
        Ok(PairElements { pair: self })
    }
}

/// The two elements of a pair.
struct PairElements<'p, 'a, 'b> {
    pair: &'p mut Pair<'a, 'b>,
}

macro_rules! pair_elements {
    ($($trait:ident $method:ident),*) => {$(
        impl ser::$trait for PairElements<'_, '_, '_> {
            type Ok = ();
            type Error = NoPlace;
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NoPlace> {
                self.pair.element(value)
            }
            fn end(self) -> Result<(), NoPlace> {
                Ok(())
            }
        }
    )*};
}
pair_elements!(SerializeSeq serialize_element, SerializeTuple serialize_element, SerializeTupleStruct serialize_field);

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::http::urlencoded;

    fn query<V: Serialize>(name: Option<&str>, value: V) -> String {
        let (mut out, mut separator) = (String::new(), '?');
        to_query(&mut out, &mut separator, name, &value);
        out
    }

    #[test]
    fn a_pair_is_encoded_and_none_leaves_nothing() {
        assert_eq!(query(Some("q"), "a b&c=d/ü"), "?q=a%20b%26c%3Dd%2F%C3%BC");
        assert_eq!(query(Some("page"), Some(2)), "?page=2");
        assert_eq!(query(Some("page"), None::<i32>), "");
        assert_eq!(query(Some("on"), true), "?on=true");
        assert_eq!(query(Some("tags"), ["a", "b c"]), "?tags%5B%5D=a&tags%5B%5D=b%20c");
    }

    #[test]
    fn pairs_come_from_structs_maps_and_lists_of_pairs() {
        struct Filter {
            page: Option<u32>,
            sort: Option<&'static str>,
            of: BTreeMap<&'static str, i32>,
        }
        // As the derive writes it.
        impl Serialize for Filter {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use ser::SerializeStruct as _;
                let mut fields = serializer.serialize_struct("Filter", 3)?;
                fields.serialize_field("page", &self.page)?;
                fields.serialize_field("sort", &self.sort)?;
                fields.serialize_field("of", &self.of)?;
                fields.end()
            }
        }
        let filter = Filter { page: Some(2), sort: None, of: BTreeMap::from([("x", 1)]) };
        assert_eq!(query(None, &filter), "?page=2&of%5Bx%5D=1");
        assert_eq!(query(None, [("a", "1"), ("b", "2 3")]), "?a=1&b=2%203");
        assert_eq!(query(None, [("a", Some(1)), ("b", None)]), "?a=1");
        assert_eq!(query(None, (("a", 1), ("b", true))), "?a=1&b=true");
        assert_eq!(query(None, BTreeMap::from([(1, "x")])), "?1=x");
        assert_eq!(query(None, 7), "", "a number without a name has no place");
        assert_eq!(query(None, [1, 2]), "");
    }

    #[test]
    fn params_reads_what_was_written() {
        let mut params = crate::Params::new();
        params.insert("q", crate::Param::Text("a&b=c [d]".into()));
        params.insert("tags", crate::Param::List(vec![crate::Param::Text("x".into())]));
        let written = query(None, &params);
        assert_eq!(urlencoded::parse(crate::Place::Query, &written.as_bytes()[1..]).unwrap(), params);
    }
}
