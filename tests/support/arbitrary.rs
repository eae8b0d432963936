//! Arbitrary metric families, with names, labels and values known only at run time, and the ways to
//! write them.

#![allow(dead_code, reason = "no test crate needs all of it")]

#[path = "arbitrary/values.rs"]
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hello_exporter::collect::{
    Collect, Declaration, Desc, Describe, FamilyEncoder, Init, Metric, MetricType,
};
use hello_exporter::collect::{Sample, SampleValue, ToSample};
use hello_exporter::{
    CounterVec, Family as LiveFamily, GaugeVec, HistogramSnapshot, HistogramVec, Info, LabelValue,
    RegisterError, Registry, StateSet, SummarySnapshot,
};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;
use values::{
    float, help, increment, label_name, label_values, name, number, short_text, suffixed, text,
    time,
};

/// A family with all its series.
#[derive(Clone, Debug)]
pub(crate) struct Family {
    pub(crate) name: String,
    pub(crate) help: String,
    pub(crate) metric_type: MetricType,
    pub(crate) unit: Option<String>,
    /// At most two.
    pub(crate) labels: Vec<String>,
    pub(crate) const_labels: Vec<(String, String)>,
    pub(crate) series: Vec<Series>,
    way: Way,
}

/// A series, with one or more samples.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub(crate) labels: Vec<String>,
    pub(crate) content: Content,
    /// In milliseconds since the Unix epoch.
    pub(crate) time: Option<i64>,
    /// The labels of an exemplar.
    pub(crate) exemplar: Option<BTreeMap<String, String>>,
}

/// The value of a series, by type.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    Number(SampleValue),
    /// With cumulative buckets, by upper bound.
    Histogram {
        buckets: Vec<(f64, u64)>,
        sum: f64,
        count: u64,
    },
    Summary {
        quantiles: Vec<(f64, f64)>,
        sum: f64,
        count: u64,
    },
    /// Has a bit for each of [`State::STATES`].
    States(u8),
}

/// How a family is written.
#[derive(Clone, Debug)]
enum Way {
    /// Sample by sample.
    ByHand,
    /// As a map of plain values.
    Map,
    /// `u64` counters, `i64` gauges, an info or a state set.
    Live,
    /// `f64` counters and gauges.
    LiveFloats,
    /// Histograms: their bounds, and the observations of each series.
    Observed(Vec<f64>, Vec<Vec<f64>>),
}

#[derive(LabelValue, Clone, Copy)]
pub(crate) enum State {
    Plain,
    #[label(name = "{=#}")]
    Braces,
    #[label(name = "\\\"\n,}")]
    Nasty,
    #[label(name = "héllo 😀")]
    NonAscii,
}

impl State {
    const ALL: [Self; 4] = [Self::Plain, Self::Braces, Self::Nasty, Self::NonAscii];
}

impl Describe for Family {
    fn describe(&self) -> Vec<Desc> {
        let desc = Desc::new(self.name.clone(), self.help.clone(), self.metric_type)
            .with_labels(self.labels.clone())
            .with_const_labels(self.const_labels.clone());
        vec![match &self.unit {
            Some(unit) => desc.with_unit(unit.clone()),
            None => desc,
        }]
    }
}

impl Collect for Family {
    fn collect(&self, _: usize, encoder: &mut FamilyEncoder<'_>) {
        match self.labels.len() {
            0 => self.write::<0>(encoder),
            1 => self.write::<1>(encoder),
            _ => self.write::<2>(encoder),
        }
    }
}

impl Family {
    /// Returns the name without the suffix that OpenMetrics removes.
    pub(crate) fn base(&self) -> &str {
        let suffix = match self.metric_type {
            MetricType::Counter => "_total",
            MetricType::Info => "_info",
            _ => return &self.name,
        };
        let base = self.name.strip_suffix(suffix);
        base.filter(|base| !base.is_empty()).unwrap_or(&self.name)
    }

