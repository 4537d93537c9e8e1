//! A map with at most one value of each type: what a request's assigns are.

use std::any::{Any, TypeId};

use crate::services::ByType;

type Erased = Box<dyn Any + Send + Sync>;

/// At most one value per type. An empty map has not allocated.
#[derive(Default)]
pub(crate) struct TypeMap {
    values: ByType<Erased>,
}

impl TypeMap {
    pub(crate) fn insert<T: Send + Sync + 'static>(&mut self, value: T) -> Option<T> {
        self.values.insert(TypeId::of::<T>(), Box::new(value)).and_then(unbox)
    }

    pub(crate) fn get<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.values.get(&TypeId::of::<T>()).and_then(|value| value.downcast_ref())
    }

    pub(crate) fn get_mut<T: Send + Sync + 'static>(&mut self) -> Option<&mut T> {
        self.values.get_mut(&TypeId::of::<T>()).and_then(|value| value.downcast_mut())
    }

    pub(crate) fn remove<T: Send + Sync + 'static>(&mut self) -> Option<T> {
        self.values.remove(&TypeId::of::<T>()).and_then(unbox)
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }
}

fn unbox<T: 'static>(value: Erased) -> Option<T> {
    value.downcast().ok().map(|value| *value)
}

#[cfg(test)]
mod tests {
    use super::TypeMap;

    #[test]
    fn keeps_one_value_of_each_type() {
        let mut map = TypeMap::default();
        assert_eq!(map.insert(1_u32), None);
        assert_eq!(map.insert("text"), None);
        assert_eq!(map.insert(2_u32), Some(1));
        assert_eq!((map.get::<u32>(), map.get::<&str>(), map.get::<u64>()), (Some(&2), Some(&"text"), None));
        assert_eq!(map.len(), 2);
    }
}
