//! Metric families whose names are known at run time only.

// Only an exporter exposes the counters of dropped samples, which the tests read.
#[cfg(all(test, feature = "server"))]
mod tests;

mod label_positions;

use std::borrow::Cow;
use std::collections::HashMap;

use self::label_positions::{LabelPositions, label_values};
use super::owned::OwnedSample;
use super::to_sample::ToSample;
use crate::collect::live::{Liveness, of_declared};
use crate::collect::new::{New, WithNew};
use crate::collect::{Collect, Declared, Describe};
use crate::desc::{Desc, MetricType};
use crate::encode::FamilyEncoder;
use crate::labels::LabelValue;

/// Plain values in metric families whose names or labels are known at run time only, e.g. the
/// fields that a kernel or a server happens to have, or the columns of a configured query.
///
/// A [source](crate::Exporter::source_fn) or a [registered function](crate::Registry::register_fn)
/// can return it, just like a struct. A metric whose name is known belongs in a struct that derives
/// [`Collector`](macro@crate::Collector), where the compiler finds mistakes; a field with
/// `#[metric(flatten)]` combines both.
///
/// ```
/// use hello_exporter::{DynamicFamilies, Format, Registry};
///
/// fn sensors() -> DynamicFamilies {
///     let mut families = DynamicFamilies::new();
///     let found = [("cpu", "core0", 48.5), ("cpu", "core1", 47.0), ("disk", "nvme0", 36.5)];
///     for (chip, sensor, celsius) in found {
///         families
///             .gauge(format!("{chip}_temperature_celsius"), format!("Temperature of a {chip}."))
///             .sample([("sensor", sensor)], celsius);
///     }
///     families.counter("sensor_reads_total", "Readings so far.").value(3);
///     families
/// }
///
/// let registry = Registry::new();
/// registry.register_fn(sensors)?;
/// let mut buffer = Vec::new();
/// registry.encode(Format::Text, &mut buffer);
/// assert_eq!(
///     String::from_utf8_lossy(&buffer),
///     "# HELP cpu_temperature_celsius Temperature of a cpu.\n\
///      ## TYPE cpu_temperature_celsius gauge\n\
///      cpu_temperature_celsius{sensor=\"core0\"} 48.5\n\
///      cpu_temperature_celsius{sensor=\"core1\"} 47\n\
///      ## HELP disk_temperature_celsius Temperature of a disk.\n\
///      ## TYPE disk_temperature_celsius gauge\n\
///      disk_temperature_celsius{sensor=\"nvme0\"} 36.5\n\
///      ## HELP sensor_reads_total Readings so far.\n\
///      ## TYPE sensor_reads_total counter\n\
///      sensor_reads_total 3\n"
/// );
/// # Ok::<(), hello_exporter::RegisterError>(())
/// ```
///
/// A family is registered at the first scrape that has it. The usual rules apply: a family with an
/// invalid name, or with a name that another collector has, is left out, named in the log, and
/// counted in `<exporter>_dropped_series_total`. [`Desc::check`] checks names before the first
/// scrape.
///
/// A family keeps the type and the help of its first scrape. If later samples have new labels, the
/// family gets these too, up to 64. Names are kept until the collector is unregistered, so do not
/// put into a name what changes: values, identifiers and paths belong in labels. A collector can
/// have 10,000 such families, or as many as `Source::families` lists if those are more.
#[derive(Clone, Debug, Default)]
pub struct DynamicFamilies {
    families: Vec<DynamicFamily>,
    /// The position in `families` of each name.
    positions: HashMap<Cow<'static, str>, usize>,
    /// See [`utf8`](Self::utf8).
    is_utf8: bool,
}

/// One family of [`DynamicFamilies`].
#[derive(Clone, Debug)]
pub struct DynamicFamily {
    /// Its labels are those of all samples so far, in the order of their first use.
    desc: Desc,
    samples: Vec<LabelledSample>,
    /// The difference between the last declaration and the first one.
    conflict: Option<Conflict>,
    dropped: Option<Box<DroppedSamples>>,
}

#[derive(Clone, Copy, Debug)]
enum Conflict {
    Type,
    Unit,
}

impl Conflict {
    const fn reason(self) -> &'static str {
        match self {
            Conflict::Type => "declared again as another type",
            Conflict::Unit => "declared again with another unit",
        }
    }
}

#[derive(Clone, Debug)]
struct LabelledSample {
    /// The values by the position of their names in the family's `desc`, up to the last one given.
    labels: Vec<Option<String>>,
    value: OwnedSample,
}

