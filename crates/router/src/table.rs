//! [`RouteTable`]: the built table, and how a request finds its route in it.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use zzz_core::http::{
    IntoResponse, Limits, Method, PathParams, Request, Response, RouteInfo, Stack, StatusCode, header,
};
use zzz_core::{Error, Result};

/// The routes of an app, ready for matching.
///
/// There is a tree for each method, since the routes of one method must not shadow those of another:
/// `POST /posts/:id` takes `/posts/new` although `GET /posts/new` exists.
pub struct RouteTable {
    routes: Vec<Entry>,
    /// The trees, GET first since it is asked for most.
    trees: Vec<(Method, Tree)>,
    /// Routes that take every method, for methods that have no tree.
    any: Tree,
    /// Whether any route sets a limit for bodies.
    has_body_limits: bool,
}

struct Entry {
    info: Arc<RouteInfo>,
    stack: Stack,
}

/// The paths of one method.
#[derive(Default)]
struct Tree {
    /// Paths without parameters, which win over all others and are found by one look.
    fixed: HashMap<Box<str>, u32, BuildHasherDefault<PathHasher>>,
    /// Paths with parameters.
    open: matchit::Router<u32>,
}

/// Hashes eight bytes at a time. The keys are the app's own, so nobody can fill one bucket from outside, and
/// the standard hasher's strength is not needed.
#[derive(Default)]
struct PathHasher(u64);

impl PathHasher {
    fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x51_7c_c1_b7_27_22_0a_95);
    }
}

impl Hasher for PathHasher {
    fn write(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some((word, more)) = rest.split_first_chunk() {
            self.add(u64::from_le_bytes(*word));
            rest = more;
        }
        if !rest.is_empty() {
            // The last eight bytes, of which some were seen already: one load instead of a loop.
            let word = bytes.last_chunk().map_or_else(
                || rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)),
                |last| u64::from_le_bytes(*last),
            );
            self.add(word);
        }
    }

    fn write_u8(&mut self, _: u8) {
        // The end mark of a text tells nothing: there is one text.
    }

    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
}

impl Tree {
    fn at(&self, path: &str) -> Option<(u32, PathParams)> {
        if let Some(index) = self.fixed.get(path) {
            return Some((*index, PathParams::default()));
        }
        self.at_open(path)
    }

    fn at_open(&self, path: &str) -> Option<(u32, PathParams)> {
        let matched = self.open.at(path).ok()?;
        let mut params = PathParams::default();
        for (_, value) in matched.params.iter() {
            // A value is a part of the path, so its place is the distance between the two.
            let start = value.as_ptr() as usize - path.as_ptr() as usize;
            params.push(u16::try_from(start).ok()?, u16::try_from(start + value.len()).ok()?);
        }
        Some((*matched.value, params))
    }
}

/// What a request found.
pub(crate) enum Found<'a> {
    /// A route; the request knows it now.
    Route(&'a Arc<RouteInfo>, &'a Stack),
    /// Nothing, or an answer that needs no handler.
    Answer(Response),
}

impl RouteTable {
    /// Every route, in the order of declaration.
    pub fn routes(&self) -> impl Iterator<Item = &Arc<RouteInfo>> {
        self.routes.iter().map(|entry| &entry.info)
    }

    /// The route that a request of this method and path would take.
    #[must_use]
    pub fn find(&self, method: &Method, path: &str) -> Option<&Arc<RouteInfo>> {
        check_encoding(path).ok()?;
        self.lookup(method, path).map(|(index, _)| &self.routes[index as usize].info)
    }

    fn tree(&self, method: &Method) -> &Tree {
        self.trees.iter().find(|(known, _)| known == method).map_or(&self.any, |(_, tree)| tree)
    }

