//! A body in gzip is decompressed to the same bytes, whatever is remembered of those before it, and
//! whether it is compressed as a whole or in parts.

#![no_main]

use hello_exporter::fuzzing::respond::gzip_and_back;
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

/// The values of labels. Lines have them in common, in whole or in part.
const VALUES: [&str; 8] =
    ["", "GET", "PUT", "/api/v1/items/17", "/api/v1/items", "é\\\"} 1", "x", "a\\n"];

#[derive(Arbitrary, Debug)]
enum Body {
    Bytes(Vec<u8>),
    /// Lines, and how often they are repeated.
    Lines(Vec<Line>, u8),
}

/// A series and its value.
#[derive(Arbitrary, Clone, Copy, Debug)]
struct Line {
    labels: [u8; 2],
    repeated: u8,
    value: Value,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Value {
    Small(u8),
    Large(u64),
    Float(f64),
    Comment,
}

impl Line {
    fn write(self, out: &mut String) {
        let [one, other] = self.labels.map(|label| VALUES[usize::from(label) % VALUES.len()]);
        let key = format!("name{{a=\"{one}\",b=\"{}\"}}", other.repeat(self.repeated.into()));
        let line = match self.value {
            Value::Small(value) => format!("{key} {value}\n"),
            Value::Large(value) => format!("{key} {value}\n"),
            Value::Float(value) => format!("{key} {value:?}\n"),
            Value::Comment => format!("# HELP {key}\n"),
        };
        out.push_str(&line);
    }
}

impl From<Body> for Vec<u8> {
    fn from(body: Body) -> Self {
        match body {
            Body::Bytes(bytes) => bytes,
            Body::Lines(lines, repeated) => {
                let mut text = String::new();
                lines.iter().for_each(|line| line.write(&mut text));
                text.repeat(1 + usize::from(repeated) / 8).into_bytes()
            }
        }
    }
}

/// Returns 0 for 0, and else a length of parts that is not tiny: a body of many parts is slow.
fn part_length(any: u16) -> u16 {
    if any == 0 { 0 } else { any.max(1_000) }
}

fuzz_target!(|bodies: Vec<(Body, u16)>| {
    let bodies: Vec<(Vec<u8>, u16)> =
        bodies.into_iter().map(|(body, part)| (body.into(), part_length(part))).collect();
    for (decompressed, (body, _)) in gzip_and_back(&bodies).unwrap().iter().zip(&bodies) {
        assert!(decompressed == body);
    }
});
