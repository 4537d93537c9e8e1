//! What the extractors take, and what they say of what they do not take.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::http::{HandlerExt, Head, HeaderMap, Method, ParamPlaces, RequestId, RouteInfo, now_or_never};
use crate::{Params, Place, Rejection, Services, ServicesBuilder, Svc};

fn now<T>(future: impl Future<Output = T>) -> T {
    now_or_never(future).unwrap()
}

/// The argument of a handler, taken from a request's head.
fn part<T: FromRequestParts>(mut request: Request) -> Result<T> {
    now(T::from_request_parts(&mut request))
}

/// The argument of a handler, taken from a whole request.
fn whole<T: FromRequest<ViaBody>>(request: Request) -> Result<T> {
    now(T::from_request(request))
}

/// The status and the words of an error; the words of one of status 500 are for the log.
fn refusal<T>(result: Result<T>) -> (u16, String) {
    let error = result.map(|_| ()).unwrap_err();
    (error.status(), error.to_string())
}

/// A request whose path has matched `pattern`, segment by segment.
fn matched(pattern: &str, path: &str) -> Request {
    let mut request = Request::get(path);
    let (mut names, mut params, mut start) = (Vec::new(), ParamPlaces::default(), 0);
    for (declared, segment) in pattern.split('/').zip(path.split('/')) {
        let end = start + segment.len();
        if let Some(name) = declared.strip_prefix(':') {
            names.push(name.to_owned());
            params.push(start.try_into().unwrap(), end.try_into().unwrap());
        }
        start = end + 1;
    }
    let route = RouteInfo::new(Some(Method::GET), pattern, "posts::show").with_params(names);
    request.set_route(Arc::new(route));
    request.set_params(params);
    request
}

#[test]
fn path_parameters_are_read_in_their_order() {
    let Path(id) = part::<Path<i64>>(matched("/posts/:id", "/posts/-7")).unwrap();
    assert_eq!(id, -7);
    let request = matched("/users/:name/posts/:id/:public", "/users/Zo%C3%AB%2F/posts/7/true");
    let Path(all) = part::<Path<(String, u8, bool)>>(request).unwrap();
    assert_eq!(all, ("Zoë/".to_owned(), 7, true));
    let Path((letter,)) = part::<Path<(char,)>>(matched("/:letter", "/%C3%BC")).unwrap();
    assert_eq!(letter, 'ü');
}

#[test]
fn a_path_parameter_of_the_wrong_type_is_400_and_named() {
    for (path, what) in [
        ("/posts/seven", "`id` does not fit: expected a whole number, not `seven`"),
        ("/posts/+7", "`id` does not fit: expected a whole number, not `+7`"),
        ("/posts/256", "`id` does not fit: expected a whole number, not `256`"),
        ("/posts/", "`id` does not fit: expected a whole number, not ``"),
    ] {
        let answer = refusal(part::<Path<u8>>(matched("/posts/:id", path)));
        assert_eq!(answer, (400, format!("The path parameter {what}.")));
    }
    let answer = refusal(part::<Path<(u8, bool)>>(matched("/:id/:public", "/1/yes")));
    assert_eq!(
        answer,
        (400, "The path parameter `public` does not fit: expected true or false, not `yes`.".into())
    );
    let answer = refusal(part::<Path<char>>(matched("/:letter", "/ab")));
    assert_eq!(
        answer,
        (400, "The path parameter `letter` does not fit: expected one character, not `ab`.".into())
    );
}

#[test]
fn a_long_path_parameter_is_cut_in_the_message() {
    let answer = refusal(part::<Path<u8>>(matched("/posts/:id", &format!("/posts/{}", "x".repeat(500)))));
    let shown = "x".repeat(60);
    assert_eq!(
        answer,
        (400, format!("The path parameter `id` does not fit: expected a whole number, not `{shown}`."))
    );
}

#[test]
fn a_path_parameter_that_is_no_utf8_is_400() {
    let answer = refusal(part::<Path<String>>(matched("/posts/:id", "/posts/%ff")));
    assert_eq!(answer, (400, "The path parameter `id` is not valid UTF-8.".into()));
}

#[test]
fn a_path_parameter_that_does_not_fit_is_the_same_rejection_as_any_other_value() {
    let rejection =
        part::<Result<Path<u8>, Rejection>>(matched("/posts/:id", "/posts/x")).unwrap().unwrap_err();
    assert_eq!((rejection.status(), rejection.place()), (400, Some(Place::Path)));
    assert_eq!(rejection.field().unwrap().to_string(), "id");
    assert_eq!((rejection.expected(), rejection.given()), (Some("a whole number"), Some("`x`")));
    let Err(error) = part::<Path<u8>>(matched("/posts/:id", "/posts/x")) else { panic!("it fits") };
    assert_eq!(error.fields().get("id"), ["expected a whole number, not `x`"]);
}