    /// Finds the route of a request, tells the request, and holds it to the route's limits, or to `defaults`
    /// where the route has none.
    pub(crate) fn route(&self, request: &mut Request, defaults: &Limits) -> Found<'_> {
        let (method, path) = (request.method(), request.path());
        let index = match self.tree(method).fixed.get(path) {
            // A path that was declared as it is needs no look at its encoding.
            Some(index) if *method != Method::HEAD => *index,
            _ => {
                if let Err(error) = check_encoding(path) {
                    return Found::Answer(error.into_response());
                }
                let Some((index, params)) = self.lookup(method, path) else {
                    return Found::Answer(self.answer_without_route(request));
                };
                request.set_params(params);
                index
            }
        };
        let entry = &self.routes[index as usize];
        let limits = &entry.info.limits;
        if let Some(limit) = limits.body.or(defaults.body) {
            request.body_mut().set_limit(limit);
        }
        if let (Some(timeout), Some(connection)) = (limits.timeout, request.connection()) {
            connection.set_request_timeout(timeout);
        }
        request.set_route(Arc::clone(&entry.info));
        Found::Route(&entry.info, &entry.stack)
    }

    /// The route of a method and path. HEAD takes GET's, unless it has one of its own; the server leaves the
    /// body out.
    fn lookup(&self, method: &Method, path: &str) -> Option<(u32, PathParams)> {
        let found = self.at(method, path);
        if method != Method::HEAD {
            return found;
        }
        found
            .filter(|(index, _)| self.routes[*index as usize].info.method.is_some())
            .or_else(|| self.at(&Method::GET, path))
    }

    fn at(&self, method: &Method, path: &str) -> Option<(u32, PathParams)> {
        self.tree(method).at(path)
    }

    /// The largest body that any route at this path takes, for what reads the body before the method is
    /// certain; `None` if no route sets a limit.
    pub(crate) fn largest_body(&self, path: &str) -> Option<u64> {
        if !self.has_body_limits {
            return None;
        }
        let trees = self.trees.iter().map(|(_, tree)| tree).chain([&self.any]);
        trees.filter_map(|tree| self.routes[tree.at(path)?.0 as usize].info.limits.body).max()
    }

    /// 404; or 405, or for OPTIONS 204, with the methods that the path does have (RFC 9110, sections 15.5.6
    /// and 9.3.7).
    fn answer_without_route(&self, request: &Request) -> Response {
        let path = request.path();
        let mut allowed: Vec<&str> = self
            .trees
            .iter()
            .filter(|(_, tree)| tree.at(path).is_some())
            .map(|(method, _)| method.as_str())
            .collect();
        if allowed.is_empty() {
            return Error::not_found("There is nothing at this address.").into_response();
        }
        if allowed.contains(&"GET") && !allowed.contains(&"HEAD") {
            allowed.push("HEAD");
        }
        allowed.push("OPTIONS");
        let allow = allowed.join(", ");
        if request.method() == Method::OPTIONS {
            return (StatusCode::NO_CONTENT, [(header::ALLOW, allow)], ()).into_response();
        }
        Error::new(405, format!("This address answers {allow}, not {}.", request.method()))
            .with_header("allow", allow)
            .into_response()
    }
}

impl std::fmt::Debug for RouteTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.routes().map(|info| describe(info))).finish()
    }
}

/// Refuses what no parameter could be decoded from.
fn check_encoding(path: &str) -> Result<()> {
    if path.as_bytes().contains(&b'%') { check_escapes(path) } else { Ok(()) }
}

#[cold]
fn check_escapes(path: &str) -> Result<()> {
    let mut rest = path.as_bytes();
    while let Some(at) = rest.iter().position(|byte| *byte == b'%') {
        match rest.get(at + 1..at + 3) {
            Some(b"00") => return Err(Error::bad_request("The path holds a NUL character.")),
            Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => rest = &rest[at + 3..],
            _ => return Err(Error::bad_request("The path holds a `%` that starts no escape such as `%20`.")),
        }
    }
    if percent_decode_str(path).decode_utf8().is_err() {
        return Err(Error::bad_request("The path is not valid UTF-8."));
    }
    Ok(())
}

/// `GET /posts/:id`, or `ANY /posts/:id`.
fn describe(info: &RouteInfo) -> String {
    format!("{} {}", info.method.as_ref().map_or("ANY", Method::as_str), info.pattern)
}

/// Collects routes and finds those that stand in each other's way.
#[derive(Default)]
pub(crate) struct TableBuilder {
    routes: Vec<(String, Entry)>,
}

impl TableBuilder {
    pub(crate) fn add(&mut self, tree: String, info: Arc<RouteInfo>, stack: Stack) {
        self.routes.push((tree, Entry { info, stack }));
    }

