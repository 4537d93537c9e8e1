//! The rules of services, each as a test.
#![allow(dead_code, reason = "many services are only there to be needed")]

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};

use super::*;

/// The outcome of a future that never has to wait.
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = Box::pin(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => panic!("it waits"),
    }
}

fn build(register: impl FnOnce(&mut ServicesBuilder)) -> Result<Services> {
    let mut builder = ServicesBuilder::new();
    register(&mut builder);
    now(builder.build())
}

/// The mistakes, with places cut down to the name of the file.
fn mistakes(register: impl FnOnce(&mut ServicesBuilder)) -> Vec<String> {
    let mut builder = ServicesBuilder::new();
    register(&mut builder);
    shown(&builder.check(&[]).unwrap_err())
}

fn shown(error: &ServicesError) -> Vec<String> {
    let module = module_path!().trim_start_matches("zzz_core");
    let digits = |text: &str| text.split_once(|c: char| !c.is_ascii_digit()).map_or(0, |(n, _)| n.len());
    let place = |text: &String| {
        let mut parts = text.split(file!());
        let first = parts.next().unwrap_or_default().to_owned();
        let rest = parts.map(|part| format!("here{}", &part[1 + digits(&part[1..])..]));
        let text = rest.fold(first, |all, part| all + &part);
        text.replace(&format!("zzz_core{module}::"), "")
    };
    error.mistakes().iter().map(place).collect()
}

struct A;
struct B(Svc<A>);
struct C(Svc<A>, Svc<B>);
#[derive(Debug)]
struct D;

#[test]
fn constructors_get_what_they_need_in_any_order_of_registration() {
    let services = build(|services| {
        services.singleton(C);
        services.singleton(B);
        services.value(A);
    })
    .unwrap();
    let c = services.require::<C>().unwrap();
    assert!(Arc::ptr_eq(&c.0.0, &c.1.0.0.0), "there is one `A`");
    assert!(Arc::ptr_eq(&c.0.0, services.get::<A>().unwrap()));
    assert_eq!(services.lifetime::<B>(), Some(Lifetime::Singleton));
    assert_eq!(services.lifetime::<D>(), None);
}

#[test]
fn a_constructor_may_fail_or_be_async_or_take_what_is_optional() {
    struct Async(bool);
    struct Both(u8);
    fn fallible(_: Svc<A>) -> Result<D, std::num::ParseIntError> {
        "7".parse::<u8>().map(|_| D)
    }
    async fn plain(d: Option<Svc<D>>, missing: Option<Svc<String>>) -> Async {
        Async(d.is_some() && missing.is_none())
    }
    async fn both(plain: Svc<Async>) -> Result<Both> {
        Ok(Both(u8::from(plain.0.0)))
    }
    let services = build(|services| {
        services.singleton::<Both, _>(both);
        services.singleton::<Async, _>(plain);
        services.singleton::<D, _>(fallible);
        services.singleton(|| A);
    })
    .unwrap();
    assert_eq!(services.require::<Both>().unwrap().0, 1);
}

#[test]
fn every_mistake_is_in_one_message() {
    struct Held(Svc<Tenant>);
    struct Tenant;
    struct Left(Svc<Right>);
    struct Right(Svc<Left>);
    let found = mistakes(|services| {
        services.singleton(B);
        services.singleton(Left);
        services.singleton(Right);
        services.singleton(Held);
        services.per_request(|| Tenant);
        services.value(1_u8);
        services.value(2_u8);
        services.replace::<u16>(3);
    });
    assert_eq!(
        found,
        [
            "`u8` is registered twice, at here and at here; remove one (a test puts another in its place with `replace`)",
            "`u16` (here) is to be replaced, but is not registered; register it first, or leave the replacement out",
            "`A` is not registered, and needed by `B` (here); register it, with `services.singleton(...)` or `services.value(...)`",
            "services need each other in a circle: `every_mistake_is_in_one_message::Left` (singleton, here) → `every_mistake_is_in_one_message::Right` (singleton, here) → `every_mistake_is_in_one_message::Left` (singleton, here); let one of them take what it needs when it is called",
            "a singleton would hold on to what belongs to one request: `every_mistake_is_in_one_message::Held` (singleton, here) → `every_mistake_is_in_one_message::Tenant` (per request, here); register `every_mistake_is_in_one_message::Held` (here) with `per_request`, or let it be given that when it is called",
        ]
    );
    let message = ServicesError::new(found).to_string();
    assert!(message.starts_with("the services have 5 mistakes:\n  - `u8` is"), "{message}");
}

