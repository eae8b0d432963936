//! Measures the time of the library and its peers. An argument selects the groups whose names
//! contain it.

use speed::groups::{Done, compress, create, encode, increment, observe, scrape};
use speed::labels::{label_sets, label_sets_with_own_paths, label_sets_with_shared_paths};

/// The name of a group, and the function that measures it and prints it under that name.
type Group = (&'static str, fn(&str) -> Done);

/// All groups. Those that age the heap are last, so that the others have a fresh heap.
const GROUPS: [Group; 28] = [
    ("inc_labelled_1000_1thread", increment::one_thread),
    ("inc_labelled_1000_2threads_different", increment::two_threads_different),
    ("inc_labelled_2threads_same", increment::two_threads_same),
    ("inc_one_hot", increment::one_hot),
    ("inc_pinned", increment::pinned),
    ("inc_expiring", increment::expiring),
    ("inc_expiring_pinned", increment::expiring_pinned),
    ("observe", observe::observe),
    ("create_series_100000", |name| create::create(name, 100_000)),
    ("encode_text_1000", |name| encode::text(name, &label_sets(1_000))),
    ("encode_text_10000", |name| encode::text(name, &label_sets(10_000))),
    ("encode_text_100000", |name| encode::text(name, &label_sets(100_000))),
    ("encode_text_1000000", |name| encode::text(name, &label_sets(1_000_000))),
    ("encode_text_own_paths_100000", |name| {
        encode::text(name, &label_sets_with_own_paths(100_000))
    }),
    ("encode_text_shared_paths_100000", |name| {
        encode::text(name, &label_sets_with_shared_paths(100_000))
    }),
    ("encode_open_metrics_1000", |name| encode::open_metrics(name, &label_sets(1_000))),
    ("encode_open_metrics_100000", |name| encode::open_metrics(name, &label_sets(100_000))),
    ("encode_histograms_10000", |name| encode::histograms(name, 10_000)),
    ("compress_text_1000", |name| compress::text(name, &label_sets(1_000))),
    ("compress_text_100000", |name| compress::text(name, &label_sets(100_000))),
    ("compressed_text_1000", |name| compress::bytes(name, &label_sets(1_000))),
    ("compressed_text_100000", |name| compress::bytes(name, &label_sets(100_000))),
    ("scrape_gzip_1000", |name| scrape::gzip(name, &label_sets(1_000))),
    ("scrape_gzip_100000", |name| scrape::gzip(name, &label_sets(100_000))),
    ("scraped_gzip_1000", |name| scrape::bytes(name, &label_sets(1_000))),
    ("scraped_gzip_100000", |name| scrape::bytes(name, &label_sets(100_000))),
    ("encode_text_aged_1000", |name| encode::text_aged(name, &label_sets(1_000))),
    ("encode_text_aged_100000", |name| encode::text_aged(name, &label_sets(100_000))),
];

fn main() -> Done {
    let part = std::env::args().nth(1).unwrap_or_default();
    for (name, measure) in GROUPS.iter().filter(|(name, _)| name.contains(&part)) {
        measure(name)?;
    }
    Ok(())
}
