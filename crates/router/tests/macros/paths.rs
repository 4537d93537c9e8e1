//! What `path!`, `url!` and the functions of `paths` make: the behaviours of Phoenix's verified routes, as far as they
//! are of run time.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use zzz_core::http::{Redirect, Request, Site, VerifiedPath};
use zzz_core::{Param, Params, Services};

use crate::app::handlers::{MemberId, Slug};
use crate::app::router::{path, paths, url};

struct Post {
    id: i64,
    author: Author,
}

struct Author {
    team: i32,
}

const POST: Post = Post { id: 7, author: Author { team: 3 } };

#[test]
fn a_path_without_values_costs_no_allocation() {
    const HOME: VerifiedPath = path!("/");
    assert_eq!(HOME, "/");
    assert!(matches!(Cow::from(path!("/posts?page=1#top")), Cow::Borrowed("/posts?page=1#top")));
}

#[test]
fn values_are_expressions() {
    let post = POST;
    assert_eq!(path!("/posts/{post.id}"), "/posts/7");
    assert_eq!(path!("/posts/{post.id + 1}/edit"), "/posts/8/edit");
    assert_eq!(path!("/posts/{POST.id.max(9)}"), "/posts/9");
    assert_eq!(path!("/posts/{if post.id > 0 { post.id } else { 0 }}"), "/posts/7");
    assert_eq!(path!("/posts/{7}"), "/posts/7");
    assert_eq!(path!("/posts/12"), "/posts/12");
    let id = &&post.id;
    assert_eq!(path!("/posts/{id}"), "/posts/7", "references are what they refer to");
}

#[test]
fn integers_fit_where_nothing_of_them_can_get_lost() {
    let (small, wide) = (3_u8, 4_u32);
    assert_eq!(path!("/posts/{small}"), "/posts/3");
    assert_eq!(path!("/posts/{wide}"), "/posts/4");
    assert_eq!(path!("/posts/{POST.author.team}"), "/posts/3");
    assert_eq!(path!("/api/v{small}"), "/api/v3");
    assert_eq!(path!("/api/v{2}"), "/api/v2");
}

#[test]
fn texts_fit_whatever_holds_them() {
    let owned = String::from("a/b");
    let borrowed: &str = &owned;
    let cow = Cow::Borrowed(borrowed);
    let shared: Arc<str> = "c".into();
    assert_eq!(path!("/anything/{owned}"), "/anything/a%2Fb");
    assert_eq!(path!("/anything/{borrowed}"), "/anything/a%2Fb");
    assert_eq!(path!("/anything/{cow}"), "/anything/a%2Fb");
    assert_eq!(path!("/anything/{&shared}"), "/anything/c");
    assert_eq!(path!("/anything/{7}"), "/anything/7", "no handler says what it is");
    assert_eq!(path!("/anything/{true}"), "/anything/true");
    assert_eq!(path!("/anything/{owned}-{7}.txt"), "/anything/a%2Fb-7.txt");
}

#[test]
fn a_segment_is_encoded_whole() {
    for (value, encoded) in [
        ("a b", "a%20b"),
        ("ü", "%C3%BC"),
        ("?#", "%3F%23"),
        ("50%", "50%25"),
        ("a/../b", "a%2F..%2Fb"),
        ("-._~", "-._~"),
        ("<'\">", "%3C%27%22%3E"),
    ] {
        assert_eq!(path!("/anything/{value}"), format!("/anything/{encoded}"));
    }
}

#[test]
fn types_of_an_apps_own_fit_themselves() {
    let slug = Slug("a b".into());
    assert_eq!(path!("/articles/{slug}"), "/articles/a%20b");
    assert_eq!(path!("/articles/{slug}/notes"), "/articles/a%20b/notes");
    assert_eq!(path!("/teams/{3}/members/{MemberId(4)}"), "/teams/3/members/4");
    assert_eq!(path!("/anything/{slug}"), "/anything/a%20b");
}

#[test]
fn the_rest_keeps_its_slashes() {
    let file = "a b/c?d";
    assert_eq!(path!("/files/{file}"), "/files/a%20b/c%3Fd");
    assert_eq!(path!("/files/{[\"a/b\", \"c\"]}"), "/files/a%2Fb/c");
    assert_eq!(path!("/files/{vec![1, 2]}"), "/files/1/2");
    assert_eq!(path!("/files/docs/{file}.txt"), "/files/docs/a%20b%2Fc%3Fd.txt");
    assert_eq!(path!("/files/a/b/c"), "/files/a/b/c");
    let rooted = "/etc";
    assert_eq!(path!("/files/{rooted}"), "/files/etc");
    assert_eq!(paths::file("x/y"), "/files/x/y");
}

#[test]
fn no_value_leads_to_another_path() {
    let rest = |segments: &[&str]| path!("/files/{segments}").to_string();
    assert_eq!(rest(&["..", "..", "admin"]), "/files/_/_/admin");
    assert_eq!(rest(&["", "evil.example"]), "/files/_/evil.example");
    assert_eq!(rest(&[".", "a"]), "/files/_/a");
    assert_eq!(rest(&["...", "a."]), "/files/.../a.");
    assert_eq!(paths::file("../x"), "/files/_/x");
    for (value, written) in [("..", "_"), (".", "_"), ("", "_"), ("a..", "a.."), ("/..", "%2F..")] {
        let slug = Slug(value.to_owned());
        assert_eq!(paths::article_notes_index(slug), format!("/articles/{written}/notes"));
    }
}

