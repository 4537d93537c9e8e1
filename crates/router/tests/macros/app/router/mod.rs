//! The routes.

mod admin;
mod teams;

use std::time::Duration;

use super::handlers::{self, Dashboard, Section, UserSocket, articles, comments, named, posts, profile};

/// An image and what is around it.
const UPLOAD: u64 = 5 * 1024 * 1024 + 64 * 1024;

zzz_router::router! {
    paths;
    endpoint { named("endpoint") }
    assets "/static" => "static";
    trailing_slash redirect;

    pipeline browser { handlers::first, handlers::second }
    pipeline admin { named("admin") }

    scope "/" through browser {
        get "/" => handlers::home as home;
        resources "/posts" => posts {
            resources "/comments" => comments, only: [create, delete];
            get "/raw" => posts::show as raw_post;
        }
        resource "/profile" => profile, except: [delete];
        resources "/articles" => articles, only: [show], param: slug, as: article {
            resources "/notes" => articles::notes, only: [index];
        }
        post "/upload" => handlers::upload as upload, body_limit: UPLOAD, timeout: "5m", log: debug,
            assign: Section("uploads");
        put "/upload" => handlers::untyped, body_limit: "64KiB", timeout: Duration::from_secs(7), log: off;
        match [get, post] "/search" => handlers::search as search;
        any "/echo" => handlers::echo;
        route "PURGE" "/cache" => handlers::purge as purge;
        get "/files/*rest" => handlers::file as file;
        get "/api/v:version" => handlers::version as version;
        get "/anything/:what" => handlers::untyped as anything;
        forward "/jobs" => Dashboard;
        fallback => handlers::not_found;
    }
    scope "/admin" through browser, admin, host: "admin.*", as: admin {
        include admin::routes;
    }
    include teams::routes;
    socket "/socket" => UserSocket;
}