    pub(crate) fn build(self, mistakes: &mut Vec<String>) -> RouteTable {
        let mut names: HashMap<&str, &RouteInfo> = HashMap::new();
        for (_, entry) in &self.routes {
            let Some(name) = &entry.info.name else { continue };
            if let Some(first) = names.insert(name, &entry.info) {
                mistakes.push(format!(
                    "the name `{name}` stands for `{}` and for `{}`; a name is for one route",
                    describe(first),
                    describe(&entry.info)
                ));
            }
        }
        let mut methods = vec![Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
        methods.extend(self.routes.iter().filter_map(|(_, entry)| entry.info.method.clone()));
        let mut trees = Vec::new();
        for method in methods {
            if trees.iter().any(|(known, _)| *known == method) {
                continue;
            }
            let tree = self.tree(Some(&method), mistakes);
            trees.push((method, tree));
        }
        let any = self.tree(None, mistakes);
        let routes: Vec<Entry> = self.routes.into_iter().map(|(_, entry)| entry).collect();
        let has_body_limits = routes.iter().any(|entry| entry.info.limits.body.is_some());
        RouteTable { routes, trees, any, has_body_limits }
    }

    /// The tree of a method; of `None`, the routes that take every method.
    fn tree(&self, method: Option<&Method>, mistakes: &mut Vec<String>) -> Tree {
        let mut tree = Tree::default();
        for (index, (path, entry)) in self.routes.iter().enumerate() {
            if entry.info.method.is_some() && entry.info.method.as_ref() != method {
                continue;
            }
            let fits = if entry.info.params.is_empty() {
                tree.fixed.insert(path.as_str().into(), index as u32).is_none()
            } else {
                tree.open.insert(path, index as u32).is_ok()
            };
            if fits {
                continue;
            }
            let mistake = self.conflict(index, method);
            // A route for every method meets the same conflict in every tree.
            if !mistakes.contains(&mistake) {
                mistakes.push(mistake);
            }
        }
        tree
    }

    /// Names the route that stands in the way of the one at `index`.
    fn conflict(&self, index: usize, method: Option<&Method>) -> String {
        let (path, entry) = &self.routes[index];
        let rival = self.routes[..index].iter().find(|(other, earlier)| {
            let same_requests = earlier.info.method.is_none() || earlier.info.method.as_ref() == method;
            let mut pair = matchit::Router::new();
            same_requests && pair.insert(other, ()).is_ok() && pair.insert(path, ()).is_err()
        });
        let (this, handler) = (describe(&entry.info), entry.info.handler);
        match rival {
            Some((_, earlier)) => format!(
                "`{this}` takes the same requests as `{}` ({handler} and {}); remove one, or tell them apart by a fixed segment",
                describe(&earlier.info),
                earlier.info.handler
            ),
            None => format!("`{this}` ({handler}) can not stand beside the routes before it"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Router, Scope};
    use zzz_core::http::{Path, now_or_never};

    async fn new() -> &'static str {
        "new"
    }
    async fn show(Path(id): Path<String>) -> String {
        format!("show {id}")
    }
    async fn update(Path(id): Path<String>) -> String {
        format!("update {id}")
    }
    async fn rest(Path((version, rest)): Path<(u8, String)>) -> String {
        format!("{version} {rest}")
    }

    fn table() -> RouteTable {
        let scope = Scope::new("/")
            .get("/posts/new", new)
            .get("/posts/:id", show)
            .post("/posts/:slug", update)
            .get("/files/v:version/*rest", rest);
        Router::new().scope(scope).build().unwrap()
    }

    fn answer(method: Method, path: &str) -> (u16, String) {
        let mut request = Request::new(method, path, "");
        let response = match table().route(&mut request, &Limits::new()) {
            Found::Route(_, stack) => now_or_never(stack.run(request)).unwrap(),
            Found::Answer(response) => response,
        };
        let allow = response.headers().get("allow").map(|value| value.to_str().unwrap().to_owned());
        let body = response.body().full_bytes().unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        (response.status().as_u16(), allow.unwrap_or(text))
    }

    #[test]
    fn matches_by_method_and_path() {
        for (method, path, wanted) in [
            (Method::GET, "/posts/new", "new"),
            (Method::GET, "/posts/7", "show 7"),
            (Method::GET, "/posts/new2", "show new2"),
            (Method::GET, "/posts/gr%C3%BC%C3%9Fe%2Fx", "show grüße/x"),
            (Method::POST, "/posts/new", "update new"),
            (Method::HEAD, "/posts/7", "show 7"),
            (Method::GET, "/files/v2/a/b.txt", "2 a/b.txt"),
        ] {
            assert_eq!(answer(method.clone(), path), (200, wanted.to_owned()), "{method} {path}");
        }
    }

    #[test]
    fn head_takes_the_route_of_get_before_a_catch_all() {
        let scope = Scope::new("/").get("/posts", new).any("/*rest", show);
        let table = Router::new().scope(scope).build().unwrap();
        assert_eq!(table.find(&Method::HEAD, "/posts").unwrap().pattern, "/posts");
        assert_eq!(table.find(&Method::HEAD, "/other").unwrap().pattern, "/*rest");
        assert!(table.find(&Method::GET, "/other/%zz").is_none());
    }

    #[test]
    fn tells_which_methods_an_address_has() {
        assert_eq!(answer(Method::DELETE, "/posts/7"), (405, "GET, POST, HEAD, OPTIONS".into()));
        assert_eq!(answer(Method::OPTIONS, "/posts/7"), (204, "GET, POST, HEAD, OPTIONS".into()));
        assert_eq!(answer(Method::from_bytes(b"BREW").unwrap(), "/posts/7").0, 405);
        assert_eq!(answer(Method::OPTIONS, "/nowhere").0, 404);
    }

    #[test]
    fn no_spelling_of_a_path_is_another_path() {
        for path in ["/posts/../posts/7", "//posts/7", "/posts%2F7", "/posts/7/", "/Posts/7", "/posts;x/7"] {
            assert_eq!(answer(Method::GET, path).0, 404, "{path}");
        }
        for path in ["/posts/%", "/posts/%2", "/posts/%zz", "/posts/%00", "/posts/%ff", "/nowhere/%"] {
            assert_eq!(answer(Method::GET, path).0, 400, "{path}");
        }
    }
}
