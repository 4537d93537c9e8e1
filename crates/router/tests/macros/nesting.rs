//! Resources within resources, and scopes for several hosts: the behaviours of Phoenix's resources and scopes.

use zzz_core::http::{Method, Path, Request};

use crate::app::handlers::answer;

mod table {
    use super::{comments, lost, members, replies, session, special, users};

    zzz_router::router! {
        paths;
        resources "/users" => users, except: [index] {
            resources "/comments" => comments {
                get "/special" => special as special_comment;
                resources "/replies" => replies, only: [show];
            }
            resources "/members" => members, except: [delete];
            any "/ping" => session::show as ping;
        }
        resources "/members" => members, only: [new, show];
        resources "/admin" => users, only: [show], param: slug, as: admin {
            resources "/comments" => comments, param: key, as: post, only: [show, create];
        }
        resource "/account" => session, except: [delete] {
            resources "/members" => members, only: [show];
            resource "/session" => session, except: [delete];
            get "/help" => session::show as help;
        }
        resource "/session" => session, only: [show];
        scope "/", host: ["a.example", "admin.*"], as: own {
            resources "/users" => users, only: [index];
        }
        get "/*all" => lost as all, verify: false;
    }
}

use table::{path, paths};

macro_rules! actions {
    ($module:ident: $($name:ident($($arg:ident: $type:ty),*));* $(;)?) => {
        mod $module {
            #[allow(unused_imports, reason = "not every module takes parameters")]
            use super::Path;

            $(pub async fn $name($(Path($arg): Path<$type>),*) -> String {
                let given: &[String] = &[$(format!("{:?}", $arg)),*];
                format!("{} {} {}", stringify!($module), stringify!($name), given.join(" "))
            })*
        }
    };
}
actions!(users: index(); new(); create(); show(id: String); edit(id: String); update(id: String); delete(id: String));
actions!(comments: index(of: String); new(of: String); create(of: String); show(ids: (String, String));
    edit(ids: (String, String)); update(ids: (String, String)); delete(ids: (String, String)));
actions!(replies: show(ids: (String, String, u8)));
actions!(session: new(); create(); show(); edit(); update());

/// Below users, below an account and alone: whatever the parameters are.
mod members {
    use super::Request;

    fn told(action: &str, request: &Request) -> String {
        let names = request.route().unwrap().params.iter().map(|param| param.name.clone());
        let pairs: Vec<String> =
            names.map(|name| format!("{name}={}", request.param(&name).unwrap())).collect();
        format!("members {action} {}", pairs.join(" "))
    }
    pub async fn index(request: Request) -> String {
        told("index", &request)
    }
    pub async fn new(request: Request) -> String {
        told("new", &request)
    }
    pub async fn create(request: Request) -> String {
        told("create", &request)
    }
    pub async fn show(request: Request) -> String {
        told("show", &request)
    }
    pub async fn edit(request: Request) -> String {
        told("edit", &request)
    }
    pub async fn update(request: Request) -> String {
        told("update", &request)
    }
}

async fn special(Path((user, comment)): Path<(String, String)>) -> String {
    format!("special {user} {comment}")
}

async fn lost() -> &'static str {
    "lost"
}

fn ask(method: &str, path: &str) -> String {
    let (status, body) =
        answer(table::router(), Request::new(Method::from_bytes(method.as_bytes()).unwrap(), path, ""));
    if status == 200 { body } else { status.to_string() }
}

fn check(rows: &[(&str, &str, &str)]) {
    for (method, path, wanted) in rows {
        assert_eq!(ask(method, path).trim_end(), *wanted, "{method} {path}");
    }
}

