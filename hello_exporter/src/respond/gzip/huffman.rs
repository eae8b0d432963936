//! Huffman codes: [RFC 1951, section 3.2](https://www.rfc-editor.org/rfc/rfc1951#section-3.2).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::bits::{BitEnd, Code};

/// The most bits of a code in a block.
pub(super) const MOST_BITS: u32 = 15;

/// Returns the number of bits of each symbol's code, at most `most`; 0 for a symbol that does not
/// occur. At least two symbols occur.
pub(super) fn numbers_of_bits(counts: &[u32], most: u32) -> Vec<u32> {
    let mut counts = counts.to_vec();
    loop {
        let bits = unlimited(&counts);
        if bits.iter().all(|&bits| bits <= most) {
            return bits;
        }
        // The closer the counts are, the closer are the numbers of bits.
        counts.iter_mut().filter(|count| **count > 0).for_each(|count| *count = *count / 2 + 1);
    }
}

/// Builds the tree, and returns the depth of each symbol.
fn unlimited(counts: &[u32]) -> Vec<u32> {
    let used = || counts.iter().enumerate().filter(|(_, count)| **count > 0);
    // Nodes with a number below `counts.len()` are symbols.
    let mut parents = vec![0; counts.len()];
    let mut nodes: BinaryHeap<Reverse<(u64, usize)>> =
        used().map(|(symbol, &count)| Reverse((u64::from(count), symbol))).collect();
    while let Some(Reverse((one_count, one))) = nodes.pop()
        && let Some(Reverse((other_count, other))) = nodes.pop()
    {
        let parent = parents.len();
        parents.push(parent);
        for child in [one, other] {
            if let Some(of_child) = parents.get_mut(child) {
                *of_child = parent;
            }
        }
        nodes.push(Reverse((one_count + other_count, parent)));
    }
    // A parent has a higher number than its children. The root, the last node, is its own parent.
    let mut depths = vec![0; parents.len()];
    for (node, &parent) in parents.iter().enumerate().rev().skip(1) {
        let depth = depths.get(parent).map_or(0, |depth| depth + 1);
        if let Some(of_node) = depths.get_mut(node) {
            *of_node = depth;
        }
    }
    depths.truncate(counts.len());
    for (depth, _) in depths.iter_mut().zip(counts).filter(|(_, count)| **count == 0) {
        *depth = 0;
    }
    depths
}

/// Returns the codes of these numbers of bits: RFC 1951, section 3.2.2.
pub(super) fn codes(numbers_of_bits: &[u32]) -> Vec<Code> {
    let mut codes = vec![Code::default(); numbers_of_bits.len()];
    let mut next = 0_u32;
    for count in 1..=MOST_BITS {
        next <<= 1;
        for (code, _) in codes.iter_mut().zip(numbers_of_bits).filter(|(_, of)| **of == count) {
            // A code begins with its highest bit.
            *code = Code::new(next.reverse_bits() >> (32 - count), count);
            next += 1;
        }
    }
    codes
}

/// The symbols of numbers of bits in a header, and the order of their own numbers there: RFC 1951,
/// section 3.2.7.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// The symbol that repeats the number before it, from three to six times.
const REPEAT: usize = 16;
const REPEAT_EXTRA_BITS: u32 = 2;
const LEAST_REPEATED: usize = 3;
const MOST_REPEATED: usize = 6;

/// Writes numbers of bits, all of them positive, as they are in the header of a block.
pub(super) fn write_numbers_of_bits(
    numbers: &[&[u32]],
    mut end: BitEnd,
    out: &mut Vec<u8>,
) -> BitEnd {
    let symbols = header_symbols(&numbers.concat());
    let mut counts = [0; ORDER.len()];
    for &(symbol, _) in &symbols {
        if let Some(count) = counts.get_mut(symbol) {
            *count += 1;
        }
    }
    let bits = numbers_of_bits(&counts, 7);
    let codes = codes(&bits);
    let bits_of = |symbol: usize| bits.get(symbol).copied().unwrap_or_default();
    let last = ORDER.iter().rposition(|&symbol| bits_of(symbol) > 0).unwrap_or_default();
    let written = (last + 1).max(4);
    end = end.push(Code::new(written as u32 - 4, 4));
    for &symbol in ORDER.iter().take(written) {
        end = end.push(Code::new(bits_of(symbol), 3)).written(out);
    }
    for (symbol, extra) in symbols {
        let code = codes.get(symbol).copied().unwrap_or_default();
        let count = if symbol == REPEAT { REPEAT_EXTRA_BITS } else { 0 };
        end = end.push(code.followed_by(extra, count)).written(out);
    }
    end
}

/// Returns the symbols for these numbers, each with its extra bits.
fn header_symbols(numbers: &[u32]) -> Vec<(usize, u32)> {
    let mut symbols = Vec::new();
    for run in numbers.chunk_by(|one, other| one == other) {
        let Some((&number, repeated)) = run.split_first() else { continue };
        let once = (number as usize, 0);
        symbols.push(once);
        for part in repeated.chunks(MOST_REPEATED) {
            match part.len().checked_sub(LEAST_REPEATED) {
                Some(extra) => symbols.push((REPEAT, extra as u32)),
                None => symbols.extend(part.iter().map(|_| once)),
            }
        }
    }
    symbols
}
