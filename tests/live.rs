//! Which structs `register` accepts: those whose samples can change, and those without metrics; and
//! which structs never block a scrape.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use hello_exporter::collect::{Declared, Metric, Sample, ToSample};
use hello_exporter::{
    Collector, Counter, CounterVec, DynamicFamilies, Family, Gauge, Histogram, HistogramSnapshot,
    Info, LabelValue, Labels, Rows, StateSet, SummarySnapshot, Timestamped,
};
use hello_exporter_tests::{exposition, registry_of};

#[derive(Labels)]
struct Disk {
    device: &'static str,
}

#[derive(LabelValue)]
enum State {
    On,
}

struct Celsius;

impl ToSample for Celsius {
    fn sample(&self) -> Option<Sample<'_>> {
        None
    }
}

#[derive(Collector)]
struct Values {
    /// A gauge.
    a: f64,
}

#[derive(Collector)]
struct Live {
    /// A counter.
    b_total: Counter,
}

#[derive(Collector)]
#[collector(no_new)]
struct Outer<M: Declared> {
    #[metric(flatten)]
    values: Values,
    #[metric(flatten)]
    inner: M,
}

#[derive(Collector)]
struct Nothing {}

macro_rules! live {
    ($trait:ident: $($type:ty,)*) => { facts!($trait IS_LIVE: $($type,)*) };
}

macro_rules! facts {
    ($trait:ident $fact:ident: $($type:ty,)*) => {
        [$((stringify!($type), <$type as $trait>::$fact)),*]
    };
}

#[test]
fn plain_values_are_not_live() {
    let types = live! { Metric:
        u8, u16, u32, u64, usize, i8, i16, i32, i64, isize, f32, f64, bool, Duration, SystemTime,
        HistogramSnapshot, SummarySnapshot, Timestamped<f64>, Option<u64>, &'static f64, Arc<f64>,
        Option<&'static Duration>, BTreeMap<String, u64>, HashMap<(u8, u8), Option<bool>>,
        Vec<(Disk, Timestamped<HistogramSnapshot>)>,
    };
    assert_eq!(types.iter().filter(|(_, is_live)| *is_live).collect::<Vec<_>>(), [] as [&_; 0]);
    let structs = live! { Declared:
        Values, Option<Values>, Outer<Values>, Outer<Rows<Disk, Values>>, DynamicFamilies,
        Rows<Disk, Values>, Rows<Disk, Option<Values>>, Outer<DynamicFamilies>,
    };
    assert_eq!(structs.iter().filter(|(_, is_live)| *is_live).collect::<Vec<_>>(), [] as [&_; 0]);
}

#[test]
fn metrics_and_atomics_are_live() {
    let types = live! { Metric:
        Counter, Counter<f64>, Gauge, Histogram, CounterVec<2>, Family<Disk, Gauge>, Info<Disk>,
        StateSet<State>, AtomicU64, AtomicBool, Option<AtomicU64>, &'static Gauge, Arc<Counter>,
        BTreeMap<String, AtomicU64>, HashMap<u8, Arc<AtomicU64>>, Vec<(Disk, &'static AtomicBool)>,
        BTreeMap<String, Celsius>, prometheus::IntCounter, prometheus::GaugeVec,
    };
    assert_eq!(types.iter().filter(|(_, is_live)| !*is_live).collect::<Vec<_>>(), [] as [&_; 0]);
    let structs = live! { Declared:
        Live, Option<Live>, Outer<Live>, Outer<Rows<Disk, Live>>, Rows<Disk, Live>, Nothing,
    };
    assert_eq!(structs.iter().filter(|(_, is_live)| !*is_live).collect::<Vec<_>>(), [] as [&_; 0]);
    let _ = State::On;
}

#[derive(Collector)]
#[collector(no_new)]
struct Mixed {
    /// A counter.
    c_total: Counter,
    #[metric(help = "Its samples are an author's.", labels = ["x"])]
    d: BTreeMap<String, Celsius>,
}

#[test]
fn memory_of_the_library_never_blocks() {
    let types = facts! { Metric NEVER_BLOCKS:
        Counter, Counter<f64>, Gauge, Histogram, CounterVec<2>, Family<Disk, Gauge>, Info<Disk>,
        StateSet<State>, AtomicU64, AtomicBool, Option<AtomicU64>, &'static Gauge, Arc<Counter>,
        f64, u8, bool, Duration, SystemTime, HistogramSnapshot, SummarySnapshot,
    };
    assert_eq!(types.iter().filter(|(_, never)| !*never).collect::<Vec<_>>(), [] as [&_; 0]);
    let structs = facts! { Declared NEVER_BLOCKS: Live, Values, Option<Live>, Outer<Live>, };
    assert_eq!(structs.iter().filter(|(_, never)| !*never).collect::<Vec<_>>(), [] as [&_; 0]);
}

#[test]
fn code_of_an_author_or_of_another_crate_may_block() {
    let types = facts! { Metric NEVER_BLOCKS:
        BTreeMap<String, Celsius>, BTreeMap<String, AtomicU64>, Vec<(Disk, Celsius)>,
        HashMap<u8, Arc<AtomicU64>>, Timestamped<Celsius>, Option<BTreeMap<String, Celsius>>,
        Arc<prometheus::IntCounter>, prometheus::IntCounter, prometheus::GaugeVec,
    };
    assert_eq!(types.iter().filter(|(_, never)| *never).collect::<Vec<_>>(), [] as [&_; 0]);
    let structs = facts! { Declared NEVER_BLOCKS:
        Mixed, Option<Mixed>, Outer<Mixed>, Rows<Disk, Live>, Outer<Rows<Disk, Live>>,
        DynamicFamilies, Outer<DynamicFamilies>, Nothing,
    };
    assert_eq!(structs.iter().filter(|(_, never)| *never).collect::<Vec<_>>(), [] as [&_; 0]);
}

#[test]
fn map_of_atomics_is_registered() {
    #[derive(Collector)]
    struct Queues {
        #[metric(help = "Length of a queue.", labels = ["queue"])]
        queue_length: BTreeMap<&'static str, AtomicU64>,
    }

    let queues = Arc::new(Queues { queue_length: BTreeMap::from([("mail", AtomicU64::new(0))]) });
    let registry = registry_of(Arc::clone(&queues));
    queues.queue_length["mail"].store(3, Ordering::Relaxed);
    assert_eq!(
        exposition(&registry),
        "# HELP queue_length Length of a queue.\n# TYPE queue_length gauge\n\
         queue_length{queue=\"mail\"} 3\n"
    );
}

#[test]
fn struct_without_metrics_is_registered() {
    let registry = registry_of(Nothing {});
    assert_eq!(exposition(&registry), "");
}
