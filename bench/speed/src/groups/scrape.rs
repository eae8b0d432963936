//! A whole scrape with gzip: encoding and compression, after each series has changed.

use std::hint::black_box;
use std::io::Read;
use std::time::Duration;

use figures::{Entrant, Group};
use flate2::Compression;
use flate2::read::{GzDecoder, GzEncoder};
use hello_exporter::Registry;
use hello_exporter::respond::Request;

use super::{Done, nanoseconds};
use crate::contenders::{Contender, Counters, Ours};
use crate::labels::Labels;
use crate::measure;

/// Measures how long a scrape takes, and prints how it compares with one that zlib-rs compresses.
pub fn gzip(name: &str, series: &[Labels]) -> Done {
    let entrant = |name, request: Request| {
        let family = Family::new(series);
        let run = move |times| (0..times).map(|_| family.scrape(&request)).sum();
        Entrant::own(name, measure::nanoseconds(series.len(), run))
    };
    let entrants =
        [entrant(Ours::NAME, request()), entrant("gzip_zlib_rs_1", request().fast_gzip(false))];
    let title = "a scrape with gzip, for each series";
    let rounds = nanoseconds(name, title, entrants)?;
    rounds.ratio(&format!("{name}_to_zlib_rs_1"), Ours::NAME, "gzip_zlib_rs_1");
    Ok(())
}

/// Measures the bytes of a scrape.
pub fn bytes(name: &str, series: &[Labels]) -> Done {
    let family = Family::new(series);
    for _ in 0..3 {
        family.scrape(&request());
    }
    let response = family.registry().respond_to(&request());
    let mut exposition = Vec::new();
    GzDecoder::new(response.body()).read_to_end(&mut exposition)?;
    let zlib = |level| {
        let mut encoder = GzEncoder::new(&exposition[..], Compression::new(level));
        encoder.read_to_end(&mut Vec::new())
    };
    let entrant = |is_ours, name, length: usize| {
        let length = length as f64 / series.len() as f64;
        let measured = move || Ok(length);
        if is_ours { Entrant::own(name, measured) } else { Entrant::peer(name, measured) }
    };
    let entrants = vec![
        entrant(true, Ours::NAME, response.body().len()),
        entrant(false, "gzip_zlib_rs_1", zlib(1)?),
        entrant(false, "gzip_zlib_rs_2", zlib(2)?),
    ];
    let title = format!("{name}: a series in the text format, with gzip");
    Group { name: name.to_owned(), title, unit: "bytes" }.measure(entrants)?;
    Ok(())
}

fn request() -> Request {
    Request::new().headers([("Accept-Encoding", "gzip")])
}

/// A family whose series all change before each scrape.
struct Family {
    counters: <Ours as Contender>::Counters,
    keys: Vec<<<Ours as Contender>::Counters as Counters>::Key>,
}

impl Family {
    fn new(series: &[Labels]) -> Self {
        let counters = <Ours as Contender>::Counters::new();
        let keys: Vec<_> = series.iter().map(key).collect();
        for (key, number) in keys.iter().zip(1..) {
            counters.inc_by(key, number * 7);
        }
        Self { counters, keys }
    }

    fn registry(&self) -> &Registry {
        &self.counters.registry
    }

    /// Changes all series, and returns how long a scrape takes.
    fn scrape(&self, request: &Request) -> Duration {
        for (key, increment) in self.keys.iter().zip((0..9).cycle()) {
            self.counters.inc_by(key, increment);
        }
        let mut response = None;
        let elapsed = measure::time(|| response = Some(self.registry().respond_to(request)));
        black_box(response);
        elapsed
    }
}

fn key(labels: &Labels) -> <<Ours as Contender>::Counters as Counters>::Key {
    <<Ours as Contender>::Counters as Counters>::key(labels)
}
