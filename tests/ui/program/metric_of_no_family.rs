// rule: SeriesMetric
use hello_exporter::{Family, Positional, SeriesMetric};

fn first<M: SeriesMetric>(_: &Family<Positional<1>, M>) {}

fn all(family: &Family<Positional<1>, u64>) {
    first(family);
}

fn main() {}