#[test]
fn an_optional_path_is_none_where_the_route_has_no_parameters() {
    let at = |pattern, path| part::<Option<Path<u8>>>(matched(pattern, path));
    assert_eq!(at("/posts", "/posts").unwrap(), None);
    assert_eq!(at("/posts/:id", "/posts/7").unwrap(), Some(Path(7)));
    assert_eq!(part::<Option<Path<u8>>>(Request::get("/posts")).unwrap(), None, "no route matched");
    let answer = refusal(at("/posts/:id", "/posts/x"));
    assert_eq!(
        answer,
        (400, "The path parameter `id` does not fit: expected a whole number, not `x`.".into())
    );
    assert_eq!(refusal(at("/:a/:b", "/1/2")).0, 500, "other parameters are still a mistake of the app");
}

#[test]
fn another_number_of_path_parameters_than_the_route_has_is_500_and_for_the_log() {
    let error = part::<Path<(u8, u8)>>(matched("/posts/:id", "/posts/7")).unwrap_err();
    assert_eq!((error.status(), error.public_message()), (500, None));
    assert_eq!(
        error.to_string(),
        "the handler posts::show takes 2 path parameter(s), but its route `/posts/:id` has 1"
    );
    let without_route = refusal(part::<Path<u8>>(Request::get("/posts/7")));
    assert_eq!(
        without_route,
        (500, "the handler ? takes 1 path parameter(s), but its route `?` has 0".into())
    );
}

#[test]
fn a_query_is_read_as_its_type() {
    let Query(query) = part::<Query<BTreeMap<String, u8>>>(Request::get("/?page=2&size=10")).unwrap();
    assert_eq!(query, BTreeMap::from([("page".into(), 2), ("size".into(), 10)]));
    assert!(part::<Query<BTreeMap<String, u8>>>(Request::get("/")).unwrap().0.is_empty());
}

#[test]
fn a_query_parameter_of_the_wrong_type_is_400_and_named() {
    let error = part::<Query<BTreeMap<String, u8>>>(Request::get("/?page=2&size=many")).unwrap_err();
    assert_eq!(error.status(), 400);
    assert_eq!(
        error.public_message(),
        Some("The query parameter `size` does not fit: expected a whole number, not `many`.")
    );
    assert_eq!(error.fields().get("size"), ["expected a whole number, not `many`"]);

    let nested = refusal(part::<Query<BTreeMap<String, Vec<u8>>>>(Request::get("/?ids[]=1&ids[]=x")));
    let message = "The query parameter `ids[1]` does not fit: expected a whole number, not `x`.";
    assert_eq!(nested, (400, message.into()));
}

#[test]
fn a_text_that_is_no_utf8_is_400() {
    assert_eq!(whole::<String>(Request::post("/", "Zoë")).unwrap(), "Zoë");
    let answer = refusal(whole::<String>(Request::post("/", &b"Zo\xff"[..])));
    assert_eq!(answer, (400, "The body is not valid UTF-8.".into()));
}

#[test]
fn a_text_that_says_another_encoding_is_415() {
    let text = |media: &str| Request::post("/", "Zo").with_header("content-type", media);
    for media in ["text/plain", "text/plain; charset=\"UTF-8\"", "text/plain; charset=us-ascii"] {
        assert_eq!(whole::<String>(text(media)).unwrap(), "Zo", "{media}");
    }
    let answer = refusal(whole::<String>(text("text/plain; charset=iso-8859-1")));
    assert_eq!(answer, (415, "Send the body in UTF-8.".into()));
}

fn form(body: &'static str) -> Request {
    Request::post("/", body).with_header("content-type", "application/x-www-form-urlencoded")
}

#[test]
fn a_form_is_read_as_its_type() {
    let Form(ids) = whole::<Form<BTreeMap<String, Vec<u8>>>>(form("ids[]=1&ids[]=2&none=")).unwrap();
    assert_eq!(ids, BTreeMap::from([("ids".into(), vec![1, 2]), ("none".into(), vec![])]));
    let error = whole::<Form<BTreeMap<String, u8>>>(form("age=old")).unwrap_err();
    assert_eq!(error.status(), 422);
    assert_eq!(error.fields().get("age"), ["expected a whole number, not `old`"]);
    assert_eq!(error.to_string(), "The field `age` does not fit: expected a whole number, not `old`.");
}

