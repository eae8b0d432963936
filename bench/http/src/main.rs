//! Measures whole servers over HTTP: processor time of a scrape, memory, start-up. An argument chooses the
//! groups whose names contain it.

mod client;
mod exporters;
mod libraries;
mod measured;
mod server;

use measured::Done;

/// The name of a group, and what measures and prints it under that name.
type Measured = (&'static str, fn(&str) -> Done);

const GROUPS: [Measured; 11] = [
    ("http_scrape_tutorial", |name| libraries::scrape(name, 0)),
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
    let part = std::env::args().nth(1).unwrap_or_default();
    for (name, measure) in GROUPS.iter().filter(|(name, _)| name.contains(&part)) {
        measure(name)?;
    }
    Ok(())
}
