//! What does not compile, and what the compiler says: each file beside has its `.stderr`.

#[test]
fn mistakes_do_not_compile_and_say_how_to_mend_them() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
