//! What is compressed is what is decompressed, whatever is remembered.

use std::io::Read;

use super::*;

fn decompressed(gzip: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    let mut decoder = flate2::read::GzDecoder::new(gzip);
    decoder.read_to_end(&mut body).unwrap();
    assert_eq!(decoder.into_inner(), b"", "bytes after the member");
    body
}

/// Compresses bodies one after the other, and returns the numbers of compressed bytes, and of keys
/// that were searched for.
fn compressed(bodies: &[impl AsRef<[u8]>]) -> Vec<(usize, usize)> {
    let mut gzip = Gzip::default();
    let sizes = bodies.iter().enumerate().map(|(number, body)| {
        let body = body.as_ref();
        let mut out = b"before".to_vec();
        gzip.compress(body, &mut out);
        let (before, out) = out.split_at(6);
        assert_eq!(before, b"before");
        let start = String::from_utf8_lossy(body.get(..50).unwrap_or(body));
        assert!(decompressed(out) == body, "body {number} of {} bytes: {start:?}", body.len());
        (out.len(), gzip.memory.new_keys())
    });
    sizes.collect()
}

/// Returns a family of series with these numbers and values.
fn family(series: impl IntoIterator<Item = (usize, f64)>) -> String {
    let mut text = "# HELP requests_total Requests.\n# TYPE requests_total counter\n".to_owned();
    for (number, value) in series {
        let (method, path) = (["GET", "PUT"][number % 2], number * 7 % 1_000);
        text += &format!(
            "requests_total{{method=\"{method}\",path=\"/api/v1/{path}\",number=\"{number}\"}} {value}\n"
        );
    }
    text
}

#[test]
fn any_text_is_compressed() {
    let long = "x".repeat(70_000);
    let numbers: String = (0..40_000).map(|number| format!("{number:x}")).collect();
    let bodies = [
        "",
        "\n",
        "a",
        "a 1",
        "a 1\n",
        "\n\n\n",
        "# a comment",
        "a{b=\"c} d\\\" \"} 1 # {e=\"f\"} 2\n",
        &long,
        &numbers,
    ];
    compressed(&bodies);
    let reversed: Vec<&str> = bodies.iter().rev().copied().collect();
    compressed(&reversed);
    for body in bodies {
        compressed(&[body, body, "another 1\n", body]);
    }
}

#[test]
fn any_bytes_are_compressed() {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    };
    let noise: Vec<u8> = (0..70_000).map(|_| next()).collect();
    let (zeros, newlines) = (vec![0; 50_000], vec![b'\n'; 50_000]);
    compressed(&[&noise, &zeros, &noise, &newlines, &zeros, &noise]);
}

#[test]
fn matches_are_searched_only_in_new_lines() {
    let series = |range: std::ops::Range<usize>, value| range.map(move |number| (number, value));
    let without = |text: &str, part: &str| -> String {
        text.split_inclusive('\n').filter(|line| !line.contains(part)).collect()
    };
    let all = family(series(0..1_000, 1.0));
    let bodies = [
        all.clone(),
        family(series(0..1_000, 12_345.5)),
        family(series(0..1_001, 0.25)),
        family(series(0..1_001, 0.25)),
        without(&all, "number=\"500\""),
        all,
    ];
    let searched: Vec<usize> = compressed(&bodies).iter().map(|(_, searched)| *searched).collect();
    // Besides the new lines, those that had a match beyond them.
    assert_eq!(searched[1..4], [0, 1, 0]);
    assert!(searched[4] < 150 && searched[5] < 150, "{searched:?}");
}

#[test]
fn expositions_become_smaller_than_with_zlib() {
    let zlib = |body: &[u8]| {
        let mut out = Vec::new();
        let level = flate2::Compression::new(2);
        flate2::read::GzEncoder::new(body, level).read_to_end(&mut out).unwrap();
        out.len()
    };
    for number in [10, 1_000, 20_000] {
        let body = family((0..number).map(|at| (at * 31 % number, (at * at % 10_007) as f64)));
        let sizes = compressed(&[&body, &body]);
        assert!(
            sizes[1].0 < zlib(body.as_bytes()) + 60,
            "{number}: {sizes:?}, {}",
            zlib(body.as_bytes())
        );
    }
}

