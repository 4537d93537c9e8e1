//! The sample app as a release build has it: this package is compiled without debug assertions (see the root's
//! Cargo.toml), so `folder!` embeds what it names.

use zzz::prelude::*;

fn app() -> App {
    App::new("example_app")
        .config::<example_app::SiteConfig>()
        .services(example_app::services)
        .templates(folder!("templates"))
        .template_setup(example_app::filters::add)
        .migrations(migrations!("migrations"))
        .router(|| example_app::router::router().with_assets("/static", folder!("static")))
}

fn main() -> std::process::ExitCode {
    zzz::run(app)
}
