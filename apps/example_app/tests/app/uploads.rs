//! Images of posts: what is taken, where it is kept, how it is served, and when it is gone.

use zzz::db::sandbox::SandboxOptions;
use zzz_testing::{MultipartBody, TestResponse};

use crate::App;
use example_app::models::{Image, Post};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR and more";
const GIF: &[u8] = b"GIF89a and more";

fn form(post: &Post, file_name: &str, content: &[u8]) -> MultipartBody {
    MultipartBody::new()
        .text("post_id", &post.id.to_string())
        .text("alt", "An owl")
        .file("image", file_name, content)
}

impl App {
    async fn upload(&self, form: MultipartBody) -> TestResponse {
        self.post("/upload").multipart(form).await
    }

    async fn images(&self) -> Vec<Image> {
        Image::query().all(&self.repo).await.unwrap()
    }

    /// The names of the files that are kept, and of what is on its way to be.
    fn files(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.uploads()) else { return Vec::new() };
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

#[tokio::test]
async fn an_image_is_uploaded_shown_replaced_and_deleted() {
    let app = App::start().await;
    let post = app.a_post("With an image").await;
    let page = format!("/posts/{}", post.id);
    app.get(&page).await.assert_contains("Add an image").refute_contains("<img");
    app.get(&format!("/upload?post={}", post.id))
        .await
        .assert_status(200)
        .assert_contains("enctype=\"multipart/form-data\"")
        .assert_contains(" selected>With an image<");

    let created = app.upload(form(&post, "owl.png", PNG)).await;
    created.assert_redirect(&page);
    let shown = app.follow(&created).await;
    shown.assert_contains("The image is there.").assert_contains("alt=\"An owl\"");
    let image = app.images().await.remove(0);
    assert_eq!(
        (image.post_id, image.media_type.as_str(), image.byte_size),
        (post.id, "image/png", PNG.len() as i64)
    );
    assert!(image.file.ends_with(".png") && !image.file.contains("owl"), "{}", image.file);
    let address = format!("/uploads/{}", image.file);
    shown.assert_contains(&address);
    let served = app.get(&address).await;
    assert_eq!((served.status(), &served.bytes()[..]), (200, PNG));

    app.upload(form(&post, "owl.gif", GIF)).await.assert_redirect(&page);
    let second = app.images().await;
    assert_eq!((second.len(), second[0].id), (1, image.id));
    assert_eq!(app.files(), [second[0].file.clone()]);
    app.get(&address).await.assert_status(404);

    app.post(&format!("{page}/image")).form([("_method", "delete")]).await.assert_redirect(&page);
    assert!(app.images().await.is_empty() && app.files().is_empty());
    app.post(&format!("{page}/image")).form([("_method", "delete")]).await.assert_status(404);
    app.get(&page).await.assert_contains("Add an image").refute_contains("<img");
}

#[tokio::test]
async fn an_image_goes_with_its_post() {
    let app = App::start().await;
    for api in [false, true] {
        let post = app.a_post("Short-lived").await;
        app.upload(form(&post, "owl.png", PNG)).await.assert_status(303);
        assert_eq!(app.files().len(), 1);
        let path = if api { "/api/v1/posts" } else { "/posts" };
        app.delete(&format!("{path}/{}", post.id)).await;
        assert!(app.images().await.is_empty() && app.files().is_empty());
    }
}

#[tokio::test]
async fn every_image_that_is_taken_is_served_as_what_it_is_and_never_run() {
    let app = App::start().await;
    let post = app.a_post("Many images").await;
    for (content, media_type, ending) in [
        (PNG, "image/png", "png"),
        (&b"\xff\xd8\xff\xe0\0\x10JFIF"[..], "image/jpeg", "jpg"),
        (b"GIF89a<script>alert(1)</script>", "image/gif", "gif"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp", "webp"),
    ] {
        app.upload(form(&post, "../x.html", content)).await.assert_status(303);
        let file = app.images().await.remove(0).file;
        assert!(file.ends_with(&format!(".{ending}")), "{file}");
        let served = app.get(&format!("/uploads/{file}")).await;
        served.assert_status(200);
        for (header, value) in [
            ("content-type", media_type),
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "default-src 'none'; sandbox"),
            ("content-disposition", "inline; filename=\"x.html\""),
            ("cache-control", "public, max-age=31536000, immutable"),
        ] {
            assert_eq!(served.header(header), value, "{media_type}: {header}");
        }
    }
}

#[tokio::test]
async fn what_is_no_image_is_refused_whatever_it_says() {
    let app = App::start().await;
    let post = app.a_post("Safe").await;
    for (name, content) in [
        ("owl.png", &b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"[..]),
        ("owl.png", b"<!doctype html><script>alert(1)</script>"),
        ("owl.png", b"%PDF-1.7"),
        ("owl.png", b"MZ"),
        ("owl.png", b"\x89PNG"),
        ("owl.png", b""),
        ("owl.svg", b"<svg/>"),
    ] {
        let page = app.upload(form(&post, name, content)).await;
        page.assert_status(422).assert_contains("must be a PNG, JPEG, GIF or WebP image");
        page.assert_contains("<title>Not saved")
            .assert_contains("value=\"An owl\"")
            .assert_contains(" selected>Safe<");
    }
    assert!(app.images().await.is_empty() && app.files().is_empty());
}

#[tokio::test]
async fn a_mistake_shows_the_form_again_and_keeps_nothing() {
    let app = App::start().await;
    let post = app.a_post("There").await;
    let id = post.id.to_string();
    let file = |form: MultipartBody| form.file("image", "owl.png", PNG);
    for (form, message) in [
        (MultipartBody::new().text("post_id", &id), "can&#x27;t be blank"),
        (MultipartBody::new().text("post_id", &id).file("image", "", b""), "can&#x27;t be blank"),
        (file(MultipartBody::new()), "can&#x27;t be blank"),
        (file(MultipartBody::new().text("post_id", "")), "can&#x27;t be blank"),
        (file(MultipartBody::new().text("post_id", "999")), "does not exist"),
        (file(MultipartBody::new().text("post_id", "x")), "is invalid"),
        (
            file(MultipartBody::new().text("post_id", &id).text("alt", &"x".repeat(201))),
            "at most 200 character",
        ),
        (MultipartBody::new(), "can&#x27;t be blank"),
    ] {
        app.upload(form).await.assert_status(422).assert_contains(message);
    }
    assert!(app.images().await.is_empty() && app.files().is_empty());
}

#[tokio::test]
async fn five_mebibytes_are_taken_and_not_one_byte_more() {
    let app = App::start().await;
    let post = app.a_post("Large").await;
    let mut content = PNG.to_vec();
    content.resize(5 << 20, b'x');
    app.upload(form(&post, "owl.png", &content)).await.assert_status(303);
    assert_eq!(app.images().await[0].byte_size, 5 << 20);
    let before = app.files();
    content.push(b'x');
    let page = app.upload(form(&post, "owl.png", &content)).await;
    page.assert_status(413)
        .assert_contains("it may have at most 5 MiB")
        .assert_contains("<form class=\"form\"");
    content.resize(6 << 20, b'x');
    app.upload(form(&post, "owl.png", &content)).await.assert_status(413).assert_contains("at most 5 MiB");
    let problem = app.post("/upload").accept_json().multipart(form(&post, "owl.png", &content)).await;
    problem.assert_status(413);
    assert_eq!(problem.header("content-type"), "application/problem+json");
    assert_eq!(app.files(), before);
}

#[tokio::test]
async fn names_of_clients_are_never_paths() {
    let app = App::start().await;
    let post = app.a_post("Paths").await;
    let long = "x".repeat(4096);
    for name in ["../../evil.png", "/etc/evil.png", "C:\\evil.png", "owl\u{202e}gnp.exe", &long, "..", "a/b/"]
    {
        app.upload(form(&post, name, PNG)).await.assert_status(303);
        let image = app.images().await.remove(0);
        assert_eq!(app.files(), std::slice::from_ref(&image.file), "{name}");
        assert!(!image.name.contains(['/', '\\', '\u{202e}']) && image.name.len() <= 255, "{}", image.name);
        app.get(&format!("/uploads/{}", image.file)).await.assert_status(200);
    }
    for path in ["/uploads/..%2f..%2fCargo.toml", "/uploads/%2e%2e", "/uploads/x.png", "/uploads/"] {
        app.get(path).await.assert_status(404);
    }
}

#[tokio::test]
async fn malformed_forms_and_other_sites_change_nothing() {
    let app = App::start().await;
    let post = app.a_post("Safe").await;
    let form = || form(&post, "owl.png", PNG);
    let mut cut = form().into_bytes();
    cut.truncate(cut.len() - 4);
    let (content_type, body) = (form().content_type(), form().into_bytes());
    for (content_type, body, status) in [
        (content_type.as_str(), cut, 400),
        ("multipart/form-data", body.clone(), 400),
        ("multipart/form-data; boundary=other", body.clone(), 400),
        ("application/x-www-form-urlencoded", b"post_id=1".to_vec(), 415),
        ("text/plain", body.clone(), 415),
    ] {
        app.post("/upload").body(content_type, body).await.assert_status(status);
    }
    app.post("/upload").header("sec-fetch-site", "cross-site").multipart(form()).await.assert_status(403);
    app.post("/upload").header("origin", "https://evil.example").multipart(form()).await.assert_status(403);
    app.get("/upload?post=999").await.assert_status(404);
    assert!(app.images().await.is_empty() && app.files().is_empty());
}

#[tokio::test]
async fn json_clients_get_problem_documents() {
    let app = App::start().await;
    let post = app.a_post("Program").await;
    let answer = app.post("/upload").accept_json().multipart(form(&post, "owl.png", b"<svg/>")).await;
    answer.assert_status(422);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let problem: serde_json::Value = answer.json();
    assert_eq!(problem["errors"]["file"][0], "must be a PNG, JPEG, GIF or WebP image");
    let answer =
        app.post("/upload").accept_json().body("multipart/form-data; boundary=x", "--x\r\n\r\n").await;
    let problem: serde_json::Value = answer.assert_status(400).json();
    assert_eq!(problem["detail"], "The multipart body is malformed: part 1: it has no headers.");
    app.post("/upload").accept_json().multipart(form(&post, "owl.png", PNG)).await.assert_status(303);
}

#[tokio::test]
async fn an_upload_that_nobody_waits_for_any_more_ends_with_a_row_for_its_file() {
    // The upload reads while a transaction is open, for which there has to be a second connection.
    let app = App::start_in(SandboxOptions::new().unboxed()).await;
    let post = app.a_post("With an image").await;
    let held: zzz::db::Result<()> = app
        .repo
        .transaction(async |_| {
            // The file is saved; its row has to wait for this transaction.
            let upload = app.upload(form(&post, "owl.png", PNG));
            let saved = async {
                while app.files().is_empty() {
                    tokio::task::yield_now().await;
                }
            };
            tokio::select! {
                _ = upload => unreachable!("nobody can write"),
                () = saved => Ok(()),
            }
        })
        .await;
    held.unwrap();
    let mut images = app.images().await;
    while images.is_empty() {
        tokio::task::yield_now().await;
        images = app.images().await;
    }
    assert_eq!(app.files(), [images.remove(0).file]);
}

#[tokio::test]
async fn what_a_killed_process_left_without_a_row_is_removed_when_it_is_old() {
    let app = App::start().await;
    let post = app.a_post("Swept").await;
    app.upload(form(&post, "owl.png", PNG)).await.assert_status(303);
    let mut kept = app.files();
    // This one has its row, and is as old as the others.
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(2 * 3600);
    let age = |name: &str| {
        let file =
            std::fs::OpenOptions::new().append(true).create(true).open(app.uploads().join(name)).unwrap();
        file.set_modified(long_ago).unwrap();
    };
    age(&kept[0]);
    age("orphan.png");
    std::fs::write(app.uploads().join("young.png"), PNG).unwrap();
    let gallery = example_app::gallery::Gallery::at(app.uploads());
    gallery.sweep(&app.repo).await.unwrap();
    kept.push("young.png".to_owned());
    let mut files = app.files();
    kept.sort();
    files.sort();
    assert_eq!(files, kept);
}
