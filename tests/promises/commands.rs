//! The commands of the app's own binary.

use std::process::Stdio;

use zzz_testing::TempDatabase;

use crate::support::{App, command, copy_of_the_app, run};

fn ok(database: &TempDatabase, arguments: &[&str]) -> String {
    let (code, stdout, stderr) = run(command(database).args(arguments));
    assert_eq!(code, Some(0), "{arguments:?}: {stderr}");
    stdout
}

#[test]
fn a_command_line_that_is_not_understood_is_2() {
    let database = TempDatabase::new();
    for arguments in [
        &["srve"][..],
        &["migrate", "--status", "--to", "1"],
        &["migrate", "--to", "x"],
        &["db"],
        &["--port", "1"],
    ] {
        let (code, _, stderr) = run(command(&database).args(arguments));
        assert_eq!(code, Some(2), "{arguments:?}: {stderr}");
    }
    let (_, _, stderr) = run(command(&database).arg("rotes"));
    assert!(stderr.contains("routes"), "{stderr}");
    assert!(ok(&database, &["--help"]).contains("migrate"));
}

#[test]
fn routes_are_listed_and_looked_up() {
    let database = TempDatabase::new();
    let listed = ok(&database, &["routes"]);
    assert!(listed.starts_with("METHOD  PATH"), "{listed}");
    let json: serde_json::Value = serde_json::from_str(&ok(&database, &["routes", "--json"])).unwrap();
    let show = json.as_array().unwrap().iter().find(|route| route["name"] == "posts_show").unwrap();
    assert_eq!(show["path"], "/posts/:id");
    assert_eq!(show["handler"], "example_app::controllers::posts::show");
    assert_eq!(show["pipelines"], serde_json::json!(["browser"]));
    assert!(ok(&database, &["routes", "--info", "/posts/7?x=y"]).starts_with("GET /posts/:id\n"));
    assert!(
        ok(&database, &["routes", "--info", "http://h/posts/7", "--method", "delete"])
            .contains("posts::delete")
    );
    assert_eq!(run(command(&database).args(["routes", "--info", "/nowhere"])).0, Some(1));
    assert!(!database.file().exists(), "looking at routes touches no database");
}

#[test]
fn config_shows_values_and_origins_but_no_secret() {
    let database = TempDatabase::new();
    let (_, shown, _) = run(command(&database).arg("config").env("ZZZ_HTTP__BODY_LIMIT", "1MiB"));
    assert!(
        shown.contains("body_limit = \"1MiB\"") && shown.contains("# the variable ZZZ_HTTP__BODY_LIMIT"),
        "{shown}"
    );
    assert!(shown.contains("secret_key_base = \"[redacted]\"") && !shown.contains("ssssssss"), "{shown}");
    assert!(!shown.contains("test.db"), "a database URL may hold a password: {shown}");
}

#[test]
fn the_database_goes_through_its_life() {
    let database = TempDatabase::new();
    for looking in [&["migrate", "--status"][..], &["migrate", "--rollback", "1"], &["seed"]] {
        let (code, _, stderr) = run(command(&database).args(looking));
        assert_eq!(code, Some(1), "{looking:?}");
        assert!(stderr.starts_with("error: there is no database sqlite://"), "{stderr}");
        assert!(!database.file().exists(), "looking makes none");
    }
    assert!(ok(&database, &["db", "create"]).contains("is created"));
    let (_, _, stderr) = run(command(&database).arg("seed"));
    assert_eq!(stderr.lines().next().unwrap().split(';').next().unwrap(), "error: 3 migrations are pending");
    assert!(ok(&database, &["db", "create"]).contains("exists already"));
    assert!(ok(&database, &["migrate", "--status"]).contains("create_posts     pending"));
    assert_eq!(ok(&database, &["migrate"]).lines().count(), 3);
    assert_eq!(ok(&database, &["migrate"]), "Nothing to do.\n");
    assert_eq!(ok(&database, &["migrate", "--rollback", "1"]), "took back 20261121100200 create_images\n");
    assert_eq!(
        ok(&database, &["migrate", "--to", "20261121100200"]),
        "went through 20261121100200 create_images\n"
    );
    assert!(ok(&database, &["migrate", "--status"]).contains("create_images    applied 20"));
    assert!(ok(&database, &["seed"]).contains("seeded"));
    assert!(ok(&database, &["db", "reset"]).contains("3 migration(s) applied"));
    let app = App::start(command(&database).env("ZZZ_ENV", "prod"));
    assert!(app.get("/api/v1/posts").head.contains("x-total-count: 30"));
    drop(app);
    assert!(ok(&database, &["db", "drop"]).contains("is dropped"));
    assert!(!database.file().exists());
}

