//! [`Description`]: what a handler's arguments say of themselves, before there is a request.

use super::extract::PathShape;
use crate::services::Need;

/// What a handler needs, as its extractors say when the routes are put together.
///
/// An extractor adds to it in its `describe`; a wrapper such as `Result<Svc<T>>` hands on what it wraps, as optional.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Description {
    services: Vec<Need>,
    paths: Vec<&'static PathShape>,
}

impl Description {
    /// Says that a service of type `T` must be registered.
    pub fn service<T: ?Sized + 'static>(&mut self) {
        self.need(Need::of::<T>());
    }

    /// Says that this service is needed.
    pub fn need(&mut self, need: Need) {
        if !self.services.contains(&need) {
            self.services.push(need);
        }
    }

    /// Adds what `describe` says, as something that the handler can do without.
    pub fn optional(&mut self, describe: fn(&mut Self)) {
        let mut inner = Self::default();
        describe(&mut inner);
        inner.services.into_iter().for_each(|need| self.need(need.or_none()));
    }

    /// Says what each of a handler's arguments takes from the path.
    pub(super) fn take_paths(&mut self, arguments: &[Option<&'static PathShape>]) {
        self.paths.extend(arguments.iter().flatten());
    }

    /// What the arguments take from the path, in their order.
    #[must_use]
    pub fn paths(&self) -> &[&'static PathShape] {
        &self.paths
    }

    /// The services, in the order of the arguments, each once.
    #[must_use]
    pub fn services(&self) -> &[Need] {
        &self.services
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Handler, HandlerExt, Path, Query, Svc};
    use crate::{Error, Params};

    fn needs<Args: 'static>(handler: impl Handler<Args>) -> Vec<Need> {
        handler.erase().describe().services().to_vec()
    }

    #[test]
    fn a_handler_says_which_services_its_arguments_need() {
        async fn plain(_: Query<Params>) {}
        async fn one(_: Svc<String>) {}
        async fn some(_: Svc<u8>, _: Query<Params>, _: Result<Svc<u16>, Error>, _: Svc<u8>, _: String) {}
        async fn two(_: Path<i64>, _: Option<Path<(u8, bool)>>, _: String) {}
        let shapes: Vec<&str> = two.erase().describe().paths().iter().map(|shape| shape.name).collect();
        assert_eq!(shapes, ["i64", "a tuple of 2"]);
        assert_eq!(needs(plain), []);
        assert_eq!(needs(one), [Need::of::<String>()]);
        assert_eq!(needs(some), [Need::of::<u8>(), Need::of::<u16>().or_none()]);
    }
}
