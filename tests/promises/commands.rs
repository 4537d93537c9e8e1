//! The commands of the app's own binary.

use zzz_testing::TempDatabase;

use crate::support::{App, command, run};

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
    let show = json.as_array().unwrap().iter().find(|route| route["name"] == "post").unwrap();
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

#[test]
fn templates_are_checked() {
    assert!(ok(&TempDatabase::new(), &["templates", "check"]).ends_with("templates are in order.\n"));
}