#[test]
fn query_parameters_are_encoded_and_none_is_left_out() {
    let (page, q, sort) = (2, "a&b=c d", None::<&str>);
    assert_eq!(path!("/posts?page={page}&q={q}"), "/posts?page=2&q=a%26b%3Dc%20d");
    assert_eq!(path!("/posts?sort={sort}&page={page}"), "/posts?page=2");
    assert_eq!(path!("/posts?sort={sort}"), "/posts");
    assert_eq!(path!("/posts?all=yes&page={page}"), "/posts?all=yes&page=2");
    assert_eq!(path!("/posts?tags={[\"a\", \"b\"]}"), "/posts?tags%5B%5D=a&tags%5B%5D=b");
    assert_eq!(path!("/posts/{POST.id}?page={page}#comments"), "/posts/7?page=2#comments");
}

#[test]
fn query_parameters_come_from_maps_and_pairs_too() {
    let map = BTreeMap::from([("a", 1), ("b", 2)]);
    assert_eq!(path!("/posts", ?map), "/posts?a=1&b=2");
    assert_eq!(path!("/posts?{map}"), "/posts?a=1&b=2");
    assert_eq!(path!("/posts?x=0", ?[("y", "1")]), "/posts?x=0&y=1");
    assert_eq!(path!("/posts", ?BTreeMap::<&str, i32>::new()), "/posts");
    let mut params = Params::new();
    params.insert("f", Param::Map(Params::from_pairs([("q".into(), "x".into())]).unwrap()));
    assert_eq!(path!("/posts", ?params), "/posts?f%5Bq%5D=x");
}

#[test]
fn fragments_are_encoded() {
    let anchor = "a b#c";
    assert_eq!(path!("/posts#{anchor}"), "/posts#a%20b%23c");
    assert_eq!(path!("/posts#c{7}"), "/posts#c7");
    assert_eq!(path!("/posts?q={anchor}#top"), "/posts?q=a%20b%23c#top");
}

#[test]
fn braces_are_written_twice() {
    assert_eq!(path!("/posts?q=%7B"), "/posts?q=%7B");
    assert_eq!(path!("/anything/{\"{}\"}"), "/anything/%7B%7D");
}

#[test]
fn the_most_fixed_route_is_meant() {
    assert_eq!(path!("/posts/new"), "/posts/new");
    let version = 2_u8;
    assert_eq!(path!("/api/v{version}"), "/api/v2");
}

#[test]
fn what_is_mounted_is_not_looked_into() {
    let job = 7;
    assert_eq!(path!("/jobs"), "/jobs");
    assert_eq!(path!("/jobs/running/{job}?x=1"), "/jobs/running/7?x=1");
    assert_eq!(path!("/socket/websocket"), "/socket/websocket");
}

#[test]
fn files_that_are_served_are_there() {
    assert_eq!(path!("/static/app.css"), "/static/app.css");
    let name = "a b.css";
    assert_eq!(path!("/static/css/{name}"), "/static/css/a%20b.css");
}

#[test]
fn each_name_has_a_function() {
    assert_eq!(paths::home(), "/");
    assert_eq!(paths::posts_index(), "/posts");
    assert_eq!(paths::posts_update(7), "/posts/7");
    assert_eq!(paths::posts_comments_delete(7, 9), "/posts/7/comments/9");
    assert_eq!(paths::posts_raw_post(7), "/posts/7/raw");
    assert_eq!(paths::profile_edit(), "/profile/edit");
    assert_eq!(paths::article_show(Slug("x".into())), "/articles/x");
    assert_eq!(paths::article_notes_index(Slug("x".into())), "/articles/x/notes");
    assert_eq!(paths::admin_dashboard(), "/admin");
    assert_eq!(paths::admin_reports_show(1), "/admin/reports/1");
    assert_eq!(paths::team_member(3, MemberId(4)), "/teams/3/members/4");
    assert_eq!(paths::version(2_u8), "/api/v2");
}

#[test]
fn a_path_is_a_text_wherever_one_is_wanted() {
    let posts = path!("/posts");
    assert_eq!(posts.len(), 6);
    assert_eq!(format!("<a href=\"{posts}\">"), "<a href=\"/posts\">");
    assert_eq!(String::from(posts.clone()), "/posts");
    assert_eq!(serde_json::to_string(&posts).unwrap(), "\"/posts\"");
    assert_eq!(Redirect::to(posts), Redirect::to("/posts"));
}

#[test]
fn a_url_begins_with_where_the_app_is() {
    let site = Site::new("https://example.org/");
    assert_eq!(url!(site, "/posts/{POST.id}"), "https://example.org/posts/7");
    assert_eq!(url!(&site, "/posts", ?[("q", "x")]), "https://example.org/posts?q=x");
    assert_eq!(url!("http://127.0.0.1:4000", "/"), "http://127.0.0.1:4000/");
    let mut services = Services::new();
    services.insert(site);
    assert_eq!(url!(services, "/static/app.css"), "https://example.org/static/app.css");
    let mut request = Request::get("/");
    request.set_services(Arc::new(services));
    assert_eq!(url!(request, "/posts"), "https://example.org/posts");
    assert_eq!(
        url!(Request::get("/"), "/posts"),
        "http://localhost/posts",
        "what the client says counts for nothing"
    );
}
