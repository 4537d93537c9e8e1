use zzz_core::http::Path;
use zzz_router::PathParams;

#[derive(PathParams)]
struct Place {
    post_id: i64,
}

async fn show(Path(place): Path<Place>) -> String {
    place.post_id.to_string()
}

zzz_router::router! {
    get "/posts/:id" => show;
}

fn main() {}
