//! Measures whole servers over HTTP: processor time of a scrape, memory, start-up. It measures the
//! groups whose names begin with the first argument and contain the second.

mod client;
mod exporters;
mod libraries;
mod measured;
mod server;

use measured::Done;

/// The name of a group, and the function that measures it and prints it under that name.
type Group = (&'static str, fn(&str) -> Done);

const GROUPS: [Group; 13] = [
    ("http_scrape_tutorial", |name| libraries::scrape(name, 0)),
    ("http_scrape_bare_tutorial", libraries::bare_scrape),
    ("http_scrape_bare_tutorial_uncompressed", libraries::bare_uncompressed_scrape),
    ("http_scrape_1000", |name| libraries::scrape(name, 1_000)),
    ("http_scrape_100000", |name| libraries::scrape(name, 100_000)),
    ("http_start_tutorial", libraries::start),
    ("http_resident_tutorial", |name| libraries::resident(name, 0)),
    ("http_resident_1000", |name| libraries::resident(name, 1_000)),
    ("http_resident_100000", |name| libraries::resident(name, 100_000)),
    ("exporter_scrape_node", |name| measured::scrape(name, exporters::node()?)),
    ("exporter_scrape_redis", |name| measured::scrape(name, exporters::redis()?)),
    ("exporter_resident_node", |name| measured::resident(name, exporters::node()?)),
    ("exporter_resident_redis", |name| measured::resident(name, exporters::redis()?)),
];

fn main() -> Done {
    let [kind, part] = [1, 2].map(|at| std::env::args().nth(at).unwrap_or_default());
    let is_chosen = |name: &str| name.starts_with(&kind) && name.contains(&part);
    for (name, measure) in GROUPS.iter().filter(|(name, _)| is_chosen(name)) {
        measure(name)?;
    }
    Ok(())
}