#[test]
fn a_form_of_another_kind_is_415_and_a_malformed_one_400() {
    let of = |media: &str, body: &'static str| {
        refusal(whole::<Form<Params>>(Request::post("/", body).with_header("content-type", media)))
    };
    let urlencoded = "application/x-www-form-urlencoded";
    let expected = (415, format!("Send the form as {urlencoded}."));
    for media in ["text/plain", "application/json", "multipart/form-data; boundary=x", "", "urlencoded"] {
        assert_eq!(of(media, "a=1"), expected, "{media}");
    }
    assert_eq!(refusal(whole::<Form<Params>>(Request::post("/", "a=1"))), expected);
    let latin = format!("{urlencoded}; charset=latin1");
    assert_eq!(of(&latin, "a=1"), (415, "Send the body in UTF-8.".into()));
    assert_eq!(of(urlencoded, "a=%8b").0, 400);
    assert!(whole::<Form<Params>>(form("")).unwrap().0.is_empty());
}

#[test]
fn a_body_over_its_limit_is_413_whatever_it_is_read_as() {
    let limited = |mut request: Request| {
        request.body_mut().set_limit(4);
        request
    };
    assert_eq!(refusal(whole::<Form<Params>>(limited(form("foo=baz")))).0, 413);
    assert_eq!(refusal(whole::<String>(limited(form("foo=baz")))).0, 413);
    assert_eq!(refusal(whole::<::bytes::Bytes>(limited(form("foo=baz")))).0, 413);
    assert_eq!(refusal(whole::<BodyStream>(limited(form("foo=baz")))).0, 413);
    let rejected = whole::<Result<String, Rejection>>(limited(form("foo=baz"))).unwrap().unwrap_err();
    assert_eq!(
        (rejected.status(), rejected.message()),
        (413, "The body is larger than the 4B allowed here.")
    );
}

#[test]
fn an_option_is_none_where_there_is_nothing_and_no_excuse_for_what_is_wrong() {
    type Numbers = BTreeMap<String, u8>;
    assert_eq!(part::<Option<Query<Numbers>>>(Request::get("/")).unwrap(), None);
    assert_eq!(part::<Option<Query<Numbers>>>(Request::get("/?")).unwrap(), None);
    assert_eq!(part::<Option<Query<Numbers>>>(Request::get("/?a=1")).unwrap().unwrap().0["a"], 1);
    assert_eq!(refusal(part::<Option<Query<Numbers>>>(Request::get("/?a=x"))).0, 400);

    let empty = || Request::post("/", "");
    assert_eq!(whole::<Option<Form<Numbers>>>(empty()).unwrap(), None);
    assert!(whole::<Option<Form<Numbers>>>(form("")).unwrap().unwrap().0.is_empty());
    assert_eq!(refusal(whole::<Option<Form<Numbers>>>(form("a=x"))).0, 422);
    assert_eq!(refusal(whole::<Option<Form<Numbers>>>(Request::post("/", "a=1"))).0, 415);

    assert_eq!(whole::<Option<String>>(empty()).unwrap(), None);
    assert_eq!(whole::<Option<String>>(Request::post("/", "a")).unwrap().unwrap(), "a");
    assert_eq!(refusal(whole::<Option<String>>(Request::post("/", &b"\xff"[..]))).0, 400);
    assert_eq!(whole::<Option<::bytes::Bytes>>(empty()).unwrap(), None);

    assert_eq!(part::<Option<Assign<u8>>>(empty()).unwrap(), None);
    let mut assigned = empty();
    assigned.assigns_mut().insert(7_u8);
    assert_eq!(part::<Option<Assign<u8>>>(assigned).unwrap(), Some(Assign(7)));
    assert!(part::<Option<MatchedRoute>>(empty()).unwrap().is_none());
    assert!(part::<Option<Svc<CurrentUser>>>(empty()).unwrap().is_none());
    assert!(part::<Option<ConnectInfo>>(empty()).unwrap().is_none());
}

#[test]
fn a_rejection_is_the_handlers_to_deal_with_and_our_own_mistake_is_not() {
    async fn show(page: Result<Query<BTreeMap<String, u8>>, Rejection>) -> String {
        match page {
            Ok(Query(query)) => format!("{query:?}"),
            Err(rejection) => rejection.field().unwrap().to_string(),
        }
    }
    let answer = |target: &str| {
        let response = now(show.erase().call(Request::get(target)));
        String::from_utf8(response.into_body().full_bytes().unwrap().to_vec()).unwrap()
    };
    assert_eq!((answer("/?page=2"), answer("/?page=x")), ("{\"page\": 2}".into(), "page".into()));

    async fn gives_it_back(
        page: Result<Query<BTreeMap<String, u8>>, Rejection>,
    ) -> Result<String, Rejection> {
        page.map(|Query(query)| format!("{query:?}"))
    }
    assert_eq!(now(gives_it_back.erase().call(Request::get("/?page=x"))).status(), 400);

    let ours = part::<Result<Assign<u8>, Rejection>>(Request::get("/")).unwrap_err();
    assert_eq!(ours.status(), 500);
}