    fn write<const N: usize>(&self, encoder: &mut FamilyEncoder<'_>) {
        let names: [&str; N] = array(&self.labels);
        match (&self.way, self.metric_type) {
            (Way::ByHand, _) => self.by_hand::<N>(encoder),
            (Way::Map, _) => self.map::<N>().collect(encoder),
            (Way::Observed(bounds, observed), _) => {
                self.histograms(names, bounds, observed).collect(encoder);
            }
            (Way::Live, MetricType::Counter) => self.counters(names).collect(encoder),
            (Way::LiveFloats, MetricType::Counter) => self.float_counters(names).collect(encoder),
            (Way::Live, MetricType::Gauge) => self.gauges(names).collect(encoder),
            (Way::LiveFloats, MetricType::Gauge) => self.float_gauges(names).collect(encoder),
            (Way::Live, MetricType::Info) => self.info::<N>(encoder),
            (Way::Live | Way::LiveFloats, _) => self.states().collect(encoder),
        }
    }

    fn by_hand<const N: usize>(&self, encoder: &mut FamilyEncoder<'_>) {
        for (labels, value) in self.map::<N>() {
            encoder.sample(labels, value.sample().expect("a sample"));
        }
    }

    fn map<const N: usize>(&self) -> BTreeMap<[&str; N], Plain> {
        self.series.iter().map(|series| (array(&series.labels), Plain::from(series))).collect()
    }

    /// Returns the labels and the number of each series, with the series itself.
    fn numbers<const N: usize>(&self) -> impl Iterator<Item = ([&str; N], SampleValue, &Series)> {
        self.series.iter().filter_map(|series| match series.content {
            Content::Number(number) => Some((array(&series.labels), number, series)),
            _ => None,
        })
    }

    fn counters<const N: usize>(&self, names: [&str; N]) -> CounterVec<N> {
        let counters = CounterVec::new(names);
        for (labels, number, series) in self.numbers() {
            let SampleValue::U64(value) = number else { continue };
            match series.exemplar() {
                Some(exemplar) => counters.with(labels).inc_by_with_exemplar(value, &exemplar),
                None => counters.with(labels).inc_by(value),
            }
        }
        counters
    }

    fn float_counters<const N: usize>(&self, names: [&str; N]) -> CounterVec<N, f64> {
        let counters = CounterVec::from(names);
        for (labels, number, series) in self.numbers() {
            match series.exemplar() {
                Some(exemplar) => {
                    counters.with(labels).inc_by_with_exemplar(number.as_f64(), &exemplar);
                }
                None => counters.with(labels).inc_by(number.as_f64()),
            }
        }
        counters
    }

    fn gauges<const N: usize>(&self, names: [&str; N]) -> GaugeVec<N, i64> {
        let gauges = LiveFamily::from(names);
        for (labels, number, _) in self.numbers() {
            let SampleValue::I64(value) = number else { continue };
            gauges.with(labels).set(value);
        }
        gauges
    }

    fn float_gauges<const N: usize>(&self, names: [&str; N]) -> GaugeVec<N> {
        let gauges = GaugeVec::new(names);
        for (labels, number, _) in self.numbers() {
            gauges.with(labels).set(number.as_f64());
        }
        gauges
    }

    fn histograms<const N: usize>(
        &self,
        names: [&str; N],
        bounds: &[f64],
        observed: &[Vec<f64>],
    ) -> HistogramVec<N> {
        let histograms = HistogramVec::new(names, bounds.to_vec());
        for (series, observed) in self.series.iter().zip(observed) {
            let labels: [&str; N] = array(&series.labels);
            histograms.with(labels).init();
            for value in observed {
                histograms.with(labels).observe(*value);
            }
        }
        histograms
    }

    fn info<const N: usize>(&self, encoder: &mut FamilyEncoder<'_>) {
        let info = Info::<[&str; N]>::init(&Declaration::new(encoder.desc().clone()));
        for series in &self.series {
            info.set::<[&str; N]>(array(&series.labels));
        }
        info.collect(encoder);
    }

