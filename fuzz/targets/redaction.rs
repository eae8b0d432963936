//! A text of a log is redacted in linear time, and texts without the name of a secret stay as they
//! are.

#![no_main]

use hello_exporter::fuzzing::server::log::redact;
use libfuzzer_sys::fuzz_target;

/// Values of this length are formatted. A longer one shows whether the time is linear.
const LONG: usize = 64 << 10;

const MARK: &str = "<redacted>";

fuzz_target!(|text: &str| {
    let redacted = redact("text", text);
    if !text.contains(['=', ':']) {
        assert_eq!(redacted, text);
    }
    assert_eq!(redact("password", text), MARK);
    check_secret(text);
    if (1..=32).contains(&text.len()) {
        // A start and an end can occur once.
        let (start, middle) = text.split_at(text.find('|').unwrap_or(0));
        let (middle, end) = middle.split_at(middle.rfind('|').unwrap_or(middle.len()));
        redact("text", &format!("{start}{}{end}", middle.repeat(LONG / (middle.len() + 1))));
    }
});

/// A secret that follows its name is removed from every text that ends a word before it.
fn check_secret(text: &str) {
    const SECRET: &str = "kJ8vQz";
    // A quote or a value that is not closed can make the name a part of it.
    if text.contains(['"', '\'', '\\', '=', ':', '`']) || text.contains(SECRET) {
        return;
    }
    for (before, after) in [("password=", ""), ("token=", "&x=1"), ("api_key: \"", "\"")] {
        let redacted = redact("text", &format!("{text} {before}{SECRET}{after}"));
        assert!(!redacted.contains(SECRET), "{redacted}");
    }
}
