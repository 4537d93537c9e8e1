//! The routes of teams and their members.

use crate::app::handlers::member;

zzz_router::routes! {
    get "/teams/:team_id/members/:id" => member as team_member;
}