    fn states(&self) -> StateSet<State> {
        let set = StateSet::new();
        for series in &self.series {
            let Content::States(bits) = series.content else { continue };
            for (at, state) in State::ALL.into_iter().enumerate() {
                if is_on(bits, at) { set.enable(state) } else { set.disable(state) }
            }
        }
        set
    }
}

impl Series {
    fn exemplar(&self) -> Option<Vec<(&str, &str)>> {
        let labels = self.exemplar.as_ref()?.iter();
        Some(labels.map(|(name, value)| (name.as_str(), value.as_str())).collect())
    }
}

/// Returns whether a state of [`Content::States`] is on.
pub(crate) fn is_on(states: u8, at: usize) -> bool {
    states >> at & 1 == 1
}

/// Returns the first `N` strings.
fn array<const N: usize>(strings: &[String]) -> [&str; N] {
    std::array::from_fn(|at| strings[at].as_str())
}

/// The value of a series, in a form that a map of plain values can hold.
enum Plain {
    Number(SampleValue, Option<SystemTime>),
    Histogram(HistogramSnapshot, Option<SystemTime>),
    Summary(SummarySnapshot, Option<SystemTime>),
    Nothing,
}

impl From<&Series> for Plain {
    fn from(series: &Series) -> Self {
        let time = series.time.map(system_time);
        match series.content.clone() {
            Content::Number(number) => Self::Number(number, time),
            Content::Histogram { buckets, sum, count } => {
                let snapshot = HistogramSnapshot::new(buckets, sum, count);
                Self::Histogram(snapshot.expect("a valid histogram"), time)
            }
            Content::Summary { quantiles, sum, count } => {
                let snapshot = SummarySnapshot::new(quantiles, sum, count);
                Self::Summary(snapshot.expect("a valid summary"), time)
            }
            Content::States(_) => Self::Nothing,
        }
    }
}

impl ToSample for Plain {
    fn sample(&self) -> Option<Sample<'_>> {
        let (sample, time) = match self {
            Self::Number(number, time) => (Sample::from(*number), time),
            Self::Histogram(snapshot, time) => (snapshot.into(), time),
            Self::Summary(snapshot, time) => (snapshot.into(), time),
            Self::Nothing => return None,
        };
        Some(time.map_or(sample, |time| sample.at(time)))
    }
}

fn system_time(milliseconds: i64) -> SystemTime {
    let distance = Duration::from_millis(milliseconds.unsigned_abs());
    if milliseconds < 0 { UNIX_EPOCH - distance } else { UNIX_EPOCH + distance }
}

/// Returns a configuration with this number of cases, which are the same in each run.
pub(crate) fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1970),
        ..ProptestConfig::default()
    }
}

/// Generates any family.
pub(crate) fn family() -> impl Strategy<Value = Family> {
    let labels = btree_map(label_name(), text(), 0..5);
    let unit = option::weighted(0.3, "[a-z0-9_]{1,5}");
    (name(), unit, any::<bool>(), help(), labels, 0..3_usize, all_series()).prop_map(
        |(name, unit, is_total, help, labels, variable, (metric_type, way, series))| {
            let is_set = metric_type == MetricType::StateSet;
            let unit = unit.filter(|_| !is_set && metric_type != MetricType::Info);
            let name = suffixed(name, unit.as_deref(), is_total, metric_type);
            let reserved = |label: &str| match metric_type {
                MetricType::Histogram => label == "le",
                MetricType::Summary => label == "quantile",
                _ => is_set && label == name,
            };
            let mut const_labels: Vec<_> =
                labels.into_iter().filter(|(label, _)| !reserved(label)).collect();
            let variable = if is_set { 0 } else { variable.min(const_labels.len()) };
            let labels = const_labels.drain(..variable).map(|(label, _)| label).collect();
            Family { name, help, metric_type, unit, labels, const_labels, series: vec![], way }
                .with_series(series)
        },
    )
}

