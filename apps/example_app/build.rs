//! Release builds carry these folders inside; a new file in one of them must make the app build anew.

fn main() {
    for folder in ["migrations", "static", "templates"] {
        println!("cargo::rerun-if-changed=../../{folder}");
    }
}
