//! What is wrong with a folder of migrations is said when it is compiled in.

fn main() {
    let _ = zzz_db::migrations!("crates/db/tests/compile_fail/migrations/twice");
    let _ = zzz_db::migrations!("crates/db/tests/compile_fail/migrations/without_function");
    let _ = zzz_db::migrations!("crates/db/tests/compile_fail/migrations/bad_name");
    let _ = zzz_db::migrations!("crates/db/tests/compile_fail/migrations/not_public");
    let _ = zzz_db::migrations!("crates/db/tests/compile_fail/migrations/unknown_database");
}
