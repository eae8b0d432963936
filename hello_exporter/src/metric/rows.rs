//! Rows: one struct of metrics for each of many things.

use crate::collect::live::{Liveness, of_declared};
use crate::collect::new::{New, WithNew};
use crate::collect::{Collect, Declared, Describe, FieldError};
use crate::desc::Desc;
use crate::encode::FamilyEncoder;
use crate::labels::Labels;

/// A struct of metrics for each of many things: databases, replicas, devices. The labels `L`, a
/// struct that derives [`Labels`](macro@crate::Labels), identify them; `M` derives
/// [`Collector`](macro@crate::Collector).
///
/// Every field of `M` is one family, with the samples of all rows. The labels of the row precede
/// the field's own labels. A `Rows` can be a field with `#[metric(flatten)]`, be registered, or be
/// returned by a source.
///
/// ```
/// use hello_exporter::{Collector, Labels, Rows, testing};
///
/// #[derive(Labels)]
/// struct Disk {
///     device: String,
/// }
///
/// #[derive(Collector)]
/// struct DiskMetrics {
///     /// Bytes read.
///     #[metric(counter)]
///     read_bytes_total: u64,
///
///     /// Whether the disk spins, if it can.
///     spins: Option<bool>,
/// }
///
/// #[derive(Collector)]
/// #[collector(namespace = "disk")]
/// struct Disks {
///     #[metric(flatten)]
///     disks: Rows<Disk, DiskMetrics>,
/// }
///
/// let found = [("sda", 4096, Some(true)), ("nvme0n1", 512, None)];
/// let row = |(device, read_bytes_total, spins): (&str, _, _)| {
///     (Disk { device: device.to_owned() }, DiskMetrics { read_bytes_total, spins })
/// };
/// testing::assert_exposition(
///     &Disks { disks: found.into_iter().map(row).collect() },
///     r#"
///     ## HELP disk_read_bytes_total Bytes read.
///     ## TYPE disk_read_bytes_total counter
///     disk_read_bytes_total{device="sda"} 4096
///     disk_read_bytes_total{device="nvme0n1"} 512
///     ## HELP disk_spins Whether the disk spins, if it can.
///     ## TYPE disk_spins gauge
///     disk_spins{device="sda"} 1
///     "#,
/// );
/// ```
///
/// Registration refuses an `M` with a label that `L` has too. If rows have the same labels, the
/// first sample of each series is exposed, and the others are counted as duplicates.
#[derive(Clone, Debug)]
pub struct Rows<L, M>(Vec<(L, M)>);

impl<L, M> Rows<L, M> {
    /// Makes an empty collection.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a row.
    pub fn push(&mut self, labels: L, metrics: M) {
        self.0.push((labels, metrics));
    }

    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Iterates over the rows, in the order in which they were added.
    ///
    /// ```
    /// use hello_exporter::{Collector, Counter, Labels, Rows};
    ///
    /// #[derive(Labels)]
    /// struct Worker {
    ///     worker: u8,
    /// }
    ///
    /// #[derive(Collector)]
    /// struct WorkerMetrics {
    ///     /// Jobs done.
    ///     jobs_total: Counter,
    /// }
    ///
    /// // Live metrics are updated in their rows.
    /// let workers: Rows<Worker, WorkerMetrics> =
    ///     (0..4).map(|worker| (Worker { worker }, WorkerMetrics::new())).collect();
    /// for (_, metrics) in &workers {
    ///     metrics.jobs_total.inc();
    /// }
    /// assert_eq!(workers.iter().map(|(_, metrics)| metrics.jobs_total.get()).sum::<u64>(), 4);
    /// ```
    pub fn iter(&self) -> std::slice::Iter<'_, (L, M)> {
        self.0.iter()
    }
}

impl<'r, L, M> IntoIterator for &'r Rows<L, M> {
    type Item = &'r (L, M);
    type IntoIter = std::slice::Iter<'r, (L, M)>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<L, M> IntoIterator for Rows<L, M> {
    type Item = (L, M);
    type IntoIter = std::vec::IntoIter<(L, M)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<L, M> Default for Rows<L, M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<L, M> FromIterator<(L, M)> for Rows<L, M> {
    fn from_iter<I: IntoIterator<Item = (L, M)>>(rows: I) -> Self {
        Self(rows.into_iter().collect())
    }
}

impl<L, M> Extend<(L, M)> for Rows<L, M> {
    fn extend<I: IntoIterator<Item = (L, M)>>(&mut self, rows: I) {
        self.0.extend(rows);
    }
}

impl<L: Labels, M: Declared> Describe for Rows<L, M> {
    fn describe(&self) -> Vec<Desc> {
        Self::declared()
    }
}

impl<L: Labels, M: Declared> Collect for Rows<L, M> {
    fn collect(&self, index: usize, encoder: &mut FamilyEncoder<'_>) {
        for (labels, metrics) in &self.0 {
            labels.with_values(|values| encoder.within(values, |row| metrics.collect(index, row)));
        }
    }

    fn verify(&self) -> Result<(), FieldError> {
        self.0.iter().try_for_each(|(_, metrics)| metrics.verify())
    }

    fn liveness() -> impl Liveness {
        of_declared::<Self>()
    }
}

impl<L: Labels, M: Declared> Declared for Rows<L, M> {
    const FAMILIES: usize = {
        assert!(
            L::NAMES.is_some(),
            "the labels of `Rows` need names: a struct that derives `Labels`"
        );
        assert!(!M::HAS_DYNAMIC, "the families of `Rows` need names that are declared");
        M::FAMILIES
    };
    const IS_LIVE: bool = M::IS_LIVE;
    type New = WithNew;

    fn declared() -> Vec<Desc> {
        let row_labels = L::NAMES.unwrap_or_default();
        let of_row = |desc: Desc| desc.with_row_labels(row_labels, L::VALUES);
        M::declared().into_iter().map(of_row).collect()
    }
}

impl<L, M> New for Rows<L, M> {
    fn make() -> Self {
        Self::new()
    }
}
