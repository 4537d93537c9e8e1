//! A fragment within a fragment.

use crate::app::handlers::posts;

zzz_router::routes! {
    get "/:id" => posts::show as show;
}