/// Samples that were dropped when they were added.
#[derive(Clone, Debug)]
struct DroppedSamples {
    count: u64,
    /// The reason for the first one.
    reason: Cow<'static, str>,
}

impl DynamicFamilies {
    /// Makes an empty collection.
    pub fn new() -> Self {
        Self::default()
    }

    /// Permits any UTF-8 text as the names of further families and of their labels, see
    /// [`Desc::utf8`].
    ///
    /// ```
    /// use hello_exporter::{DynamicFamilies, testing};
    ///
    /// let mut families = DynamicFamilies::new().utf8();
    /// families.gauge("room.temperature", "Temperature.").sample([("room.name", "hall")], 21);
    /// testing::assert_exposition(
    ///     &families,
    ///     r#"
    ///     ## HELP "room.temperature" Temperature.
    ///     ## TYPE "room.temperature" gauge
    ///     {"room.temperature","room.name"="hall"} 21
    ///     "#,
    /// );
    /// ```
    #[must_use]
    pub fn utf8(self) -> Self {
        Self { is_utf8: true, ..self }
    }

    /// Returns the counter with this name, and adds it if it is missing. If the name belongs to a
    /// family of another type, the samples added to the returned family are dropped and counted.
    pub fn counter(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        help: impl Into<Cow<'static, str>>,
    ) -> &mut DynamicFamily {
        self.family(name.into(), help.into(), MetricType::Counter)
    }

    /// Returns the gauge with this name, as [`counter`](Self::counter) does.
    pub fn gauge(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        help: impl Into<Cow<'static, str>>,
    ) -> &mut DynamicFamily {
        self.family(name.into(), help.into(), MetricType::Gauge)
    }

    /// Returns the histogram with this name, as [`counter`](Self::counter) does. Its samples are
    /// [`HistogramSnapshot`](crate::HistogramSnapshot)s.
    pub fn histogram(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        help: impl Into<Cow<'static, str>>,
    ) -> &mut DynamicFamily {
        self.family(name.into(), help.into(), MetricType::Histogram)
    }

    /// Returns the summary with this name, as [`counter`](Self::counter) does. Its samples are
    /// [`SummarySnapshot`](crate::SummarySnapshot)s.
    pub fn summary(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        help: impl Into<Cow<'static, str>>,
    ) -> &mut DynamicFamily {
        self.family(name.into(), help.into(), MetricType::Summary)
    }

    /// Returns the family of unknown type with this name, as [`counter`](Self::counter) does.
    pub fn untyped(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        help: impl Into<Cow<'static, str>>,
    ) -> &mut DynamicFamily {
        self.family(name.into(), help.into(), MetricType::Untyped)
    }

    fn family(
        &mut self,
        name: Cow<'static, str>,
        help: Cow<'static, str>,
        metric_type: MetricType,
    ) -> &mut DynamicFamily {
        let Self { families, positions, is_utf8 } = self;
        let at = *positions.entry(name.clone()).or_insert(families.len());
        if at == families.len() {
            let desc = Desc::new(name, help, metric_type);
            families.push(DynamicFamily::new(if *is_utf8 { desc.utf8() } else { desc }));
        }
        #[expect(
            clippy::indexing_slicing,
            reason = "every position in the map is that of a family"
        )]
        let family = &mut families[at];
        let is_same = family.desc.metric_type() == metric_type;
        family.conflict = (!is_same).then_some(Conflict::Type);
        family
    }
}

impl DynamicFamily {
    fn new(desc: Desc) -> Self {
        Self { desc, samples: Vec::new(), conflict: None, dropped: None }
    }

    /// Sets the unit, in which the family's name must end, see [`Desc::with_unit`]. A family with
    /// samples keeps its unit: after a call with another unit, the samples added to the returned
    /// family are dropped and counted.
    pub fn unit(&mut self, unit: impl Into<Cow<'static, str>>) -> &mut Self {
        let unit = unit.into();
        if self.desc.unit() != Some(&*unit) && self.conflict.is_none() {
            if self.samples.is_empty() {
                self.desc = self.desc.clone().with_unit(unit);
            } else {
                self.conflict = Some(Conflict::Unit);
            }
        }
        self
    }

    /// Adds a sample without labels.
    pub fn value(&mut self, value: impl ToSample) -> &mut Self {
        self.add(value, |_| Ok(Vec::new()))
    }

