use zzz_db::DbEnum;

#[derive(DbEnum)]
enum Status {
    Draft,
    Published(i64),
}

fn main() {}
