use super::*;
use crate::metric::store::lengths::ValueLengths;
use crate::sync::modelled::RandomState;

/// Longer than the header has room for.
const LONG: usize = 128;

/// The layout of series with one label and a value of this number of words.
fn layout(value: usize, has_start: bool) -> Layout {
    Layout::new(&[0], ValueLayout { words: value, has_start, native: None }, false)
}

/// Returns the words of a record of one value, which is also its rendered labels.
fn rendered(value: &str, layout: Layout) -> Vec<u64> {
    let values = [value];
    let key = SeriesKey::new(&values, &RandomState::default()).unwrap();
    render(&key, StartTimestamp::at(value.len() as i64 - 50), value, layout).unwrap()
}

/// Returns a chunk full of records with labels of these lengths, and their offsets and labels.
fn filled(
    words: usize,
    placement: Placement,
    layout: Layout,
    lengths: impl Iterator<Item = usize>,
) -> (Chunk, Vec<(usize, String)>) {
    let chunk = Chunk::new(words, layout);
    let append = |length| {
        let labels = "x".repeat(length);
        Some((chunk.append(rendered(&labels, layout), None, placement, layout)?, labels))
    };
    let appended = lengths.map_while(append).collect();
    (chunk, appended)
}

/// Asserts that the record has these labels, their length, and the start timestamp of `rendered`.
fn assert_is_rendered(record: Record<'_>, labels: &str, layout: Layout) {
    assert_eq!(record.labels(), labels.as_bytes());
    let lengths = ValueLengths::of(record, 1, layout).unwrap();
    assert_eq!(lengths.collect::<Vec<_>>(), [labels.len()]);
    assert_eq!(record.lengths(layout).len(), usize::from(labels.len() >= LONG));
    let start = record.start(layout).map(StartTimestamp::to_bits);
    let expected = (labels.len() as i64 - 50).cast_unsigned();
    assert_eq!(start, (layout.start_bytes > 0).then_some(expected));
}

#[test]
fn records_of_every_length_are_read_back_without_gaps() {
    let placements = [Placement::Alone, Placement::Packed];
    for (first, placement) in (0..160).flat_map(|first| placements.map(|it| (first, it))) {
        let layout = layout(1 + first % 3, first % 2 == 0);
        let (chunk, appended) =
            filled(2_000, placement, layout, (0..160).cycle().skip(first).step_by(3));
        let mut records = chunk.records(0, chunk.end());
        let mut end = Chunk::FIRST_OFFSET;
        for (offset, labels) in &appended {
            let (found, record) = records.next_live(layout).unwrap();
            assert_eq!((found, found), (*offset, end));
            assert_is_rendered(record, labels, layout);
            record.state[0].store(labels.len() as u64, Ordering::Relaxed);
            end += record.length();
        }
        assert!(records.next_live(layout).is_none());
        for (offset, labels) in &appended {
            let record = chunk.record(*offset, layout).unwrap();
            let state = chunk.state(offset + record.value_offset(), layout).unwrap();
            assert_eq!(state[0].load(Ordering::Relaxed), labels.len() as u64);
            assert_is_rendered(record, labels, layout);
        }
    }
}

#[test]
fn copy_is_the_record_without_padding() {
    let layout = layout(2, true);
    let (chunk, appended) = filled(2_000, Placement::Alone, layout, (0..160).step_by(7));
    let copies = Chunk::new(2_000, layout);
    for (offset, labels) in &appended {
        let record = chunk.record(*offset, layout).unwrap();
        record.state[1].store(3, Ordering::Relaxed);
        let copy = record.copy();
        assert_eq!(copy.len(), record.length() - record.header.padding());
        let offset = copies.append(copy, None, Placement::Packed, layout).unwrap();
        let copy = copies.record(offset, layout).unwrap();
        assert_is_rendered(copy, labels, layout);
        assert_eq!(copy.state.iter().map(|word| word.load(Ordering::Relaxed)).max(), Some(3));
    }
}

#[test]
fn tombstones_are_passed_over() {
    let layout = layout(1, true);
    let (chunk, appended) = filled(2_000, Placement::Alone, layout, (0..160).step_by(5));
    for (offset, _) in appended.iter().step_by(2) {
        let record = chunk.record(*offset, layout).unwrap();
        assert!(record.make_tombstone());
        assert!(!record.make_tombstone());
    }
    let mut records = chunk.records(0, chunk.end());
    for (offset, labels) in appended.iter().skip(1).step_by(2) {
        let (found, record) = records.next_live(layout).unwrap();
        assert_eq!(found, *offset);
        assert_is_rendered(record, labels, layout);
    }
    assert!(records.next_live(layout).is_none());
}

/// Returns the cache lines of the values of all records, and those of all their words.
fn lines(
    placement: Placement,
    layout: Layout,
    lengths: impl Iterator<Item = usize>,
) -> Vec<[Vec<usize>; 2]> {
    let line = |word: &AtomicU64| std::ptr::from_ref(word).addr() / 64;
    let (chunk, appended) = filled(20_000, placement, layout, lengths.take(100));
    let lines = appended.iter().map(|(offset, _)| {
        let record = chunk.record(*offset, layout).unwrap();
        let all = record.body.iter().chain(record.state).chain([record.header_word]).map(line);
        [record.state.iter().map(line).collect(), all.collect()]
    });
    lines.collect()
}

#[test]
fn no_value_alone_shares_a_cache_line_with_another_record() {
    for length in 0..160 {
        let lines =
            lines(Placement::Alone, layout(1 + length % 12, true), std::iter::repeat(length));
        for (at, [value, _]) in lines.iter().enumerate() {
            let sharing = |[_, all]: &&[Vec<usize>; 2]| value.iter().any(|line| all.contains(line));
            // The first record begins in the middle of a line, the last one may end there.
            let sharing = lines.iter().filter(sharing).count();
            assert_eq!(sharing, 1, "record {at} with labels of {length} bytes");
        }
    }
}

#[test]
fn no_two_packed_values_share_a_cache_line() {
    for step in 1..30 {
        let lengths = (0..160).cycle().step_by(step);
        let lines = lines(Placement::Packed, layout(1 + step % 12, step % 2 == 0), lengths);
        for ([first, _], [second, _]) in lines.iter().zip(lines.iter().skip(1)) {
            assert!(first.last() < second.first(), "{step}");
        }
    }
}

#[test]
fn long_packed_records_have_no_padding() {
    let layout = layout(1, true);
    let (chunk, appended) = filled(2_000, Placement::Packed, layout, std::iter::repeat(58));
    let words = 1 + (58 + 6) / 8 + 1;
    assert_eq!(appended.len(), (2_000 - Chunk::FIRST_OFFSET) / words);
    assert_eq!(chunk.end(), Chunk::FIRST_OFFSET + appended.len() * words);
}
