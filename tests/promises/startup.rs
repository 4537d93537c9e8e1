//! What is wrong at the start is said in one sentence, with exit code 1, before anything is served.

use std::fs;
use std::net::TcpListener;
use std::process::Command;

use zzz_testing::TempDatabase;

use crate::support::{App, command, copy_of_the_app, run};

/// The start fails with exit code 1, and the one line on standard error contains every part.
fn refuses(database: &TempDatabase, variables: &[(&str, &str)], parts: &[&str]) {
    let mut command = command(database);
    command.envs(variables.iter().copied());
    let (code, stdout, stderr) = run(&mut command);
    assert_eq!((code, stdout.as_str()), (Some(1), ""), "{variables:?}: {stderr}");
    assert!(stderr.starts_with("error: "), "{variables:?}: {stderr}");
    assert_eq!(stderr.lines().count(), 1, "{variables:?}: {stderr}");
    for part in parts {
        assert!(stderr.contains(part), "{variables:?}: {part:?} is not in {stderr}");
    }
}

#[test]
fn a_key_that_nobody_knows_is_named_with_its_nearest() {
    let database = TempDatabase::new();
    refuses(
        &database,
        &[("ZZZ_HTTP__HEADER_TIMOUT", "5s")],
        &[
            "the variable ZZZ_HTTP__HEADER_TIMOUT",
            "[http] has no key `header_timout`",
            "did you mean `header_timeout`?",
        ],
    );
    refuses(&database, &[("ZZZ_HTPP__PORT", "1")], &["there is no section [htpp]", "did you mean [http]?"]);
    refuses(
        &database,
        &[("ZZZ_HTTP__HEADER_TIMEOUT", "5 parsecs")],
        &["must be a duration", "\"5 parsecs\""],
    );
    refuses(&database, &[("PORT", "high")], &["the variable PORT", "must be a whole number"]);

    let root = TempDatabase::new();
    fs::create_dir(root.folder().join("config")).unwrap();
    fs::write(root.folder().join("config/default.toml"), "[http]\n\nprot = 4000\n").unwrap();
    let folder = root.folder().to_str().unwrap();
    refuses(
        &database,
        &[("ZZZ_ROOT", folder)],
        &["config/default.toml:3: [http] has no key `prot`", "did you mean `port`?"],
    );
    fs::write(root.folder().join("config/default.toml"), "[http\n").unwrap();
    refuses(&database, &[("ZZZ_ROOT", folder)], &["config/default.toml:1: "]);
}

#[test]
fn a_wrong_environment_is_named() {
    let database = TempDatabase::new();
    refuses(&database, &[("ZZZ_ENV", "production")], &["ZZZ_ENV is `production`", "dev, test or prod"]);
    refuses(
        &database,
        &[("ZZZ_ROOT", "/nowhere/at/all")],
        &["ZZZ_ROOT is `/nowhere/at/all`, which is no folder"],
    );
    refuses(&database, &[("LOG", "a=b=c")], &["LOG is `a=b=c`"]);
    refuses(&database, &[("DATABASE_URL", "postgers://x:hunter2@y/z")], &["did you mean `postgres`?"]);
}

#[test]
fn a_port_in_use_is_named_with_the_way_out() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    refuses(
        &TempDatabase::new(),
        &[("PORT", &port)],
        &[&format!("127.0.0.1:{port} is in use by another process"), "PORT"],
    );
}

#[test]
fn a_database_that_can_not_be_used_is_named() {
    let database = TempDatabase::new();
    fs::write(database.file(), "this is no database, and long enough to be none".repeat(100)).unwrap();
    let place = database.file().display().to_string();
    refuses(&database, &[], &[&place]);

    let database = TempDatabase::new();
    fs::create_dir(database.file()).unwrap();
    refuses(&database, &[], &["test.db"]);

    let database = TempDatabase::new();
    fs::write(database.folder().join("file"), "").unwrap();
    let below = format!("sqlite://{}/file/app.db", database.folder().display());
    refuses(&database, &[("DATABASE_URL", &below)], &["file"]);
}

#[test]
fn prod_needs_a_secret_and_an_up_to_date_database() {
    let database = TempDatabase::new();
    refuses(
        &database,
        &[("ZZZ_ENV", "prod"), ("SECRET_KEY_BASE", "")],
        &["SECRET_KEY_BASE is not set", "64"],
    );
    refuses(
        &database,
        &[("ZZZ_ENV", "prod"), ("SECRET_KEY_BASE", "short")],
        &["SECRET_KEY_BASE has 5 bytes", "64"],
    );
    let (code, _, stderr) = run(command(&database).args(["db", "create"]));
    assert_eq!(code, Some(0), "{stderr}");
    refuses(&database, &[("ZZZ_ENV", "prod")], &["3 migrations are pending", "migrate_on_start"]);
}

