//! Metric families whose names are known at run time only.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::__private::{Liveness, New, WithNew, of_declared};
use crate::collect::{Collect, Declared, Describe};
use crate::desc::{Desc, MetricType};
use crate::encode::{FamilyEncoder, Sample, SampleValue};
use crate::labels::Labels;

/// Plain values in metric families whose names are known at run time only: the fields that a kernel or a server
/// happens to have.
///
/// A function that makes it is a [source](crate::Exporter::source), or is
/// [registered](crate::Registry::register_fn), as one that makes a struct is. What has a name that is known belongs in a
/// struct that derives [`Collector`](macro@crate::Collector), where mistakes are found by the compiler; both go together
/// in a field with `#[metric(flatten)]`.
///
/// ```
/// use hello_exporter::{DynamicFamilies, Format, Registry};
///
/// fn sensors() -> DynamicFamilies {
///     let mut families = DynamicFamilies::new();
///     for (chip, sensor, celsius) in [("cpu", "core0", 48.5), ("cpu", "core1", 47.0), ("disk", "nvme0", 36.5)] {
///         families
///             .gauge(format!("{chip}_temperature_celsius"), format!("Temperature of a {chip}."))
///             .labels(["sensor"])
///             .sample([sensor], celsius);
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
/// A family is taken in at the scrape that first has it, under the rules that hold for all of them: one whose name is
/// no metric name, or which another collector has, is left out, named in the log, and counted in
/// `<exporter>_dropped_series_total`. Its type, help and label names are those that it had then. Nothing of a name is
/// forgotten before the collector is unregistered, so names are not made of what changes: values, identifiers, paths
/// belong in labels. From one collector at most 10,000 are taken.
#[derive(Clone, Debug, Default)]
pub struct DynamicFamilies {
    families: Vec<DynamicFamily>,
    /// Where in `families` a name stands.
    positions: HashMap<Cow<'static, str>, usize>,
}

/// One family of [`DynamicFamilies`].
#[derive(Clone, Debug)]
pub struct DynamicFamily {
    desc: Desc,
    samples: Vec<(Vec<String>, SampleValue)>,
    /// Whether it was last declared as another one than the first time.
    is_another: bool,
    /// How many samples were given to it as to another one.
    misfits: u64,
}

impl DynamicFamilies {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// The counter of this name, which is made if it is not here yet. Where the name is that of another type already,
    /// what is added is dropped and counted.
    pub fn counter(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        help: impl Into<Cow<'static, str>>,
    ) -> &mut DynamicFamily {
        self.family(name.into(), help.into(), MetricType::Counter)
    }

    /// The gauge of this name, as [`counter`](Self::counter).
    pub fn gauge(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        help: impl Into<Cow<'static, str>>,
    ) -> &mut DynamicFamily {
        self.family(name.into(), help.into(), MetricType::Gauge)
    }

    /// The metric of this name whose type nobody knows, as [`counter`](Self::counter).
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
        let Self { families, positions } = self;
        let at = *positions.entry(name.clone()).or_insert(families.len());
        if at == families.len() {
            families.push(DynamicFamily::new(Desc::new(name, help, metric_type)));
        }
        // Every position is one.
        #[expect(
            clippy::indexing_slicing,
            reason = "the family was pushed, now or when its position was kept"
        )]
        let family = &mut families[at];
        family.is_another = family.desc.metric_type() != metric_type;
        family
    }
}

impl DynamicFamily {
    fn new(desc: Desc) -> Self {
        Self { desc, samples: Vec::new(), is_another: false, misfits: 0 }
    }

    /// Names the labels, in the order of the values that [`sample`](Self::sample) takes. Once there are samples, the
    /// names stand.
    pub fn labels<N: Into<Cow<'static, str>>>(
        &mut self,
        names: impl IntoIterator<Item = N>,
    ) -> &mut Self {
        self.describe(|desc| desc.with_labels(names))
    }

    /// Names the unit, in which the family's name has to end, see [`Desc::with_unit`].
    pub fn unit(&mut self, unit: impl Into<Cow<'static, str>>) -> &mut Self {
        self.describe(|desc| desc.with_unit(unit))
    }

    fn describe(&mut self, change: impl FnOnce(Desc) -> Desc) -> &mut Self {
        let changed = change(self.desc.clone());
        match self.samples.is_empty() && !self.is_another {
            true => self.desc = changed,
            false => self.is_another |= changed != self.desc,
        }
        self
    }

    /// Adds the sample of a family without labels.
    pub fn value(&mut self, value: impl Into<SampleValue>) -> &mut Self {
        self.add(Vec::new(), value.into())
    }

    /// Adds a sample: as many label values as the family has labels, and the value.
    ///
    /// One with another number of labels, or with labels that are there already, is dropped and counted, see
    /// [`FamilyEncoder::sample`].
    pub fn sample(&mut self, labels: impl Labels, value: impl Into<SampleValue>) -> &mut Self {
        let owned = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        self.add(labels.with_values(owned), value.into())
    }

    fn add(&mut self, labels: Vec<String>, value: SampleValue) -> &mut Self {
        match self.is_another {
            true => self.misfits += 1,
            false => self.samples.push((labels, value)),
        }
        self
    }

    fn collect(&self, encoder: &mut FamilyEncoder<'_>) {
        let registered = encoder.desc();
        let is_same = registered.metric_type() == self.desc.metric_type()
            && registered.labels() == self.desc.labels();
        for (labels, value) in &self.samples {
            let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
            match is_same {
                true => encoder.sample_of(&labels, &Sample::from(*value)),
                false => encoder.misfit(),
            }
        }
        (0..self.misfits).for_each(|_| encoder.misfit());
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
    const HAS_LATE: bool = true;
    const IS_LIVE: bool = false;
    type New = WithNew;

    fn declared() -> Vec<Desc> {
        Vec::new()
    }

    fn late(&self, visit: &mut dyn FnMut(&Desc, u64)) {
        for family in &self.families {
            visit(&family.desc, family.samples.len() as u64 + family.misfits);
        }
    }

    fn collect_late(&self, position: &mut usize, encoder: &mut FamilyEncoder<'_>) -> bool {
        if let Some(family) = self.families.get(*position) {
            family.collect(encoder);
            return true;
        }
        *position -= self.families.len();
        false
    }
}

impl New for DynamicFamilies {
    fn make() -> Self {
        Self::new()
    }
}
