//! The routes of the staff.

pub mod reports;

// Private here: the router can not name it.
use super::super::handlers::{Dashboard, Section, home as dashboard, upload};

zzz_router::routes! {
    get "/" => dashboard as dashboard;
    get "/upload" => upload, assign: Section("admin");
    forward "/board" => Dashboard;
    scope "/reports", as: reports { include reports::routes; }
}