#[test]
fn a_circle_is_named_once_and_whole() {
    struct One(Svc<Two>);
    struct Two(Svc<Three>);
    struct Three(Svc<One>, Svc<Three>);
    struct Outside(Svc<One>);
    let found = mistakes(|services| {
        services.singleton(Outside);
        services.transient(One);
        services.per_request(Two);
        services.singleton(Three);
    });
    let circles: Vec<_> = found.iter().filter(|text| text.contains("each other")).collect();
    assert_eq!(circles.len(), 2, "{found:#?}");
    assert!(
        circles[0].contains("One` (transient, here) → `")
            && circles[0].contains("Three` (singleton, here) → `")
    );
    assert!(circles[1].contains("Three` (singleton, here) → `a_circle_is_named_once_and_whole::Three` (s"));
}

#[test]
fn captives_are_found_behind_transients_and_other_names() {
    trait Named: Send + Sync {}
    struct Tenant;
    impl Named for Tenant {}
    struct Clock(Svc<dyn Named>);
    struct Holder(Svc<Clock>);
    struct Outer(Svc<Holder>);
    let found = mistakes(|services| {
        services.singleton(Outer);
        services.singleton(Holder);
        services.transient(Clock);
        services.per_request(|| Tenant).alias::<dyn Named>(|tenant| tenant);
    });
    assert_eq!(found.len(), 1, "the singleton that holds the holder is not at fault: {found:#?}");
    let chain = "Holder` (singleton, here) → `captives_are_found_behind_transients_and_other_names::Clock` (transient, here) → `dyn captives_are_found_behind_transients_and_other_names::Named` (alias, here) → `captives_are_found_behind_transients_and_other_names::Tenant` (per request, here); register";
    assert!(found[0].contains(chain), "{}", found[0]);
}

#[test]
fn what_is_missing_names_who_needs_it_and_what_is_near() {
    mod other {
        pub(super) struct Gallery;
    }
    struct Gallery;
    struct Mailer;
    trait Mail: Send + Sync {}
    let requirement = |need, by: &str| Requirement { need, by: by.to_owned() };
    let mut services = ServicesBuilder::new();
    services.value(other::Gallery);
    services.value(Mailer);
    services.advise::<u64>("set it with `App::numbers`");
    struct Mailr;
    let error = services
        .check(&[
            requirement(Need::of::<Gallery>(), "GET /a (a)"),
            requirement(Need::of::<Gallery>(), "GET /b (b)"),
            requirement(Need::of::<Mailr>(), "GET /a (a)"),
            requirement(Need::of::<Arc<Mailer>>(), "GET /a (a)"),
            requirement(Need::of::<dyn Mail>(), "GET /a (a)"),
            requirement(Need::of::<u64>(), "GET /a (a)"),
            requirement(Need::of::<u32>().or_none(), "GET /a (a)"),
            requirement(Need::of::<Mailer>(), "GET /a (a)"),
        ])
        .unwrap_err();
    let here = "what_is_missing_names_who_needs_it_and_what_is_near::";
    let found: Vec<String> = shown(&error).iter().map(|text| text.replace(here, "")).collect();
    assert_eq!(
        found,
        [
            "`Gallery` is not registered, and needed by `GET /a (a)`, `GET /b (b)`; registered is `other::Gallery`, another type of that name",
            "`Mailr` is not registered, and needed by `GET /a (a)`; registered is `Mailer`",
            "`alloc::sync::Arc<Mailer>` is not registered, and needed by `GET /a (a)`; registered is `Mailer`: take `Svc<Mailer>`",
            "`dyn Mail` is not registered, and needed by `GET /a (a)`; add `.alias::<dyn Mail>(|service| service)` where the service that implements it is registered",
            "`u64` is not registered, and needed by `GET /a (a)`; set it with `App::numbers`",
        ]
    );
    // The built container says the same.
    let built = now(services.build()).unwrap();
    let again = built.check(&[requirement(Need::of::<u64>(), "GET /a (a)")]).unwrap_err();
    assert_eq!(shown(&again), [found[4].clone()]);
    let many: Vec<_> = (0..8).map(|n| requirement(Need::of::<u64>(), &format!("GET /{n}"))).collect();
    assert!(built.check(&many).unwrap_err().to_string().contains("`GET /4` and 3 more;"));
}

