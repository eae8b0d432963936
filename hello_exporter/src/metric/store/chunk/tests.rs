use super::*;

const LAYOUT: Layout = Layout { front: 3, has_start: true, value: 1, state: 1, has_native: false };
const START: StartTimestamp = StartTimestamp::from_bits(7);

/// Returns a chunk full of records with labels of these lengths, and their offsets and labels.
fn filled(words: usize, lengths: impl Iterator<Item = usize>) -> (Chunk, Vec<(usize, String)>) {
    let chunk = Chunk::new(words, LAYOUT);
    let labels = lengths.map(|length| "x".repeat(length));
    let append = |labels: String| {
        let lengths = [labels.len() as u64].into_iter();
        let record = render(7, lengths, START, &labels, LAYOUT)?;
        Some((chunk.append(record, None, LAYOUT)?, labels))
    };
    let appended = labels.map_while(append).collect();
    (chunk, appended)
}

#[test]
fn records_of_every_length_are_read_back_without_gaps() {
    for first in 0..80 {
        let (chunk, appended) = filled(1_000, (0..80).cycle().skip(first).step_by(3));
        let mut records = chunk.records(0, chunk.end());
        let mut end = Chunk::FIRST_OFFSET;
        for (offset, labels) in &appended {
            let (found, record) = records.next_live(LAYOUT).unwrap();
            assert_eq!((found, record.labels()), (*offset, labels.as_bytes()));
            assert_eq!(found, end);
            assert_eq!(record.lengths().next(), Some(labels.len() as u64));
            let start = record.start(LAYOUT).map(|word| word.load(Ordering::Relaxed));
            assert_eq!(start, Some(7));
            record.state[0].store(labels.len() as u64, Ordering::Relaxed);
            end += record.length();
        }
        assert!(records.next_live(LAYOUT).is_none());
        for (offset, labels) in &appended {
            let record = chunk.record(*offset, LAYOUT).unwrap();
            let state = chunk.state(offset + record.value_offset(), LAYOUT).unwrap();
            assert_eq!(state[0].load(Ordering::Relaxed), labels.len() as u64);
            let lengths = record.lengths().take(1);
            let mut plain = render(7, lengths, START, labels, LAYOUT).unwrap();
            plain[LAYOUT.front] = labels.len() as u64;
            assert_eq!(record.copy(), plain);
        }
    }
}

#[test]
fn no_value_shares_a_cache_line_with_another_record() {
    let line = |word: &AtomicU64| std::ptr::from_ref(word).addr() / 64;
    for length in 33..100 {
        let (chunk, appended) = filled(1_000, std::iter::repeat(length));
        let lines = appended.iter().map(|(offset, _)| {
            let record = chunk.record(*offset, LAYOUT).unwrap();
            let words = [record.front, record.state, record.labels].into_iter().flatten();
            (line(&record.state[0]), words.map(line).collect::<Vec<_>>())
        });
        let lines: Vec<_> = lines.collect();
        for (at, (value, _)) in lines.iter().enumerate() {
            let sharing = lines.iter().filter(|(_, lines)| lines.contains(value));
            assert_eq!(sharing.count(), 1, "record {at} with labels of {length} bytes");
        }
    }
}
