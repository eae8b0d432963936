//! A cursor appends the same bytes as the methods of a vector, at every capacity.

#![no_main]

use std::array;
use std::sync::LazyLock;

use hello_exporter::collect::SampleValue;
use hello_exporter::fuzzing::encode::{CursorCall, append};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

static TEXT: LazyLock<Vec<u8>> = LazyLock::new(|| (0..=255).cycle().take(2_000).collect());

/// A part of `TEXT`. Short parts are more frequent.
#[derive(Arbitrary, Clone, Copy, Debug)]
struct Part {
    start: u8,
    length: Length,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Length {
    Short(u8),
    Long(u16),
}

impl Part {
    fn bytes(self) -> &'static [u8] {
        let length = match self.length {
            Length::Short(length) => usize::from(length) % 40,
            Length::Long(length) => usize::from(length) % 1_500,
        };
        &TEXT[self.start.into()..][..length]
    }
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Number {
    U64(u64),
    I64(i64),
    F64(f64),
    Small(u32),
}

impl From<Number> for SampleValue {
    fn from(number: Number) -> Self {
        match number {
            Number::U64(value) => value.into(),
            Number::I64(value) => value.into(),
            Number::F64(value) => value.into(),
            Number::Small(value) => value.into(),
        }
    }
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Call {
    Part(Part),
    Parts([Part; 4]),
    Number([Part; 2], Number, Part),
    ShortPrefix(u8, u8),
    LongPrefix(u8, u8),
}

/// The capacity of the vector, the bytes that it has, and the calls of each cursor.
type Input = (u16, Part, Vec<Vec<Call>>);

fuzz_target!(|input: Input| {
    let (capacity, start, cursors) = input;
    let mut out = Vec::with_capacity(usize::from(capacity) % 4_096);
    out.extend_from_slice(start.bytes());
    let mut expected = start.bytes().to_vec();
    for calls in cursors {
        let calls: Vec<CursorCall<'_>> = calls.into_iter().map(cursor_call).collect();
        append(&calls, &mut out);
        calls.iter().for_each(|call| append_simply(call, &mut expected));
        assert_eq!(out, expected);
    }
});

fn cursor_call(call: Call) -> CursorCall<'static> {
    match call {
        Call::Part(part) => CursorCall::Part([part.bytes()]),
        Call::Parts(parts) => CursorCall::Parts(parts.map(Part::bytes)),
        Call::Number(parts, number, end) => {
            CursorCall::Number(parts.map(Part::bytes), number.into(), end.bytes())
        }
        Call::ShortPrefix(first, length) => {
            CursorCall::ShortPrefix([first, 7], usize::from(length) % 4)
        }
        Call::LongPrefix(first, length) => {
            let bytes = array::from_fn(|at| first.wrapping_add(at as u8));
            CursorCall::LongPrefix(bytes, usize::from(length) % 40)
        }
    }
}

fn append_simply(call: &CursorCall<'_>, out: &mut Vec<u8>) {
    match call {
        CursorCall::Part(part) => out.extend(part.concat()),
        CursorCall::Parts(parts) => out.extend(parts.concat()),
        CursorCall::Number(parts, value, end) => {
            out.extend(parts.concat());
            out.extend(value.to_string().as_bytes());
            out.extend_from_slice(end);
        }
        CursorCall::ShortPrefix(bytes, length) => out.extend(bytes.iter().take(*length)),
        CursorCall::LongPrefix(bytes, length) => out.extend(bytes.iter().take(*length)),
    }
}
