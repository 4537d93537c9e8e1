//! The sample app as a release build has it: this package is compiled without debug assertions (see the root's
//! Cargo.toml), so `folder!` embeds what it names.

use zzz::prelude::*;

fn app() -> App {
    App::new("example_app")
        .config::<example_app::SiteConfig>()
        .services(example_app::services)
        .static_files("/static", folder!("static"))
        .templates(folder!("templates"))
        .template_setup(example_app::filters::add)
        .migrations(folder!("migrations"))
        .router(example_app::router::router)
}

fn main() -> std::process::ExitCode {
    zzz::run(app)
}
