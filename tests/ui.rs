//! What the compiler says of each mistake, to the letter.
//!
//! One mistake per file, named for it; see CONTRIBUTING.md for how to record a message.

#![allow(missing_docs, reason = "tests")]

#[test]
fn every_mistake_has_its_message() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("ui/*/*.rs");
}