#[test]
fn a_trait_object_is_another_name_for_the_same_service() {
    trait Greet: Send + Sync {
        fn greet(&self) -> String;
    }
    struct Polite(Svc<String>);
    impl Greet for Polite {
        fn greet(&self) -> String {
            format!("Good day, {}!", *self.0)
        }
    }
    struct User(Svc<dyn Greet>);
    let register = |services: &mut ServicesBuilder| {
        services.singleton(User);
        services.singleton(Polite).alias::<dyn Greet>(|polite| polite);
        services.value("Ada".to_owned());
    };
    let services = build(register).unwrap();
    assert_eq!(services.require::<User>().unwrap().0.greet(), "Good day, Ada!");
    assert_eq!(services.require::<dyn Greet>().unwrap().greet(), "Good day, Ada!");

    // A replacement of the service is seen under its other name; the other name can be replaced alone.
    struct Rude;
    impl Greet for Rude {
        fn greet(&self) -> String {
            "What?".into()
        }
    }
    let services = build(|services| {
        register(services);
        services.replace::<Polite>(Polite(Svc(Arc::new("Bob".into()))));
    });
    assert_eq!(services.unwrap().require::<dyn Greet>().unwrap().greet(), "Good day, Bob!");
    let services = build(|services| {
        register(services);
        services.replace::<dyn Greet>(Arc::new(Rude) as Arc<dyn Greet>);
    });
    assert_eq!(services.unwrap().require::<User>().unwrap().0.greet(), "What?");
}

#[test]
fn a_replaced_constructor_is_not_called_and_lifetimes_stay() {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    struct Number(usize);
    let services = build(|services| {
        services.singleton::<Number, _>(|| -> Result<Number> { Err(Error::internal("no network in tests")) });
        services.transient(|| -> A { panic!("never called") });
        services.replace(Number(7));
        services.replace_with(|| {
            CALLS.fetch_add(1, Ordering::Relaxed);
            A
        });
    })
    .unwrap();
    assert_eq!(services.require::<Number>().unwrap().0, 7);
    assert_eq!(services.lifetime::<A>(), Some(Lifetime::Transient));
    let mut scope = Scope::new(Arc::new(services));
    now(scope.get::<A>()).unwrap();
    now(scope.get::<A>()).unwrap();
    assert_eq!(CALLS.load(Ordering::Relaxed), 2);
}

/// Says when it is built and when it is dropped.
struct Noted(&'static str, Arc<Mutex<Vec<String>>>);

impl Noted {
    fn new(name: &'static str, log: &Log) -> Self {
        log.0.lock().unwrap().push(format!("+{name}"));
        Self(name, Arc::clone(&log.0))
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        self.1.lock().unwrap().push(format!("-{}", self.0));
    }
}

#[derive(Default, Clone)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn taken(&self) -> String {
        std::mem::take(&mut *self.0.lock().unwrap()).join(" ")
    }
}

struct Database(Noted);
struct Cache(Noted);
struct Session(Noted);
struct Tenant(Noted, Svc<Session>);
struct Stamp(Noted);

fn lifetimes(services: &mut ServicesBuilder, log: &Log) {
    services.value(log.clone());
    services.singleton(|log: Svc<Log>, _: Svc<Database>| Cache(Noted::new("cache", &log)));
    services.singleton(|log: Svc<Log>| Database(Noted::new("database", &log)));
    services.per_request(|log: Svc<Log>, session: Svc<Session>| Tenant(Noted::new("tenant", &log), session));
    services.per_request(|log: Svc<Log>, _: Svc<Cache>| Session(Noted::new("session", &log)));
    services.transient(|log: Svc<Log>| Stamp(Noted::new("stamp", &log)));
}

#[test]
fn services_live_as_long_as_they_should_and_are_dropped_in_reverse() {
    let log = Log::default();
    let services = Arc::new(build(|services| lifetimes(services, &log)).unwrap());
    assert_eq!(log.taken(), "+database +cache");

    let mut scope = Scope::new(Arc::clone(&services));
    assert_eq!(log.taken(), "", "nothing is built before it is needed");
    let tenant = now(scope.get::<Tenant>()).unwrap();
    assert_eq!(log.taken(), "+session +tenant");
    let (again, session) = (now(scope.get::<Tenant>()).unwrap(), now(scope.get::<Session>()).unwrap());
    assert!(Arc::ptr_eq(&tenant.0, &again.0) && Arc::ptr_eq(&tenant.1.0, &session.0));
    drop(now(scope.get::<Stamp>()).unwrap());
    drop(now(scope.get::<Stamp>()).unwrap());
    assert_eq!(log.taken(), "+stamp -stamp +stamp -stamp");
    let mut other = Scope::new(Arc::clone(&services));
    drop(now(other.get::<Session>()).unwrap());
    assert_eq!(log.taken(), "+session");
    drop((tenant, again, session));
    assert_eq!(log.taken(), "");
    drop(scope);
    assert_eq!(log.taken(), "-tenant -session");
    drop(other);
    assert_eq!(log.taken(), "-session");
    drop(services);
    assert_eq!(log.taken(), "-cache -database");
}

