//! The sample app, exactly as its own package starts it.

fn main() -> std::process::ExitCode {
    zzz::run(example_app::app)
}
