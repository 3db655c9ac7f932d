//! Placeholder.
#[test]
fn ok() {}