/// Several nodes are started at once, and each migrates first.
#[test]
fn processes_that_migrate_at_once_apply_every_migration_once() {
    let database = TempDatabase::new();
    ok(&database, &["db", "create"]);
    let nodes: Vec<_> = (0..4)
        .map(|_| {
            let mut migrate = command(&database);
            migrate.arg("migrate").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    let mut applied = Vec::new();
    for node in nodes {
        let output = node.wait_with_output().unwrap();
        let (stdout, stderr) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "{stdout}{stderr}");
        applied.extend(stdout.lines().filter(|line| *line != "Nothing to do.").map(str::to_owned));
    }
    applied.sort_unstable();
    let once = ["100000 create_posts", "100100 create_comments", "100200 create_images"];
    assert_eq!(applied, once.map(|name| format!("applied 20261121{name}")));
    assert_eq!(ok(&database, &["migrate"]), "Nothing to do.\n");
}

/// A copy of the app with one more migration, of SQL.
fn with_migration(name: &str, text: &str) -> TempDatabase {
    let root = copy_of_the_app();
    std::fs::write(root.folder().join("migrations").join(name), text).unwrap();
    root
}

#[test]
fn a_migration_that_stopped_is_repaired() {
    let database = TempDatabase::new();
    let root = with_migration(
        "20261121100300_stops.sql",
        "-- disable_ddl_transaction\n-- up\nCREATE TABLE one (id INTEGER);\nINSERT INTO two VALUES (1);\n",
    );
    let run = |arguments: &[&str]| run(command(&database).env("ZZZ_ROOT", root.folder()).args(arguments));
    let (code, _, stderr) = run(&["migrate"]);
    assert_eq!(code, Some(1));
    assert!(
        stderr.starts_with(
            "error: the migration 20261121100300_stops could not be applied. Statement 2 failed"
        ),
        "{stderr}"
    );
    let (_, stdout, _) = run(&["migrate", "--status"]);
    assert!(stdout.contains("stops            unfinished, 1 of 2 statements are done"), "{stdout}");
    let (code, _, stderr) = run(&["seed"]);
    assert!(code == Some(1) && stderr.contains("unfinished, 1 of 2"), "{stderr}");
    for (arguments, part) in [
        (&["migrate", "--repair", "20261121100300", "dnoe"][..], "say `done`, `undone` or `resume`"),
        (&["migrate", "--repair", "x", "done"], "a version is a number"),
        (&["migrate", "--repair", "20261121100300", "resume"], "Statement 2 failed"),
    ] {
        let (code, _, stderr) = run(arguments);
        assert!(code == Some(1) && stderr.contains(part), "{stderr}");
    }
    let (code, stdout, stderr) = run(&["migrate", "--repair", "20261121100300", "done"]);
    assert!(code == Some(0) && stdout.contains("stops            applied"), "{stdout}{stderr}");
    assert_eq!(run(&["migrate"]).1, "Nothing to do.\n");
    let (code, _, stderr) = run(&["migrate", "--rollback", "2"]);
    assert!(code == Some(1) && stderr.contains("20261121100300_stops can not be rolled back"), "{stderr}");
}

#[test]
fn a_migration_in_rust_that_nobody_has_compiled_is_named() {
    let database = TempDatabase::new();
    let root = with_migration("20261121100300_new.rs", "pub fn change() {}");
    let (code, _, stderr) = run(command(&database).env("ZZZ_ROOT", root.folder()).arg("migrate"));
    assert_eq!(code, Some(1));
    assert!(stderr.contains("`20261121100300_new.rs` is newer than the program; build it again"), "{stderr}");
    assert!(!database.file().exists());
}

#[test]
fn the_structure_is_written_and_makes_a_new_database() {
    let root = copy_of_the_app();
    let ok = |database: &TempDatabase, arguments: &[&str]| {
        let (code, stdout, stderr) = run(command(database).env("ZZZ_ROOT", root.folder()).args(arguments));
        assert_eq!(code, Some(0), "{arguments:?}: {stderr}");
        stdout
    };
    let (first, second) = (TempDatabase::new(), TempDatabase::new());
    ok(&first, &["migrate"]);
    assert_eq!(ok(&first, &["db", "dump"]), "The structure is written to db/structure.sql.\n");
    let file = root.folder().join("db/structure.sql");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(
        text.starts_with("CREATE TABLE schema_migrations (") && text.contains("CREATE TABLE \"posts\""),
        "{text}"
    );
    assert!(text.contains("VALUES (20261121100200, 'create_images', '"), "{text}");
    ok(&second, &["db", "load"]);
    assert_eq!(ok(&second, &["migrate"]), "Nothing to do.\n");
    ok(&second, &["db", "dump"]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text, "what was made of it is the same");
    let (code, _, stderr) = run(command(&second).env("ZZZ_ROOT", root.folder()).args(["db", "load"]));
    assert!(code == Some(1) && stderr.contains("the database has tables already"), "{stderr}");
}

#[test]
fn templates_are_checked() {
    assert!(ok(&TempDatabase::new(), &["templates", "check"]).ends_with("templates are in order.\n"));
}
