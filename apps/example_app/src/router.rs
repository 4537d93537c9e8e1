//! Which handler answers which address.

use zzz::http::Format;
use zzz::middleware::{accepts, flash, health, method_override, refuse_cross_site};

use crate::controllers::{api, comments, events, images, pages, posts};
use crate::gallery::MAX_SIZE;

/// An image, and what is around it.
const UPLOAD: u64 = MAX_SIZE + 64 * 1024;

zzz::router! {
    assets "/static" => "static";
    endpoint { method_override }

    pipeline browser { refuse_cross_site, flash }
    pipeline api { accepts(Format::Json), refuse_cross_site }

    scope "/" through browser {
        get "/" => pages::home as home;

        resources "/posts" => posts {
            resources "/comments" => comments, only: [create, delete];
            delete "/image" => images::delete as image;
        }

        get "/upload" => images::new as upload;
        post "/upload" => images::create, body_limit: UPLOAD, timeout: "5m";
        get "/uploads/:file" => images::show as image;
    }

    scope "/api/v1" through api, as: api {
        resources "/posts" => api::posts, except: [new, edit];
    }

    get "/events" => events::index as events;

    scope "/health" {
        get "/live" => health::live;
        get "/ready" => health::ready;
    }
}
