//! Native histograms as encoders read them.

/// A native histogram at one moment, without its sum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct NativePoint<'a> {
    pub(crate) schema: i8,
    pub(crate) zero_threshold: f64,
    pub(crate) zero_count: u64,
    /// The number of all observations, NaN included.
    pub(crate) count: u64,
    pub(crate) positive: SparseBuckets<'a>,
    pub(crate) negative: SparseBuckets<'a>,
}

/// The buckets of one sign, without most of the empty ones.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct SparseBuckets<'a> {
    pub(crate) spans: &'a [Span],
    /// The difference of each bucket's count from the one before it; from 0 for the first one.
    pub(crate) deltas: &'a [i64],
}

/// A run of neighbouring buckets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Span {
    /// The distance from the end of the span before it. For the first span, its first index.
    pub(crate) offset: i32,
    pub(crate) length: u32,
}

/// The memory of a [`NativePoint`], which later reads reuse.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct NativeScratch {
    pub(crate) schema: i8,
    pub(crate) zero_threshold: f64,
    pub(crate) zero_count: u64,
    pub(crate) count: u64,
    pub(crate) positive: SparseScratch,
    pub(crate) negative: SparseScratch,
}

impl NativeScratch {
    /// Removes all buckets and observations.
    pub(crate) fn clear(&mut self, schema: i8, zero_threshold: f64) {
        self.schema = schema;
        self.zero_threshold = zero_threshold;
        self.zero_count = 0;
        self.count = 0;
        self.positive.counts.clear();
        self.negative.counts.clear();
    }

    /// Returns the buckets of a sign, for counts to be added.
    pub(crate) fn side(&mut self, is_negative: bool) -> &mut SparseScratch {
        if is_negative { &mut self.negative } else { &mut self.positive }
    }

    /// Returns the number of buckets that are not empty, without the zero bucket.
    pub(crate) fn populated(&self) -> usize {
        self.positive.counts.len() + self.negative.counts.len()
    }

    /// Makes spans and deltas.
    ///
    /// Without any span and with a zero threshold of 0, Prometheus takes a histogram without
    /// observations for a classic one. It gets an empty span, as in client_golang.
    pub(crate) fn finish(&mut self) {
        self.positive.finish();
        self.negative.finish();
        if self.populated() == 0 && self.zero_threshold == 0.0 && self.zero_count == 0 {
            self.positive.spans.push(Span { offset: 0, length: 0 });
        }
    }

    pub(crate) fn point(&self) -> NativePoint<'_> {
        NativePoint {
            schema: self.schema,
            zero_threshold: self.zero_threshold,
            zero_count: self.zero_count,
            count: self.count,
            positive: self.positive.buckets(),
            negative: self.negative.buckets(),
        }
    }
}

/// The memory of [`SparseBuckets`].
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct SparseScratch {
    /// Indices and counts of buckets that are not empty, each once.
    pub(crate) counts: Vec<(i32, u64)>,
    spans: Vec<Span>,
    deltas: Vec<i64>,
}

impl SparseScratch {
    fn buckets(&self) -> SparseBuckets<'_> {
        SparseBuckets { spans: &self.spans, deltas: &self.deltas }
    }

    fn finish(&mut self) {
        /// A longer gap starts a new span. Empty buckets fill a shorter one, as in client_golang.
        const LONGEST_GAP: i32 = 2;

        self.spans.clear();
        self.deltas.clear();
        self.counts.sort_unstable_by_key(|(index, _)| *index);
        let (mut next, mut previous) = (0, 0);
        for &(index, count) in &self.counts {
            let gap = index - next;
            let empty = match self.spans.last_mut() {
                Some(span) if gap <= LONGEST_GAP => {
                    span.length += gap.cast_unsigned() + 1;
                    gap
                }
                _ => {
                    self.spans.push(Span { offset: gap, length: 1 });
                    0
                }
            };
            for count in (0..empty).map(|_| 0).chain([count]) {
                self.deltas.push(count.wrapping_sub(previous).cast_signed());
                previous = count;
            }
            next = index + 1;
        }
    }
}
