//! An exposition is read back as the samples that were put in, and any text is read without a
//! panic.

#![no_main]

use std::collections::BTreeMap;

use hello_exporter::fuzzing::testing::{ReadSample, exposition, samples, sorted};
use hello_exporter::registry::{Encoding, Escaping};
use hello_exporter::{DynamicFamilies, Format, Registry};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Type {
    Counter,
    Gauge,
    Untyped,
}

#[derive(Arbitrary, Clone, Debug)]
struct Family {
    metric_type: Type,
    name: String,
    help: String,
    samples: Vec<(Vec<(String, String)>, Number)>,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Number {
    U64(u64),
    I64(i64),
    F64(f64),
}

impl Number {
    /// Returns the bits of the value as it is read; every NaN is the same.
    fn bits(self) -> u64 {
        bits(match self {
            Self::U64(value) => value as f64,
            Self::I64(value) => value as f64,
            Self::F64(value) => value,
        })
    }
}

fn bits(value: f64) -> u64 {
    if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() }
}

#[derive(Arbitrary, Debug)]
struct Input<'t> {
    is_utf8: bool,
    families: Vec<Family>,
    text: &'t str,
}

fuzz_target!(|input: Input<'_>| {
    check_text(input.text);
    let families = families(&input);
    let registry = Registry::new();
    let made = families.clone();
    registry.register_fn(move || made.clone()).unwrap();
    for escaping in [Escaping::Underscores, Escaping::Dots, Escaping::Values] {
        for format in [Format::Text, Format::OpenMetrics, Format::Protobuf] {
            let mut buffer = Vec::new();
            registry.encode(Encoding::new(format).escaping(escaping), &mut buffer);
            assert!(format == Format::Protobuf || str::from_utf8(&buffer).is_ok());
        }
    }
    let Ok(text) = exposition(&families) else { return };
    check_text(&text);
    assert_eq!(read(&text), put(&input), "{text}");
    let mut buffer = Vec::new();
    registry.encode(Encoding::new(Format::Text).escaping(Escaping::AllowUtf8), &mut buffer);
    // A registry limits the length of the names of dynamic families.
    if input.families.iter().all(|family| family.name.len() <= 1_024) {
        assert_eq!(str::from_utf8(&buffer), Ok(&*text));
    }
});

fn families(input: &Input<'_>) -> DynamicFamilies {
    let mut families = DynamicFamilies::new();
    if input.is_utf8 {
        families = families.utf8();
    }
    for Family { metric_type, name, help, samples } in &input.families {
        let (name, help) = (name.clone(), help.clone());
        let family = match metric_type {
            Type::Counter => families.counter(name, help),
            Type::Gauge => families.gauge(name, help),
            Type::Untyped => families.untyped(name, help),
        };
        for (labels, number) in samples {
            let labels = labels.iter().map(|(name, value)| (name, value));
            match *number {
                Number::U64(value) => family.sample(labels, value),
                Number::I64(value) => family.sample(labels, value),
                Number::F64(value) => family.sample(labels, value),
            };
        }
    }
    families
}

/// Samples as pairs that can be compared, without empty labels.
type Samples = BTreeMap<(String, Vec<(String, String)>), u64>;

fn put(input: &Input<'_>) -> Samples {
    let families = input.families.iter();
    let samples = families.flat_map(|family| family.samples.iter().map(|it| (&family.name, it)));
    samples.map(|(name, (labels, number))| (key(name, labels), number.bits())).collect()
}

fn read(text: &str) -> Samples {
    let samples = samples(text);
    let count = samples.len();
    let all: Samples = samples.into_iter().map(sample).collect();
    assert_eq!(all.len(), count, "{text}");
    all
}

fn sample(sample: ReadSample) -> ((String, Vec<(String, String)>), u64) {
    let ReadSample { name, labels, value } = sample;
    (key(&name, &labels), bits(value.unwrap()))
}

fn key(name: &str, labels: &[(String, String)]) -> (String, Vec<(String, String)>) {
    let mut labels: Vec<_> = labels.iter().filter(|it| !it.1.is_empty()).cloned().collect();
    labels.sort();
    (name.to_owned(), labels)
}

/// Checks that the order in which tests compare lines loses none.
fn check_text(text: &str) {
    samples(text);
    let mut all: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let mut same = sorted(text);
    all.sort_unstable();
    same.sort_unstable();
    assert_eq!(same, all);
}