#[test]
fn a_start_that_fails_drops_what_was_built() {
    struct Broken;
    let log = Log::default();
    let error = build(|services| {
        lifetimes(services, &log);
        services.singleton::<Broken, _>(|_: Svc<Cache>| "x".parse::<u8>().map(|_| Broken));
    })
    .unwrap_err();
    assert_eq!(log.taken(), "+database +cache -cache -database");
    let text = error.to_string();
    let place = |part: &str| part.contains("services/tests.rs:") || part.contains("services\\tests.rs:");
    assert!(text.starts_with("the service `zzz_core::services::tests::a_start_that_fails"), "{text}");
    assert!(text.contains("could not be built: invalid digit found in string") && place(&text), "{text}");
}

#[test]
fn a_failing_constructor_answers_with_its_status_and_is_tried_again() {
    struct Tries(AtomicUsize);
    struct Tenant;
    struct Page(Svc<Tenant>);
    let services = build(|services| {
        services.value(Tries(AtomicUsize::new(0)));
        services.per_request::<Tenant, _>(async |tries: Svc<Tries>| {
            match tries.0.0.fetch_add(1, Ordering::Relaxed) {
                0 => Err(Error::not_found("There is no such tenant.")),
                1 => Err(Error::internal("the database is away")),
                _ => Ok(Tenant),
            }
        });
        services.per_request(Page);
    });
    let mut scope = Scope::new(Arc::new(services.unwrap()));
    let first = now(scope.get::<Page>()).unwrap_err();
    assert_eq!((first.status(), first.public_message()), (404, Some("There is no such tenant.")));
    let second = now(scope.get::<Page>()).unwrap_err();
    assert_eq!((second.status(), second.public_message()), (500, None));
    assert!(second.to_string().contains("Tenant` (") && second.to_string().contains("the database is away"));
    assert!(now(scope.get::<Page>()).is_ok());
    assert_eq!(now(scope.get::<D>()).unwrap_err().status(), 500);
}

#[test]
fn services_end_in_the_reverse_of_their_order_and_failures_are_told() {
    struct Closing(&'static str, Svc<Log>);
    impl Closing {
        async fn close(self: Arc<Self>) -> Result<()> {
            self.1.0.0.lock().unwrap().push(self.0.to_owned());
            Err(Error::internal("the peer is gone"))
        }
    }
    struct Second(Svc<Closing>, Svc<Log>);
    struct Third(Svc<Second>);
    let log = Log::default();
    let services = build(|services| {
        services.singleton(Third).on_shutdown(|_| -> () { panic!("cannot") });
        services
            .singleton(Second)
            .on_shutdown(|second| second.1.0.0.lock().unwrap().push("second".to_owned()));
        services.singleton(|log| Closing("first", log)).on_shutdown(Closing::close);
        services.value(log.clone());
    })
    .unwrap();
    let failures: Vec<String> = now(services.shutdown()).iter().map(ToString::to_string).collect();
    assert_eq!(log.taken(), "second first");
    assert_eq!(failures.len(), 2, "{failures:?}");
    assert!(failures[0].ends_with("Third` could not be ended in order: it panicked"), "{failures:?}");
    assert!(failures[1].ends_with("Closing` could not be ended in order: the peer is gone"), "{failures:?}");
}

#[test]
fn services_that_stand_end_in_order_when_a_later_one_can_not_be_built() {
    struct Opened;
    #[derive(Debug)]
    struct Refused;
    let log = Log::default();
    let told = log.clone();
    let failed = build(|services| {
        services.value(Opened).on_shutdown(move |_| told.0.lock().unwrap().push("opened".to_owned()));
        services.singleton::<Refused, _>(|_: Svc<Opened>| Err::<Refused, _>(Error::internal("no room")));
    });
    assert!(failed.is_err_and(|error| error.to_string().contains("no room")));
    assert_eq!(log.taken(), "opened");
}

#[test]
fn a_promise_is_kept_before_the_build() {
    let register = |services: &mut ServicesBuilder| {
        services.promise::<A>();
        services.singleton(B);
    };
    let services = build(|services| {
        register(services);
        services.check(&[]).unwrap();
        services.provide(A);
    });
    assert!(services.unwrap().get::<B>().is_some());
    let broken = build(register).unwrap_err().to_string();
    assert!(broken.contains("was promised, and not provided"), "{broken}");
    // A test's replacement stays.
    let services = build(|services| {
        services.promise::<u8>();
        services.replace::<u8>(1);
        services.provide(2_u8);
        assert_eq!(services.peek::<u8>().map(|value| **value), Some(1));
    });
    assert_eq!(**services.unwrap().require::<u8>().unwrap(), 1);
}

#[test]
fn what_is_not_shared_is_not_found_without_a_scope() {
    let services = build(|services| {
        services.per_request(|| D);
    })
    .unwrap();
    assert!(services.get::<D>().is_none());
    let text = services.require::<D>().unwrap_err().to_string();
    assert!(text.contains("of the lifetime `per request`") && text.contains("`Svc<zzz_core::"), "{text}");
}
