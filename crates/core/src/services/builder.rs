//! [`ServicesBuilder`]: what an app registers, before anything is built.

use std::any::TypeId;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use super::constructor::{Arguments, Building, Constructor, IntoService, Marker};
use super::error::ServicesError;
use super::from_services::Needs;
use super::need::{Need, Requirement};
use super::recipe::{Lifetime, Make, Recipe};
use super::replacement::Replacement;
use super::stored::{ByType, Stored};
use super::{Hook, Services, build, check};
use crate::Result;

/// Collects the services of an app: ready values, and constructors whose arguments are other services.
///
/// The order of registration does not matter: [`build`](Self::build) checks everything, reports every mistake at once,
/// and builds the singletons in the order of their needs.
///
/// ```
/// use zzz_core::services::{ServicesBuilder, Svc};
///
/// struct Greeting(&'static str);
/// struct Greeter(Svc<Greeting>);
/// impl Greeter {
///     fn new(greeting: Svc<Greeting>) -> Self {
///         Self(greeting)
///     }
/// }
///
/// let mut services = ServicesBuilder::new();
/// services.singleton(Greeter::new);
/// services.value(Greeting("Hello"));
/// # #[cfg(feature = "http")] {
/// let services = zzz_core::http::now_or_never(services.build()).unwrap().unwrap();
/// assert_eq!(services.require::<Greeter>().unwrap().0.0.0, "Hello");
/// # }
/// ```
#[derive(Default)]
pub struct ServicesBuilder {
    pub(super) recipes: Vec<Recipe>,
    pub(super) index: ByType<usize>,
    pub(super) hooks: Vec<(TypeId, Hook)>,
    /// What to do about a service that is missing.
    pub(super) advice: ByType<&'static str>,
    pub(super) mistakes: Vec<String>,
}

impl ServicesBuilder {
    /// Nothing registered.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers a value that is ready.
    #[track_caller]
    pub fn value<T: Send + Sync + 'static>(&mut self, value: T) -> Singleton<'_, T> {
        self.shared(Arc::new(value))
    }

    /// Registers a value that is ready and shared with others.
    #[track_caller]
    pub fn shared<T: ?Sized + Send + Sync + 'static>(&mut self, value: Arc<T>) -> Singleton<'_, T> {
        self.add(Recipe::value(Need::of::<T>(), Stored::new(value), Location::caller()));
        Singleton(self, PhantomData)
    }

    /// Registers a constructor of a service that is built once, when the app starts, and dropped when it ends.
    ///
    /// The constructor returns `T`, `Result<T, E>`, or is an `async fn` of either; where it does more than return `T`,
    /// the type is said: `services.singleton::<Mailer, _>(Mailer::connect)`. Its arguments are [`Svc`](super::Svc)s.
    #[track_caller]
    pub fn singleton<T, M>(
        &mut self,
        constructor: impl Constructor<M, Arguments: Arguments, Output: IntoService<T, M::Via>>,
    ) -> Singleton<'_, T>
    where
        T: Send + Sync + 'static,
        M: Marker,
    {
        self.add(constructed(Lifetime::Singleton, constructor));
        Singleton(self, PhantomData)
    }

    /// Registers a constructor of a service that is built at most once for each request, when it is first needed, and
    /// dropped with the request. It may take parts of the request besides services
    /// ([`FromServices`](super::FromServices)).
    ///
    /// An error that it returns is the response: a status of its own stays, anything else is a 500.
    #[track_caller]
    pub fn per_request<T, M>(
        &mut self,
        constructor: impl Constructor<M, Arguments: Arguments, Output: IntoService<T, M::Via>>,
    ) -> Registration<'_, T>
    where
        T: Send + Sync + 'static,
        M: Marker,
    {
        self.add(constructed(Lifetime::PerRequest, constructor));
        Registration(self, PhantomData)
    }

    /// Registers a constructor of a service that is built each time that somebody needs it.
    #[track_caller]
    pub fn transient<T, M>(
        &mut self,
        constructor: impl Constructor<M, Arguments: Arguments, Output: IntoService<T, M::Via>>,
    ) -> Registration<'_, T>
    where
        T: Send + Sync + 'static,
        M: Marker,
    {
        self.add(constructed(Lifetime::Transient, constructor));
        Registration(self, PhantomData)
    }