#[test]
fn a_resource_within_a_resource_has_the_parameters_of_both() {
    check(&[
        ("GET", "/users/1/comments", "comments index \"1\""),
        ("GET", "/users/1/comments/new", "comments new \"1\""),
        ("POST", "/users/1/comments", "comments create \"1\""),
        ("GET", "/users/1/comments/2", "comments show (\"1\", \"2\")"),
        ("GET", "/users/1/comments/2/edit", "comments edit (\"1\", \"2\")"),
        ("PATCH", "/users/1/comments/2", "comments update (\"1\", \"2\")"),
        ("PUT", "/users/1/comments/2", "comments update (\"1\", \"2\")"),
        ("DELETE", "/users/1/comments/2", "comments delete (\"1\", \"2\")"),
        ("GET", "/users/1/comments/2/special", "special 1 2"),
        ("GET", "/users/1/comments/2/replies/3", "replies show (\"1\", \"2\", 3)"),
        ("MOVE", "/users/1/ping", "session show"),
    ]);
    assert_eq!(paths::users_comments_replies_show("1", "2", 3_u8), "/users/1/comments/2/replies/3");
    assert_eq!(paths::users_comments_special_comment("a b", "c/d"), "/users/a%20b/comments/c%2Fd/special");
    let params = |name: &str| {
        let table = table::router().build().unwrap();
        let route = table.routes().find(|route| route.name.as_deref() == Some(name)).unwrap().clone();
        route.params.iter().map(|param| param.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(params("users_comments_replies_show"), ["user_id", "comment_id", "id"]);
    assert_eq!(params("admin_post_show"), ["admin_slug", "key"]);
}

#[test]
fn what_a_resource_leaves_out_within_another_is_not_there() {
    check(&[
        ("GET", "/users/8/members/10", "members show user_id=8 id=10"),
        ("GET", "/users/8/members/new", "members new user_id=8"),
        ("DELETE", "/users/8/members/10", "405"),
        // What stands outside is as if there were nothing inside.
        ("GET", "/members/10", "members show id=10"),
        ("GET", "/members/new", "members new"),
        ("POST", "/members/10", "405"),
        ("GET", "/admin/new", "users show \"new\""),
        ("PATCH", "/admin/foo", "405"),
        ("GET", "/admin/bar/comments/the_key", "comments show (\"bar\", \"the_key\")"),
        ("POST", "/admin/bar/comments", "comments create \"bar\""),
        ("DELETE", "/admin/bar/comments/the_key", "405"),
    ]);
    assert_eq!(paths::admin_post_show("bar", "the_key"), "/admin/bar/comments/the_key");
    assert_eq!(paths::members_show(10), "/members/10");
}

#[test]
fn a_resource_for_one_thing_has_others_within_it() {
    check(&[
        ("GET", "/account", "session show"),
        ("PUT", "/account", "session update"),
        ("PATCH", "/account", "session update"),
        ("DELETE", "/account", "405"),
        ("GET", "/account/members/2", "members show id=2"),
        ("GET", "/account/session", "session show"),
        ("GET", "/account/session/new", "session new"),
        ("POST", "/account/session", "session create"),
        ("DELETE", "/account/session", "405"),
        ("GET", "/account/help", "session show"),
        ("GET", "/session", "session show"),
        ("PATCH", "/session", "405"),
    ]);
    assert_eq!(paths::account_members_show(2), "/account/members/2");
    assert_eq!(paths::account_session_new(), path!("/account/session/new"));
}

#[test]
fn a_scope_may_be_for_several_hosts() {
    for host in ["a.example", "admin.example"] {
        let (_, body) = answer(table::router(), Request::get("/users").with_header("host", host));
        assert_eq!(body.trim_end(), "users index", "{host}");
    }
    assert_eq!(ask("GET", "/users"), "lost");
    assert_eq!(paths::own_users_index(), "/users");
}

#[test]
fn a_path_belongs_below_where_its_router_is_mounted() {
    let inner = table::router();
    let outer = zzz_router::Router::new().scope(zzz_router::Scope::new("/").forward("/shop", inner));
    let (status, body) = answer(outer, Request::get(&path!("/users/7").under("/shop")));
    assert_eq!((status, body.as_str()), (200, "users show \"7\""));
}