    /// Adds a sample with these labels, which are pairs of a name and a value.
    ///
    /// The sample's value is a number, a `bool`, a [`Duration`](std::time::Duration), a
    /// [`SystemTime`](std::time::SystemTime), a [`HistogramSnapshot`](crate::HistogramSnapshot), a
    /// [`SummarySnapshot`](crate::SummarySnapshot), or an `Option` or a
    /// [`Timestamped`](crate::Timestamped) of one. `None` adds nothing.
    ///
    /// The samples of a family can have different labels. A sample that lacks a label of another
    /// one has the empty value there, which Prometheus treats as no label.
    ///
    /// ```
    /// use hello_exporter::{DynamicFamilies, testing};
    ///
    /// let columns = vec![("table", "users"), ("state", "live")];
    /// let mut families = DynamicFamilies::new();
    /// families.gauge("pg_rows", "Rows.").sample(columns, 7).sample([("table", "groups")], 3);
    /// testing::assert_exposition(
    ///     &families,
    ///     r#"
    ///     ## HELP pg_rows Rows.
    ///     ## TYPE pg_rows gauge
    ///     pg_rows{table="users",state="live"} 7
    ///     pg_rows{table="groups",state=""} 3
    ///     "#,
    /// );
    /// ```
    ///
    /// A sample is dropped and counted if a label is given twice or has an invalid name, if its
    /// value does not fit the family's type, or if another sample has the same labels.
    pub fn sample<N: AsRef<str>, V: LabelValue>(
        &mut self,
        labels: impl IntoIterator<Item = (N, V)>,
        value: impl ToSample,
    ) -> &mut Self {
        self.add(value, |desc| label_values(desc, labels))
    }

    #[inline]
    fn add(
        &mut self,
        value: impl ToSample,
        labels: impl FnOnce(&mut Desc) -> Result<Vec<Option<String>>, String>,
    ) -> &mut Self {
        let Some(sample) = value.sample() else {
            return self;
        };
        if let Some(conflict) = self.conflict {
            return self.drop_sample(conflict.reason().into());
        }
        match labels(&mut self.desc) {
            Ok(labels) => self.samples.push(LabelledSample { labels, value: sample.into() }),
            Err(reason) => return self.drop_sample(reason.into()),
        }
        self
    }

    #[cold]
    fn drop_sample(&mut self, reason: Cow<'static, str>) -> &mut Self {
        let dropped = || Box::new(DroppedSamples { count: 0, reason });
        self.dropped.get_or_insert_with(dropped).count += 1;
        self
    }

    fn collect(&self, encoder: &mut FamilyEncoder<'_>) {
        let own_type = self.desc.metric_type();
        if encoder.desc().metric_type() == own_type {
            self.collect_samples(encoder);
        } else {
            let reason =
                format_args!("the family was registered with a type other than {own_type}");
            self.samples.iter().for_each(|_| encoder.refuse(&reason));
        }
        if let Some(dropped) = &self.dropped {
            (0..dropped.count).for_each(|_| encoder.refuse(&dropped.reason));
        }
    }

    fn collect_samples(&self, encoder: &mut FamilyEncoder<'_>) {
        let positions = LabelPositions::new(&self.desc, encoder.desc());
        let mut values = Vec::new();
        for sample in &self.samples {
            values.clear();
            match positions.push_values(&sample.labels, &mut values) {
                Ok(()) => encoder.sample_of(&values, &sample.value.as_sample()),
                Err(name) => {
                    encoder.refuse(&format_args!("label `{name}` cannot be added to the family"))
                }
            }
        }
    }
}

impl Describe for DynamicFamilies {
    fn describe(&self) -> Vec<Desc> {
        self.families.iter().map(|family| family.desc.clone()).collect()
    }
}

impl Collect for DynamicFamilies {
    fn collect(&self, index: usize, encoder: &mut FamilyEncoder<'_>) {
        if let Some(family) = self.families.get(index) {
            family.collect(encoder);
        }
    }

    fn liveness() -> impl Liveness {
        of_declared::<Self>()
    }
}

impl Declared for DynamicFamilies {
    const FAMILIES: usize = 0;
    const HAS_DYNAMIC: bool = true;
    const IS_LIVE: bool = false;
    type New = WithNew;

    fn declared() -> Vec<Desc> {
        Vec::new()
    }

    fn count_dynamic(&self) -> usize {
        self.families.len()
    }
}

impl New for DynamicFamilies {
    fn make() -> Self {
        Self::new()
    }
}