    /// Puts a value in the place of a registered service, as a test does: [`Replacement::value`].
    #[track_caller]
    pub fn replace<T: ?Sized + Send + Sync + 'static>(&mut self, value: impl Into<Arc<T>>) {
        self.apply(&Replacement::value(value));
    }

    /// Puts a constructor in the place of a registered service, which keeps its lifetime: [`Replacement::with`].
    #[track_caller]
    pub fn replace_with<T, M>(
        &mut self,
        constructor: impl Constructor<M, Arguments: Arguments, Output: IntoService<T, M::Via>>,
    ) where
        T: Send + Sync + 'static,
        M: Marker,
    {
        self.apply(&Replacement::with::<T, M>(constructor));
    }

    /// Replaces a registered service. One that is not registered is a mistake that [`build`](Self::build) reports.
    pub fn apply(&mut self, replacement: &Replacement) {
        let mut recipe = replacement.recipe.clone();
        let index = self.index.get(&recipe.need.id());
        let Some(known) = index.and_then(|index| self.recipes.get_mut(*index)) else {
            let hint = check::hint(recipe.need.name(), self.recipes.iter().map(|known| known.need.name()));
            let hint = hint.unwrap_or_else(|| "register it first, or leave the replacement out".to_owned());
            self.mistakes.push(format!("{recipe} is to be replaced, but is not registered; {hint}"));
            return;
        };
        if replacement.keeps_lifetime {
            recipe.lifetime = known.lifetime;
        }
        *known = recipe;
    }

    /// The value of type `T`, if one is registered as a value: for an app whose services depend on its configuration.
    #[must_use]
    pub fn peek<T: ?Sized + Send + Sync + 'static>(&self) -> Option<&Arc<T>> {
        match &self.recipes.get(*self.index.get(&TypeId::of::<T>())?)?.make {
            Make::Value(value) => value.get(),
            Make::Promise | Make::Call(_) => None,
        }
    }

    /// Says that a service will be [provided](Self::provide) before [`build`](Self::build), so that everything can be
    /// [checked](Self::check) before a database is opened.
    #[track_caller]
    pub fn promise<T: ?Sized + Send + Sync + 'static>(&mut self) {
        self.add(Recipe {
            need: Need::of::<T>(),
            lifetime: Lifetime::Singleton,
            needs: Needs::default(),
            make: Make::Promise,
            at: Location::caller(),
        });
    }

    /// Provides a service that was promised, unless a test has put another in its place.
    pub fn provide<T: Send + Sync + 'static>(&mut self, value: T) {
        let index = self.index.get(&TypeId::of::<T>());
        if let Some(recipe) = index.and_then(|index| self.recipes.get_mut(*index))
            && matches!(recipe.make, Make::Promise)
        {
            recipe.make = Make::Value(Stored::new(Arc::new(value)));
        }
    }

    /// Says what to do if a service is missing that somebody else registers, such as the framework.
    pub fn advise<T: ?Sized + 'static>(&mut self, advice: &'static str) {
        self.advice.insert(TypeId::of::<T>(), advice);
    }

    /// Checks everything that is registered, and that `requirements` can be met, without building anything.
    ///
    /// # Errors
    /// Every mistake at once: services that are missing, registered twice, replaced without being registered; services
    /// that need each other in a circle; singletons that would hold on to a request's services.
    pub fn check(&self, requirements: &[Requirement]) -> Result<(), ServicesError> {
        let mut mistakes = self.mistakes.clone();
        check::check(self, requirements, &mut mistakes);
        if mistakes.is_empty() { Ok(()) } else { Err(ServicesError::new(mistakes)) }
    }

    /// Checks everything and builds the singletons, each after what it needs.
    ///
    /// # Errors
    /// As [`check`](Self::check), and when a constructor fails or a promise was not kept; what had been built is then
    /// dropped, the last first.
    pub async fn build(self) -> Result<Services> {
        self.check(&[])?;
        build::build(self).await
    }

    fn add(&mut self, recipe: Recipe) {
        match self.index.get(&recipe.need.id()).and_then(|index| self.recipes.get(*index)) {
            Some(known) => self.mistakes.push(format!(
                "`{}` is registered twice, at {}:{} and at {}:{}; remove one (a test puts another in its place with `replace`)",
                recipe.need.name(),
                known.at.file(),
                known.at.line(),
                recipe.at.file(),
                recipe.at.line()
            )),
            None => {
                self.index.insert(recipe.need.id(), self.recipes.len());
                self.recipes.push(recipe);
            }
        }
    }

    fn alias<T, U>(&mut self, convert: fn(Arc<T>) -> Arc<U>, at: &'static Location<'static>)
    where
        T: ?Sized + Send + Sync + 'static,
        U: ?Sized + Send + Sync + 'static,
    {
        let needs = Needs { services: vec![Need::of::<T>()], context: None };
        let call = move |ready: &mut super::Ready<'_>| {
            let service = ready.take::<T>().ok_or_else(|| super::missing(std::any::type_name::<T>()));
            Building::Done(service.map(|service| Stored::new(convert(service.0))))
        };
        let make = Make::Call(Arc::new(call));
        self.add(Recipe { need: Need::of::<U>(), lifetime: Lifetime::Alias, needs, make, at });
    }
}

