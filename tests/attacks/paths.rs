//! Reliability row 13: no spelling of a path leads around a pipeline, and none out of a folder.

use crate::harness::flow::{self, Transport, over_all};
use crate::harness::target::Target;
use crate::harness::witness::Witness;

/// With a method that may have a body over every transport.
fn ask(transport: Transport, target: &Target, path: &str) -> (Option<u16>, String) {
    let answer = flow::ask(transport, target, ("POST", path), &[], b"x");
    (answer.status, answer.text())
}

#[test]
fn row_13_no_spelling_leads_around_a_guard() {
    let mut target = Target::start(&[]);
    let witness = Witness::watch(&target);
    over_all(|transport| {
        for (path, status) in [
            ("/guarded", 401),
            ("/guarded/7", 401),
            ("/guarded/files/a/b", 401),
            ("/guarded/files/..%2f..%2fopen", 401),
            ("/guarded/%61", 401),
            // Another path than the guarded one, and one that there is not.
            ("/guarded/", 404),
            ("//guarded", 404),
            ("/./guarded", 404),
            ("/a/../guarded", 404),
            ("/open/../guarded", 404),
            ("/open/a/../../guarded", 404),
            ("/%2e%2e/guarded", 404),
            ("/open/%2e%2e/guarded", 404),
            ("/open/%2E./guarded", 404),
            ("/open/./guarded", 404),
            ("/guarded/..", 404),
            ("/guarded/.", 404),
            ("/guarded/%2e%2e", 404),
            ("/guarded/files/../../open/x", 404),
            ("/guarded%2f", 404),
            ("/guarded%2F7", 404),
            ("/%67uarded", 404),
            ("/GUARDED", 404),
            ("/guarded;x", 404),
            ("/guarded;x=1/7", 404),
            ("/guarded.", 404),
            ("/guarded%20", 404),
            ("/guarded%09", 404),
            // What a parameter may hold stays there.
            ("/open/..%2fguarded", 200),
            ("/open/..;/guarded", 200),
            ("/open/a/..%5cguarded", 200),
            ("/open//guarded", 200),
            ("/open/?/../guarded", 404),
            ("/open/x?/../guarded", 200),
        ] {
            let (got, text) = ask(transport, &target, path);
            assert_eq!(got, Some(status), "{transport:?} {path}: {text}");
            assert!(status != 200 || text == "open", "{transport:?} {path}: {text}");
            assert!(!text.contains("SECRET"), "{transport:?} {path}");
        }
    });
    assert_eq!(target.board().committed, 0);
    witness.check(&mut target);
}

#[test]
fn row_13_what_can_not_be_decoded_is_400_wherever_it_is() {
    let mut target = Target::start(&[]);
    let witness = Witness::watch(&target);
    over_all(|transport| {
        for place in ["/", "/open/", "/open/a/", "/guarded/", "/guarded/files/", "/nowhere/", "/files/"] {
            for odd in
                ["%", "%2", "%zz", "%2%30", "a%00", "%00", "%ff", "%C0%AF", "%ED%A0%80", "x%", "%u0041"]
            {
                let path = format!("{place}{odd}");
                let (status, text) = ask(transport, &target, &path);
                assert_eq!(status, Some(400), "{transport:?} {path}: {text}");
            }
        }
        // By whom these are refused is no matter.
        for path in ["/open/\\..\\guarded", "/guarded\\", "\\guarded"] {
            let answer = flow::ask(transport, &target, ("POST", path), &[], b"x");
            assert!(!matches!(answer.status, Some(200..400)), "{transport:?} {path}: {:?}", answer.status);
        }
    });
    assert_eq!(target.board().committed, 0);
    witness.check(&mut target);
}

#[test]
fn row_13_no_rest_of_a_path_leads_out_of_a_folder() {
    let mut target = Target::start_with(&[], |command| {
        let root = command.get_envs().find(|(name, _)| *name == "ZZZ_ROOT").unwrap().1.unwrap();
        let root = std::path::PathBuf::from(root);
        std::fs::create_dir_all(root.join("public/below")).unwrap();
        std::fs::write(root.join("public/below/inside.txt"), "inside").unwrap();
        std::fs::write(root.join("public/.hidden"), "SECRET").unwrap();
        std::fs::write(root.join("outside.txt"), "SECRET").unwrap();
        std::os::unix::fs::symlink("../outside.txt", root.join("public/link.txt")).unwrap();
        std::os::unix::fs::symlink("..", root.join("public/up")).unwrap();
        command
    });
    let witness = Witness::watch(&target);
    let root = target.folder().display().to_string();
    over_all(|transport| {
        let inside = (Some(200), "inside".to_owned());
        assert_eq!(ask(transport, &target, "/files/below/inside.txt"), inside, "{transport:?}");
        assert_eq!(ask(transport, &target, "/files/below%2finside.txt"), inside, "{transport:?}");
        for path in [
            "../outside.txt",
            "%2e%2e/outside.txt",
            "..%2foutside.txt",
            "%2e%2e%2foutside.txt",
            "below/..%2f..%2foutside.txt",
            "below/../../outside.txt",
            "..%5coutside.txt",
            "below%5c..%5c..%5coutside.txt",
            "%252e%252e%252foutside.txt",
            "..%252foutside.txt",
            "/etc/passwd",
            "%2fetc%2fpasswd",
            &format!("/{root}/outside.txt"),
            &format!("{}/outside.txt", root.replace('/', "%2f")),
            "link.txt",
            "up/outside.txt",
            ".hidden",
            "below/..;/..;/outside.txt",
            "below",
            "below/",
            "",
        ] {
            let (status, text) = ask(transport, &target, &format!("/files/{path}"));
            assert_eq!(status, Some(404), "{transport:?} {path}: {text}");
            assert!(!text.contains("SECRET") && !text.contains("root:"), "{transport:?} {path}");
        }
    });
    witness.check(&mut target);
}