/// Compresses a body after one with the same lines, handed over in parts of these lengths. Returns
/// the most bytes that the buffer had.
fn streamed(before: &str, body: &str, lengths: &[usize]) -> usize {
    let mut gzip = Gzip::default();
    let mut out = Vec::new();
    assert!(!gzip.has_codes());
    gzip.compress(before.as_bytes(), &mut out);
    assert!(gzip.has_codes());
    out.clear();
    let mut stream = gzip.begin(&mut out);
    let (mut buffer, mut most) = (Vec::new(), 0);
    let mut rest = body.as_bytes();
    for length in lengths.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (part, later) = rest.split_at(rest.len().min(*length));
        rest = later;
        buffer.extend_from_slice(part);
        most = most.max(buffer.len());
        gzip.compress_lines(&mut stream, &mut buffer, &mut out);
    }
    gzip.end(stream, &buffer, &mut out);
    assert!(decompressed(&out) == body.as_bytes(), "parts of {lengths:?}");
    // The memory is that of a body that was not in parts.
    let next = |gzip: &mut Gzip| {
        gzip.compress(before.as_bytes(), &mut Vec::new());
        gzip.memory.new_keys()
    };
    let mut whole = Gzip::default();
    whole.compress(before.as_bytes(), &mut Vec::new());
    whole.compress(body.as_bytes(), &mut Vec::new());
    assert_eq!(next(&mut gzip), next(&mut whole));
    most
}

#[test]
fn body_in_parts_is_the_same_body() {
    let series = |range: std::ops::Range<usize>, factor: usize| {
        family(range.map(|number| (number, (number * factor) as f64 / 8.0)))
    };
    let (one, other) = (series(0..3_000, 1), series(0..3_000, 77_777));
    assert!(other.len() > 200_000);
    streamed(&one, &one, &[1_000_000]);
    streamed(&one, &other, &[64, 1, 7_000, 33_333]);
    streamed(&one, &series(1_000..2_000, 3), &[50_000]);
    streamed(&one, &(series(100..2_500, 1) + &series(0..700, 9)), &[1_000, 40_000]);
    // All zeros are one long match. Lines without an end and without a value stay in the buffer.
    let zeros = series(0..3_000, 0);
    streamed(&zeros, &zeros, &[10_000]);
    streamed(&one, &"x".repeat(50_000), &[30_000]);
    streamed(&one, &"\n".repeat(50_000), &[30_000]);
}

#[test]
fn finished_parts_are_not_kept() {
    let body = family((0..6_000).map(|number| (number, 1.0)));
    let most = streamed(&body, &body, &[10_000]);
    assert!(body.len() > 10 * WINDOW && most < 3 * WINDOW, "{most}");
}

#[test]
fn blocks_begin_at_and_within_parts() {
    let lines =
        |number: usize| -> String { (0..number).map(|at| format!("a{at:06} 1\n")).collect() };
    let before = lines(20_000);
    for (number, length) in
        [(16_383, 163_840), (16_384, 163_841), (16_385, 163_840), (40_000, 50_000)]
    {
        streamed(&before, &lines(number), &[length]);
    }
}

#[test]
fn long_lines_are_streamed() {
    let line = |number: usize| format!("a{{b=\"{number}{}\"}} 1\n", "c".repeat(70_000));
    let body: String = (0..5).map(line).collect();
    streamed(&body, &body, &[100_000]);
}

#[test]
fn long_value_repeats_from_before_the_known_lines() {
    let short: String = (0..300).map(|number| format!("b{number} 1\n")).collect();
    let body = format!("a 123456789\n{short}c 123456789\nd 1\n");
    compressed(&[&body, &body]);
}

#[test]
fn abandoned_stream_leaves_no_trace() {
    let body = family((0..1_000).map(|number| (number, 1.0)));
    let mut gzip = Gzip::default();
    gzip.compress(body.as_bytes(), &mut Vec::new());
    let mut stream = gzip.begin(&mut Vec::new());
    let mut half = body.as_bytes()[..body.len() / 2].to_vec();
    gzip.compress_lines(&mut stream, &mut half, &mut Vec::new());
    let mut out = Vec::new();
    assert!(gzip.compress(body.as_bytes(), &mut out));
    assert!(decompressed(&out) == body.as_bytes());
    assert_eq!(gzip.memory.new_keys(), 0);
}
