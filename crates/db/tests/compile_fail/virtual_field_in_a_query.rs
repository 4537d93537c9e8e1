use zzz_db::Schema;

#[derive(Schema)]
#[schema(table = "users")]
struct User {
    id: i64,
    #[schema(virtual)]
    password: String,
}

fn main() {
    let _ = User::query().filter(User::password.eq("x"));
}