#[test]
fn the_error_of_an_extractor_in_a_result_is_the_handlers_to_deal_with() {
    async fn show(id: Result<Path<u8>>, body: Result<Json<u8>>) -> String {
        let id = id.map_or_else(|error| error.to_string(), |Path(id)| id.to_string());
        let body = body.map_or_else(|error| error.status().to_string(), |Json(body)| body.to_string());
        format!("{id} {body}")
    }
    let answer = |path: &str, body: &'static str| {
        let mut request = matched("/posts/:id", path).with_header("content-type", "application/json");
        *request.body_mut() = body.into();
        let response = now(show.erase().call(request));
        assert_eq!(response.status(), 200);
        String::from_utf8(response.into_body().full_bytes().unwrap().to_vec()).unwrap()
    };
    assert_eq!(answer("/posts/7", "8"), "7 8");
    assert_eq!(
        answer("/posts/x", "x"),
        "The path parameter `id` does not fit: expected a whole number, not `x`. 400"
    );
    assert_eq!(answer("/posts/7", "[]"), "7 422");
}

#[derive(Debug, Clone, PartialEq)]
struct CurrentUser(&'static str);

#[test]
fn a_service_is_found_by_its_type() {
    let mut services = Services::new();
    services.insert(CurrentUser("Ada"));
    let mut request = Request::get("/");
    request.set_services(Arc::new(services));
    assert_eq!(part::<Svc<CurrentUser>>(request).unwrap().0.0, "Ada");
}

#[test]
fn a_service_that_is_not_registered_is_500_and_named_in_the_log() {
    let error = part::<Svc<CurrentUser>>(Request::get("/")).unwrap_err();
    assert_eq!((error.status(), error.public_message()), (500, None));
    assert_eq!(
        error.to_string(),
        format!(
            "no service of type `{}` is registered; add it where the app is put together, with \
             `services.singleton(...)` or `services.value(...)`",
            std::any::type_name::<CurrentUser>()
        )
    );
}

/// A tenant by the host that a request came for, and who asks.
struct Tenant {
    host: String,
    user: Option<&'static str>,
    number: usize,
}

impl Tenant {
    async fn of(head: Arc<Head>, user: Option<Assign<CurrentUser>>, built: Svc<AtomicUsize>) -> Result<Self> {
        let host = head.header("host").ok_or_else(|| Error::bad_request("Which host?"))?;
        let number = built.fetch_add(1, Ordering::Relaxed);
        Ok(Self { host: host.to_owned(), user: user.map(|Assign(user)| user.0), number })
    }
}

fn tenants() -> Arc<Services> {
    let mut services = ServicesBuilder::new();
    services.value(AtomicUsize::new(0));
    services.per_request::<Tenant, _>(Tenant::of);
    services.transient(|route: Option<Svc<String>>| route.is_none());
    Arc::new(now(services.build()).unwrap())
}

#[test]
fn a_per_request_service_is_built_once_of_the_request_and_dropped_with_it() {
    let services = tenants();
    for number in 0..2 {
        let mut request = Request::get("/").with_header("host", "owl.example");
        request.set_services(Arc::clone(&services));
        request.assigns_mut().insert(CurrentUser("Ada"));
        let tenant = now(Svc::<Tenant>::from_request_parts(&mut request)).unwrap();
        assert_eq!((tenant.host.as_str(), tenant.user, tenant.number), ("owl.example", Some("Ada"), number));
        let again = now(request.service::<Tenant>()).unwrap();
        assert!(Arc::ptr_eq(&tenant.0, &again.0));
        assert!(*now(request.service::<bool>()).unwrap());
        drop(again);
        let left = Arc::downgrade(&tenant.0);
        drop(tenant);
        assert!(left.upgrade().is_some(), "it belongs to the request");
        drop(request);
        assert!(left.upgrade().is_none());
    }
}

#[test]
fn a_service_may_be_absent_but_not_broken() {
    let ask = |request: Request| {
        let mut request = request;
        request.set_services(tenants());
        now(Option::<Svc<Tenant>>::from_request_parts(&mut request))
    };
    let there = ask(Request::get("/").with_header("host", "owl.example")).unwrap();
    assert_eq!(there.unwrap().host, "owl.example");
    assert_eq!(ask(Request::get("/")).map(|_| ()).unwrap_err().status(), 400);
    assert!(part::<Option<Svc<CurrentUser>>>(Request::get("/")).unwrap().is_none());
}

#[test]
fn a_per_request_service_that_can_not_be_built_is_the_response() {
    async fn handler(tenant: Svc<Tenant>) -> String {
        tenant.host.clone()
    }
    let services = tenants();
    let ask = |request: Request| {
        let mut request = request;
        request.set_services(Arc::clone(&services));
        now(handler.erase().call(request)).status().as_u16()
    };
    assert_eq!(ask(Request::get("/").with_header("host", "owl.example")), 200);
    assert_eq!(ask(Request::get("/")), 400);
    // Outside a request there is no head.
    let mut scope = crate::services::Scope::new(Arc::clone(&services));
    let error = now(scope.get::<Tenant>()).map(|_| ()).unwrap_err();
    assert_eq!(error.status(), 500);
    assert!(error.to_string().contains("`Arc<Head>` is only there while a request is answered"), "{error}");
}

#[test]
fn what_middleware_set_is_found_by_its_type() {
    let mut request = Request::get("/");
    request.assigns_mut().insert(CurrentUser("Ada"));
    assert_eq!(part::<Assign<CurrentUser>>(request).unwrap(), Assign(CurrentUser("Ada")));
}

#[test]
fn what_no_middleware_set_is_500_and_named_with_the_route_in_the_log() {
    let name = std::any::type_name::<CurrentUser>();
    for (request, place) in
        [(matched("/posts/:id", "/posts/7"), "/posts/:id"), (Request::get("/"), "this request")]
    {
        let error = part::<Assign<CurrentUser>>(request).unwrap_err();
        assert_eq!((error.status(), error.public_message()), (500, None));
        assert_eq!(
            error.to_string(),
            format!(
                "no `{name}` is among the assigns of {place}: the middleware that sets it is not in its \
                 pipelines; take `Option<Assign<_>>` if it may be absent"
            )
        );
    }
}

#[test]
fn the_plain_parts_of_a_head_are_arguments_too() {
    let request = || matched("/posts/:id", "/posts/7").with_header("x-word", "a");
    assert_eq!(part::<Method>(request()).unwrap(), Method::GET);
    assert_eq!(part::<::http::Uri>(request()).unwrap(), "/posts/7");
    assert_eq!(part::<HeaderMap>(request()).unwrap()["x-word"], "a");
    assert_eq!(part::<::http::Version>(request()).unwrap(), ::http::Version::HTTP_11);
    assert_eq!(part::<MatchedRoute>(request()).unwrap().pattern, "/posts/:id");
    let unrouted = refusal(part::<MatchedRoute>(Request::get("/")));
    assert_eq!(unrouted, (500, "the request has no route: it did not pass a router".into()));
    let unconnected = refusal(part::<ConnectInfo>(Request::get("/")));
    assert_eq!(
        unconnected,
        (
            500,
            "the request came over no connection, as one of a test does; take `Option<ConnectInfo>`".into()
        )
    );
    let unnamed = refusal(part::<RequestId>(Request::get("/")));
    assert_eq!(unnamed, (500, "the request has no id: it did not pass an endpoint".into()));
}

#[test]
fn cookies_are_read_when_they_are_asked_for() {
    let request = Request::get("/").with_header("cookie", "a=1; b=2").with_header("cookie", "a=3;c");
    let cookies = part::<Cookies>(request).unwrap();
    assert_eq!((cookies.get("a"), cookies.get("b"), cookies.get("c")), (Some("1"), Some("2"), None));
    assert_eq!(cookies.iter().collect::<Vec<_>>(), [("a", "1"), ("b", "2"), ("a", "3")]);
    assert_eq!(part::<Cookies>(Request::get("/")).unwrap().iter().count(), 0);
}

#[test]
fn an_option_can_do_without_a_service_and_a_rejection_can_not() {
    let needed = |describe: fn(&mut crate::http::Description)| {
        let mut description = crate::http::Description::default();
        describe(&mut description);
        description.services().iter().map(|need| need.is_optional()).collect::<Vec<_>>()
    };
    assert_eq!(needed(<Svc<CurrentUser> as FromRequestParts>::describe), [false]);
    assert_eq!(needed(<Option<Svc<CurrentUser>> as FromRequestParts>::describe), [true]);
    assert_eq!(needed(<Result<Svc<CurrentUser>, Rejection> as FromRequestParts>::describe), [false]);
}
