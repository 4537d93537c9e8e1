use zzz_core::http::Path;

#[derive(zzz_router::PathParam)]
struct File(String);

#[derive(zzz_router::PathParam)]
struct Number(u32);

#[derive(zzz_router::PathParams)]
struct Of {
    rest: u8,
}

async fn number(_: Path<u64>) {}
async fn second(_: Path<(u64, bool)>) {}
async fn named(_: Path<Of>) {}
async fn text(_: Path<String>) {}
async fn newtype(_: Path<Number>) {}
async fn own(_: Path<(u64, File)>) {}

zzz_router::router! {
    get "/a/*rest" => number;
    get "/b/:id/*rest" => second;
    get "/c/*rest" => named;
    get "/d/*rest" => text;
    get "/f/*rest" => newtype;
    get "/e/:id/*rest" => own;
}

fn main() {}
