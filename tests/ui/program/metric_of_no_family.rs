// rule: SeriesMetric
use hello_exporter::metric::{Positional, SeriesMetric};
use hello_exporter::Family;

fn first<M: SeriesMetric>(_: &Family<Positional<1>, M>) {}

fn all(family: &Family<Positional<1>, u64>) {
    first(family);
}

fn main() {}