/// The recipe of a service that a constructor makes.
#[track_caller]
pub(super) fn constructed<T, M>(
    lifetime: Lifetime,
    constructor: impl Constructor<M, Arguments: Arguments, Output: IntoService<T, M::Via>>,
) -> Recipe
where
    T: Send + Sync + 'static,
    M: Marker,
{
    let mut needs = Needs::default();
    needs_of(&constructor, &mut needs);
    let call = move |ready: &mut super::Ready<'_>| match Arguments::from_services(ready) {
        Ok(arguments) => {
            constructor.call(arguments).into_building().map(|service| Stored::new(Arc::new(service)))
        }
        Err(error) => Building::Done(Err(error)),
    };
    Recipe {
        need: Need::of::<T>(),
        lifetime,
        needs,
        make: Make::Call(Arc::new(call)),
        at: Location::caller(),
    }
}

/// What the arguments of a constructor need.
fn needs_of<M, C: Constructor<M, Arguments: Arguments>>(_: &C, needs: &mut Needs) {
    C::Arguments::needs(needs);
}

/// A service that was just registered, to say more of it.
pub struct Registration<'a, T: ?Sized>(&'a mut ServicesBuilder, PhantomData<fn(&T)>);

impl<T: ?Sized + Send + Sync + 'static> Registration<'_, T> {
    /// Gives the service another name too: that of a trait which it implements. `Svc<dyn Mail>` is then this service:
    ///
    /// ```
    /// # use zzz_core::services::ServicesBuilder;
    /// trait Mail: Send + Sync {}
    /// struct SmtpMailer;
    /// impl Mail for SmtpMailer {}
    ///
    /// let mut services = ServicesBuilder::new();
    /// services.singleton(|| SmtpMailer).alias::<dyn Mail>(|mailer| mailer);
    /// ```
    #[track_caller]
    pub fn alias<U: ?Sized + Send + Sync + 'static>(self, convert: fn(Arc<T>) -> Arc<U>) -> Self {
        self.0.alias(convert, Location::caller());
        self
    }
}

/// A singleton that was just registered, to say more of it.
pub struct Singleton<'a, T: ?Sized>(&'a mut ServicesBuilder, PhantomData<fn(&T)>);

impl<T: ?Sized + Send + Sync + 'static> Singleton<'_, T> {
    /// As [`Registration::alias`].
    #[track_caller]
    pub fn alias<U: ?Sized + Send + Sync + 'static>(self, convert: fn(Arc<T>) -> Arc<U>) -> Self {
        self.0.alias(convert, Location::caller());
        self
    }

    /// Says what to do with the service when the app stops, after the last request: `.on_shutdown(Mailer::close)`, a
    /// function, async or not, of an `Arc` of the service, that may fail. [`Services::shutdown`] calls it.
    pub fn on_shutdown<R, Via>(self, hook: impl Fn(Arc<T>) -> R + Send + Sync + 'static) -> Self
    where
        R: IntoService<(), Via>,
    {
        let call = move |service: &Stored| match service.get::<T>() {
            Some(service) => hook(Arc::clone(service)).into_building(),
            None => Building::Done(Ok(())),
        };
        self.0.hooks.push((TypeId::of::<T>(), Box::new(call)));
        self
    }
}

impl std::fmt::Debug for ServicesBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.recipes.iter().map(|recipe| recipe.need.name())).finish()
    }
}

impl<T: ?Sized> std::fmt::Debug for Registration<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Registration")
    }
}

impl<T: ?Sized> std::fmt::Debug for Singleton<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Singleton")
    }
}
