//! What does not compile, and what the compiler says: each file beside has its `.stderr`.

#![cfg(feature = "sqlite")]

#[test]
fn mistakes_do_not_compile_and_say_how_to_mend_them() {
    let tests = trybuild::TestCases::new();
    tests.compile_fail("tests/compile_fail/*.rs");
    // The compiler lists the types that are numbers, and this feature adds one.
    #[cfg(feature = "decimal")]
    tests.compile_fail("tests/compile_fail_decimal/*.rs");
}