impl Family {
    /// Sets the series, sorted by their labels and without duplicates.
    fn with_series(mut self, series: Vec<([String; 2], Series)>) -> Self {
        let count = self.labels.len();
        let cut = |(labels, series): ([String; 2], Series)| {
            let labels: Vec<String> = labels.into_iter().take(count).collect();
            (labels.clone(), Series { labels, ..series })
        };
        let series: BTreeMap<Vec<String>, Series> = series.into_iter().map(cut).collect();
        self.series = series.into_values().collect();
        match &self.way {
            Way::Observed(bounds, observed) => {
                let bounds = valid_bounds(bounds);
                for (series, observed) in self.series.iter_mut().zip(observed) {
                    series.content = accumulated(&bounds, observed);
                }
            }
            Way::Live if self.metric_type == MetricType::Info => self.series.truncate(1),
            _ => {}
        }
        self
    }
}

fn valid_bounds(bounds: &[f64]) -> Vec<f64> {
    let mut bounds: Vec<f64> = bounds.iter().copied().filter(|bound| bound.is_finite()).collect();
    bounds.sort_by(f64::total_cmp);
    bounds.dedup();
    bounds
}

/// Returns the histogram of these observations; NaN belongs to the last bucket only.
fn accumulated(bounds: &[f64], observed: &[f64]) -> Content {
    let count = |bound: f64| observed.iter().filter(|value| **value <= bound).count() as u64;
    let count_of_all = observed.len() as u64;
    let buckets = bounds.iter().map(|bound| (*bound, count(*bound)));
    Content::Histogram {
        buckets: buckets.chain([(f64::INFINITY, count_of_all)]).collect(),
        sum: observed.iter().fold(0.0, |sum, value| sum + value),
        count: count_of_all,
    }
}

/// Returns a registry with the families that do not clash, and those of them that have series, in
/// the order of exposition.
pub(crate) fn registered(families: Vec<Family>) -> (Registry, Vec<Family>) {
    let registry = Registry::new();
    let mut names = BTreeSet::new();
    let mut accepted: Vec<Family> = Vec::new();
    for family in families {
        if !names.insert(family.name.clone()) {
            continue;
        }
        match registry.register(family.clone()) {
            Ok(_) => accepted.push(family),
            Err(error) => assert!(matches!(error, RegisterError::Overlap { .. }), "{error}"),
        }
    }
    accepted.retain(|family| !family.series.is_empty());
    accepted.sort_by(|one, other| one.name.cmp(&other.name));
    (registry, accepted)
}

type AllSeries = (MetricType, Way, Vec<([String; 2], Series)>);

fn all_series() -> impl Strategy<Value = AllSeries> {
    use MetricType::{Counter, Gauge, Histogram, Info, StateSet, Summary, Untyped};

    let plain_way = || prop_oneof![Just(Way::ByHand), Just(Way::Map)];
    let timed = || option::weighted(0.2, time());
    let some = |number: BoxedStrategy<SampleValue>| number.prop_map(Content::Number).boxed();
    let plain = |metric_type, content: BoxedStrategy<Content>| {
        let series = vec((label_values(), series(content, timed())), 0..5);
        (Just(metric_type), plain_way(), series).boxed()
    };
    let live = |metric_type, way: Way, content: BoxedStrategy<Content>| {
        // A state set is exposed even if no state was set, so it needs a series.
        let least = usize::from(metric_type == StateSet);
        let series = vec((label_values(), series(content, Just(None))), least..5);
        (Just(metric_type), Just(way), series).boxed()
    };
    let counters = |number: BoxedStrategy<SampleValue>, way: Way| {
        let series = with_exemplar(series(some(number), Just(None)));
        (Just(Counter), Just(way), vec((label_values(), series), 0..5)).boxed()
    };
    let one = || Just(Content::Number(SampleValue::U64(1))).boxed();
    prop_oneof![
        plain(Counter, some(number())),
        plain(Gauge, some(number())),
        plain(Untyped, some(number())),
        plain(Histogram, cumulative()),
        plain(Summary, quantiles()),
        live(Info, Way::ByHand, one()),
        live(Info, Way::Live, one()),
        live(StateSet, Way::Live, (0..16_u8).prop_map(Content::States).boxed()),
        counters(any::<u64>().prop_map(SampleValue::U64).boxed(), Way::Live),
        counters(increment().prop_map(SampleValue::F64).boxed(), Way::LiveFloats),
        live(Gauge, Way::Live, some(any::<i64>().prop_map(SampleValue::I64).boxed())),
        live(Gauge, Way::LiveFloats, some(float().prop_map(SampleValue::F64).boxed())),
        observed(),
    ]
}

