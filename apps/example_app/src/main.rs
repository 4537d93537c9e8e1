//! The program; what it does is in the library, so that tests can start the same app.

fn main() -> std::process::ExitCode {
    zzz::run(example_app::app)
}
