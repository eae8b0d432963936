use std::error::Error;

use super::{Queries, number};

fn error_of(text: &str) -> String {
    let file = std::env::temp_dir().join(format!("queries-{}.yaml", std::process::id()));
    std::fs::write(&file, text).unwrap();
    let error = Queries::read(&file).err().unwrap();
    let mut message = error.to_string().replace(&file.display().to_string(), "FILE");
    if let Some(source) = error.source() {
        message = format!("{message}: {source}");
    }
    std::fs::remove_file(&file).unwrap();
    message
}

#[test]
fn numbers_booleans_and_timestamps_are_values() {
    for (text, value) in [
        ("12345678901234", Some(12345678901234.0)),
        ("0.5", Some(0.5)),
        ("-Infinity", Some(f64::NEG_INFINITY)),
        ("t", Some(1.0)),
        ("f", Some(0.0)),
        ("1970-01-01 00:00:00+00", Some(0.0)),
        ("2026-11-28 13:34:46.996+00", Some(1_795_872_886.0)),
        ("2026-11-28 13:34:46", Some(1_795_872_886.0)),
        ("2026-13-28 13:34:46", None),
        ("idle", None),
        ("", None),
    ] {
        assert_eq!(number(text), value, "{text}");
    }
}

#[test]
fn invalid_file_is_refused_with_its_name_and_what_is_accepted() {
    println!(
        "{}",
        error_of("a:\n  query: SELECT 1\n  metrics:\n    - b:\n        usage: HISTOGRAM\n")
    );
    println!("{}", error_of("a:\n  query: SELECT 1\n"));
    println!("{}", error_of("a:\n  query: SELECT 1\n  metrics: []\n  cache_seconds: 3\n"));
    println!("{}", error_of("- a\n"));
}
