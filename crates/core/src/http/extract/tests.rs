//! What the extractors take, and what they say of what they do not take.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use super::*;
use crate::Services;
use crate::http::{HandlerExt, HeaderMap, Limits, Method, PathParams, RequestId, RouteInfo, now_or_never};

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
    let (mut names, mut params, mut start) = (Vec::new(), PathParams::default(), 0);
    for (declared, segment) in pattern.split('/').zip(path.split('/')) {
        let end = start + segment.len();
        if let Some(name) = declared.strip_prefix(':') {
            names.push(name.to_owned());
            params.push(start.try_into().unwrap(), end.try_into().unwrap());
        }
        start = end + 1;
    }
    let route = RouteInfo {
        method: Some(Method::GET),
        pattern: pattern.into(),
        name: None,
        handler: "posts::show",
        params: names,
        pipelines: Vec::new(),
        limits: Limits::new(),
    };
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
        ("/posts/seven", "`id` must be a whole number, not `seven`"),
        ("/posts/+7", "`id` must be a whole number, not `+7`"),
        ("/posts/256", "`id` must be a whole number, not `256`"),
        ("/posts/", "`id` must be a whole number, not ``"),
    ] {
        let answer = refusal(part::<Path<u8>>(matched("/posts/:id", path)));
        assert_eq!(answer, (400, format!("The path parameter {what}.")));
    }
    let answer = refusal(part::<Path<(u8, bool)>>(matched("/:id/:public", "/1/yes")));
    assert_eq!(answer, (400, "The path parameter `public` must be true or false, not `yes`.".into()));
    let answer = refusal(part::<Path<char>>(matched("/:letter", "/ab")));
    assert_eq!(answer, (400, "The path parameter `letter` must be one character, not `ab`.".into()));
}

#[test]
fn a_long_path_parameter_is_cut_in_the_message() {
    let answer = refusal(part::<Path<u8>>(matched("/posts/:id", &format!("/posts/{}", "x".repeat(500)))));
    let shown = "x".repeat(60);
    assert_eq!(answer, (400, format!("The path parameter `id` must be a whole number, not `{shown}`.")));
}

#[test]
fn a_path_parameter_that_is_no_utf8_is_400() {
    let answer = refusal(part::<Path<String>>(matched("/posts/:id", "/posts/%ff")));
    assert_eq!(answer, (400, "The path is not valid UTF-8.".into()));
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

fn json(content_type: &str, body: &'static str) -> Request {
    Request::post("/", body).with_header("content-type", content_type)
}

#[test]
fn json_is_read_under_any_of_its_media_types() {
    for media in ["application/json", "Application/JSON; charset=utf-8", "application/vnd.api+json"] {
        assert_eq!(whole::<Json<Vec<u8>>>(json(media, "[1, 2]")).unwrap().0, [1, 2], "{media}");
    }
}

#[test]
fn another_media_type_than_json_is_415() {
    let expected = (415, "Send the body as application/json.".to_owned());
    assert_eq!(refusal(whole::<Json<u8>>(Request::post("/", "1"))), expected);
    for media in ["text/plain", "application/jsonx", "+json", ""] {
        assert_eq!(refusal(whole::<Json<u8>>(json(media, "1"))), expected, "{media}");
    }
}

#[test]
fn a_body_that_is_no_json_is_400_with_its_place() {
    for (body, what) in [
        ("", "EOF while parsing a value at line 1 column 0"),
        ("[1,\n 2", "EOF while parsing a list at line 2 column 2"),
        ("[1] 2", "trailing characters at line 1 column 5"),
    ] {
        let answer = refusal(whole::<Json<Vec<u8>>>(json("application/json", body)));
        assert_eq!(answer, (400, format!("The body is not valid JSON: {what}.")));
    }
}

#[test]
fn json_of_another_shape_is_422_with_what_was_expected() {
    for (body, what) in [
        ("{}", "invalid type: map, expected a sequence at line 1 column 0"),
        ("[1, 256]", "invalid value: integer `256`, expected u8 at line 1 column 7"),
    ] {
        let answer = refusal(whole::<Json<Vec<u8>>>(json("application/json", body)));
        assert_eq!(answer, (422, format!("The body does not have the expected shape: {what}.")));
    }
}

#[test]
fn a_text_that_is_no_utf8_is_400() {
    assert_eq!(whole::<String>(Request::post("/", "Zoë")).unwrap(), "Zoë");
    let answer = refusal(whole::<String>(Request::post("/", &b"Zo\xff"[..])));
    assert_eq!(answer, (400, "The body is not valid UTF-8.".into()));
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
    assert_eq!(answer("/posts/x", "x"), "The path parameter `id` must be a whole number, not `x`. 400");
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
    assert_eq!(part::<Service<CurrentUser>>(request).unwrap().0.0, "Ada");
}

#[test]
fn a_service_that_is_not_registered_is_500_and_named_in_the_log() {
    let error = part::<Service<CurrentUser>>(Request::get("/")).unwrap_err();
    assert_eq!((error.status(), error.public_message()), (500, None));
    assert_eq!(
        error.to_string(),
        format!(
            "no service of type `{}` is registered; add it where the app is put together, with \
             `services.insert(...)`",
            std::any::type_name::<CurrentUser>()
        )
    );
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
                 pipelines"
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
    assert_eq!(part::<Arc<RouteInfo>>(request()).unwrap().pattern, "/posts/:id");
    let unrouted = refusal(part::<Arc<RouteInfo>>(Request::get("/")));
    assert_eq!(unrouted, (500, "the request has no route: it did not pass a router".into()));
    let unnamed = refusal(part::<RequestId>(Request::get("/")));
    assert_eq!(unnamed, (500, "the request has no id: it did not pass an endpoint".into()));
}
