//! Measures the contenders that write Prometheus protobuf. An argument selects the groups whose
//! names contain it.

mod contenders;
mod exposition;
mod groups;
mod native;

use speed::groups::Done;
use speed::labels::label_sets;

/// The name of a group, and the function that measures it and prints it under that name.
type Group = (&'static str, fn(&str) -> Done);

const GROUPS: [Group; 3] = [
    ("observe_native", groups::observe_native),
    ("encode_protobuf_1000", |name| groups::encode(name, &label_sets(1_000))),
    ("encode_protobuf_100000", |name| groups::encode(name, &label_sets(100_000))),
];

fn main() -> Done {
    let part = std::env::args().nth(1).unwrap_or_default();
    for (name, measure) in GROUPS.iter().filter(|(name, _)| name.contains(&part)) {
        measure(name)?;
    }
    Ok(())
}
