//! Expansions name everything by absolute paths, so that no name in scope changes them.

#![no_implicit_prelude]
#![allow(
    clippy::unwrap_used,
    dead_code,
    missing_docs,
    non_camel_case_types,
    non_upper_case_globals,
    unused_macros,
    reason = "tests, in a hostile place"
)]

struct Option;
struct Some;
struct None;
struct Result;
struct Ok;
struct Err;
struct Box;
struct String;
struct Self_;
struct Desc;
struct Declaration;
struct Registry;
struct Prometheus;
type Vec = ();
type str = ();
type usize = ();
type f64 = ();
type bool = ();
trait Metric {}
trait Collect {}
trait Describe {}
trait Declared {}
trait Labels {}
trait LabelValue {}
trait Default {}
trait Into {}
trait FnOnce {}
mod std {}
mod core {}
mod alloc {}
mod prometheus {}
const index: u8 = 0;
const encoder: u8 = 0;
const DESCS: u8 = 0;
const FIELDS: u8 = 0;
macro_rules! vec {
    ($($any:tt)*) => {
        ::std::compile_error!("a local macro was called")
    };
}
macro_rules! matches {
    ($($any:tt)*) => {
        ::std::compile_error!("a local macro was called")
    };
}

#[derive(::hello_exporter::LabelValue)]
enum Kind {
    A,
    None,
}

#[derive(::hello_exporter::Labels)]
struct By<'a> {
    kind: Kind,
    name: &'a ::core::primitive::str,
}

#[derive(::hello_exporter::Collector)]
struct Inner {
    /// Inner.
    inner: ::hello_exporter::Counter,
}

#[derive(::hello_exporter::Collector)]
#[collector(namespace = "hostile", const_labels(k = "v"))]
struct Hostile<T: ::hello_exporter::collect::Init> {
    /// Generic.
    generic: T,
    #[metric(help = "Value.", gauge)]
    value: ::core::primitive::f64,
    #[metric(name = "seconds", unit = "seconds", help = "Histogram.", buckets = [1], max_series = 5)]
    histogram: ::hello_exporter::Family<By<'static>, ::hello_exporter::Histogram>,
    #[metric(flatten, prefix = "in_")]
    inner: Inner,
    #[metric(skip)]
    skipped: ::core::primitive::u8,
}

#[derive(::hello_exporter::Labels)]
#[label(utf8)]
struct ByText {
    #[label(name = "a.kind")]
    kind: Kind,
}

#[derive(::hello_exporter::Collector)]
#[collector(utf8, const_labels("a.zone" = "v"))]
struct HostileNames {
    #[metric(name = "hostile.names", help = "Names.")]
    names: ::hello_exporter::Family<ByText, ::hello_exporter::Gauge>,
    #[metric(flatten)]
    inner: Inner,
}

#[test]
fn hostile_prelude_changes_nothing() {
    let hostile = Hostile::<::hello_exporter::Gauge>::new(1);
    ::std::assert_eq!(hostile.skipped, 1);
    hostile.histogram.with(By { kind: Kind::A, name: "b" }).observe(0.5);
    let _ = Kind::None;
    let registry = ::hello_exporter::Registry::new();
    ::std::result::Result::unwrap(registry.register(hostile));
    ::hello_exporter_tests::assert_golden(
        "expositions/hostile_prelude.txt",
        &::hello_exporter_tests::exposition(&registry),
    );
}