fn series(
    content: BoxedStrategy<Content>,
    time: impl Strategy<Value = Option<i64>>,
) -> impl Strategy<Value = Series> {
    (content, time).prop_map(|(content, time)| Series {
        labels: vec![],
        content,
        time,
        exemplar: None,
    })
}

/// Adds an exemplar to some of the series.
///
/// The exemplars' label values contain no `}`: the Python parser takes it for the end of the
/// labels, even in quotes.
fn with_exemplar(series: impl Strategy<Value = Series>) -> impl Strategy<Value = Series> {
    let value = short_text().prop_map(|value| value.replace('}', ""));
    let exemplar = option::of(btree_map(label_name(), value, 0..3));
    (series, exemplar).prop_map(|(series, exemplar)| Series { exemplar, ..series })
}

fn observed() -> BoxedStrategy<AllSeries> {
    let all = vec((label_values(), vec(float(), 0..8)), 0..5);
    (vec(float(), 0..6), all)
        .prop_map(|(bounds, all)| {
            let (labels, observed): (Vec<_>, Vec<_>) = all.into_iter().unzip();
            let content = Content::States(0);
            let empty = Series { labels: vec![], content, time: None, exemplar: None };
            let series = labels.into_iter().map(|labels| (labels, empty.clone())).collect();
            (MetricType::Histogram, Way::Observed(bounds, observed), series)
        })
        .boxed()
}

fn cumulative() -> BoxedStrategy<Content> {
    let bounds = vec(prop_oneof![5 => float(), 1 => Just(f64::NEG_INFINITY)], 0..6);
    // Small enough that the total of seven fits in a `u64`.
    let counts = vec(0..1_u64 << 60, 7);
    (bounds, counts, float())
        .prop_map(|(bounds, counts, sum)| {
            let mut bounds: Vec<f64> = bounds.into_iter().filter(|bound| !bound.is_nan()).collect();
            bounds.retain(|bound| *bound != f64::INFINITY);
            bounds.sort_by(f64::total_cmp);
            bounds.dedup();
            let totals = counts.iter().scan(0, |total, count| {
                *total += count;
                Some(*total)
            });
            let buckets: Vec<(f64, u64)> =
                bounds.into_iter().chain([f64::INFINITY]).zip(totals).collect();
            let count = buckets[buckets.len() - 1].1;
            Content::Histogram { buckets, sum, count }
        })
        .boxed()
}

fn quantiles() -> BoxedStrategy<Content> {
    let at = prop_oneof![0.0..=1.0_f64, select(vec![-0.0, 0.0, 0.5, 0.99, 1.0])];
    (vec((at, float()), 0..5), float(), any::<u64>())
        .prop_map(|(mut quantiles, sum, count)| {
            quantiles.sort_by(|one, other| one.0.total_cmp(&other.0));
            quantiles.dedup_by(|one, other| one.0 == other.0);
            Content::Summary { quantiles, sum, count }
        })
        .boxed()
}