#[test]
fn in_test_nothing_happens_by_itself() {
    let database = TempDatabase::new();
    refuses(&database, &[("ZZZ_ENV", "test")], &["test.db"]);
    assert!(!database.file().exists());
}

#[test]
fn what_is_refused_leaves_no_database_behind() {
    let database = TempDatabase::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    refuses(&database, &[("PORT", &port)], &["in use"]);
    refuses(&database, &[("HOST", "no such host")], &["no such host"]);
    assert!(!database.file().exists());

    let root = copy_of_the_app();
    let migration = root.folder().join("migrations/20261121100150_create_likes.sql");
    fs::write(&migration, "-- up\nCREATE TABEL likes (id INTEGER);\n").unwrap();
    let folder = root.folder().to_str().unwrap();
    let (code, _, stderr) = run(command(&database).env("ZZZ_ROOT", folder));
    assert_eq!(code, Some(1));
    assert!(
        stderr.starts_with("error: the migration 20261121100150_create_likes could not be applied"),
        "{stderr}"
    );
    assert!(!database.file().exists(), "half of a first start would look like all of it");
    fs::remove_file(&migration).unwrap();
    let app = App::start(command(&database).env("ZZZ_ROOT", folder));
    assert!(app.banner.contains("seeded"), "{}", app.banner);
}

#[test]
fn a_folder_that_is_missing_is_named() {
    for name in ["migrations", "templates", "static"] {
        let root = copy_of_the_app();
        fs::remove_dir_all(root.folder().join(name)).unwrap();
        let folder = root.folder().to_str().unwrap();
        let named = format!("there is no folder `{name}` in {folder}");
        refuses(&TempDatabase::new(), &[("ZZZ_ROOT", folder)], &[&named, "ZZZ_ROOT"]);
    }
}

/// What a stranger sees who types the README's first command.
// README: cargo run -p example_app
#[test]
fn a_clone_runs_without_any_setting() {
    let root = copy_of_the_app();
    let below = root.folder().join("static");
    let app = App::start(
        Command::new(env!("CARGO_BIN_EXE_app_under_test")).env_clear().env("PORT", "0").current_dir(&below),
    );
    assert!(app.banner.starts_with("example_app runs in dev at http://127.0.0.1:"), "{}", app.banner);
    assert!(
        app.banner.contains("data/example_app_dev.db (created, 3 migrations applied, seeded)"),
        "{}",
        app.banner
    );
    assert!(app.get("/").body.contains("Nightowl"));
    assert!(root.folder().join("data/example_app_dev.db").is_file());
    let secret = root.folder().join("data/secret_key_base");
    let kept = fs::read_to_string(&secret).unwrap();
    assert!(kept.len() >= 64);
    #[cfg(unix)]
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&secret).unwrap().permissions()) & 0o777,
        0o600
    );
    drop(app);
    drop(App::start(
        Command::new(env!("CARGO_BIN_EXE_app_under_test")).env_clear().env("PORT", "0").current_dir(&below),
    ));
    assert_eq!(fs::read_to_string(&secret).unwrap(), kept, "cookies survive a restart");
}

#[test]
fn a_data_folder_that_can_not_be_made_is_named() {
    let root = copy_of_the_app();
    fs::write(root.folder().join("data"), "a file").unwrap();
    let (code, _, stderr) = run(Command::new(env!("CARGO_BIN_EXE_app_under_test"))
        .env_clear()
        .env("PORT", "0")
        .env("SECRET_KEY_BASE", "s".repeat(64))
        .current_dir(root.folder()));
    assert_eq!((code, stderr.lines().count()), (Some(1), 1), "{stderr}");
    assert!(stderr.contains("data` for the database") && stderr.contains("data` is a file"), "{stderr}");
}

/// A release build carries templates, static files and migrations inside and needs no folder at all.
#[test]
fn a_release_build_runs_from_an_empty_folder() {
    let (empty, database) = (TempDatabase::new(), TempDatabase::new());
    let embedded = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_embedded_app"));
        command
            .env_clear()
            .env("ZZZ_ENV", "prod")
            .env("PORT", "0")
            .env("SECRET_KEY_BASE", "s".repeat(64))
            .env("DATABASE_URL", database.url())
            .current_dir(empty.folder());
        command
    };
    let (code, _, stderr) = run(embedded().arg("migrate"));
    assert_eq!(code, Some(0), "{stderr}");
    let app = App::start(&mut embedded());
    assert!(app.get("/").body.contains("Nightowl"));
    assert!(app.get("/static/app.css").head.contains("content-type: text/css"));
    assert!(app.get("/nowhere").body.contains("Nightowl"), "the app's own error page");
}
