//! Deadlocks of other libraries: in `prometheus-client`, a guard that is held across an await, or
//! during a second use of the family.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use hello_exporter::collect::{Collect, Desc, Describe, FamilyEncoder, MetricType};
use hello_exporter::{Collector, CounterVec, Format, GaugeVec, HistogramVec, Registry};
use hello_exporter_tests::{exposition, registry_of};

#[derive(Collector)]
struct LiveFamilies {
    #[metric(help = "Counts.", labels = ["x"])]
    counts_total: CounterVec<1>,

    #[metric(help = "Levels.", labels = ["x"])]
    levels: GaugeVec<1>,

    #[metric(help = "Sizes.", labels = ["x"], buckets = [1])]
    sizes: HistogramVec<1>,
}

/// Updates, reads, removes and encodes series of the families, and clears the families.
fn use_all(families: &LiveFamilies, registry: &Registry) {
    for value in ["a", "b", "c"] {
        families.counts_total.with([value]).inc_by_with_exemplar(1, &[("id", "1")]);
        families.levels.with([value]).inc();
        families.sizes.with([value]).observe_with_exemplar(0.5, &[("id", "1")]);
    }
    assert_eq!((families.counts_total.len(), families.counts_total.iter().count()), (3, 3));
    families.counts_total.remove(["a"]);
    families.levels.retain(|series| series.label("x").as_deref() != Some("b"));
    for format in [Format::Text, Format::OpenMetrics, Format::Protobuf] {
        registry.encode(format, &mut Vec::new());
    }
    families.counts_total.clear();
    families.levels.clear();
    families.sizes.clear();
}

fn families() -> (Arc<LiveFamilies>, Registry) {
    let families = Arc::new(LiveFamilies::new());
    let registry = registry_of(Arc::clone(&families));
    (families, registry)
}

#[test]
fn held_handles_and_guards_block_nothing() {
    let (families, registry) = families();
    let handle = families.counts_total.with(["a"]);
    let pinned = families.counts_total.with(["a"]).pin();
    let guard = families.levels.with(["a"]).inc_guard();
    let timer = families.sizes.with(["a"]).start_timer();
    handle.inc();
    pinned.inc();
    use_all(&families, &registry);
    handle.inc();
    pinned.inc();
    assert_eq!((handle.get(), pinned.get()), (2, 2));
    drop(guard);
    timer.discard();
    assert_eq!(
        exposition(&registry),
        r#"# HELP counts_total Counts.
# TYPE counts_total counter
counts_total{x="a"} 2
"#
    );
}

#[test]
fn held_views_and_iterators_block_nothing() {
    let (families, registry) = families();
    for value in ["a", "b", "c"] {
        families.counts_total.with([value]).inc();
        families.sizes.with([value]).observe(0.5);
    }
    let mut iterator = families.counts_total.iter();
    let view = iterator.next().unwrap();
    let histogram = families.sizes.iter().next().unwrap();
    use_all(&families, &registry);
    assert_eq!((view.label("x").as_deref(), view.get()), (Some("a"), 2));
    assert_eq!((histogram.label("x").as_deref(), histogram.count()), (Some("a"), 2));
    drop(iterator);
    assert_eq!(exposition(&registry), "");
}

#[test]
fn family_is_changed_while_it_is_iterated() {
    let (families, registry) = families();
    families.counts_total.with(["a"]).inc();
    for _ in families.counts_total.iter() {
        use_all(&families, &registry);
    }
    families.levels.with(["a"]).inc();
    families.levels.retain(|_| {
        use_all(&families, &registry);
        false
    });
    assert!(families.counts_total.is_empty() && families.levels.is_empty());
}

#[test]
fn collector_uses_families_during_a_scrape() {
    struct Reentrant(Arc<LiveFamilies>, Registry);
    impl Describe for Reentrant {
        fn describe(&self) -> Vec<Desc> {
            vec![Desc::new("reentrant", "Help.", MetricType::Gauge)]
        }
    }
    impl Collect for Reentrant {
        fn collect(&self, _: usize, encoder: &mut FamilyEncoder<'_>) {
            use_all(&self.0, &self.1);
            encoder.value(1);
        }
    }

    let (families, other) = families();
    let registry = registry_of(Arc::clone(&families));
    registry.register(Reentrant(families, other)).unwrap();
    assert_eq!(
        exposition(&registry),
        "# HELP reentrant Help.\n# TYPE reentrant gauge\nreentrant 1\n"
    );
}

#[test]
fn handles_and_guards_are_held_across_an_await() {
    async fn request(families: &LiveFamilies) {
        let requests = families.counts_total.with(["a"]);
        let pinned = families.counts_total.with(["a"]).pin();
        let _level = families.levels.with(["a"]).inc_guard();
        requests.inc();
        let mut is_second = false;
        std::future::poll_fn(|_| {
            if std::mem::replace(&mut is_second, true) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        pinned.inc();
    }

    let (families, registry) = families();
    let (mut first, mut second) = (pin!(request(&families)), pin!(request(&families)));
    let mut context = Context::from_waker(Waker::noop());
    assert!(first.as_mut().poll(&mut context).is_pending());
    assert!(second.as_mut().poll(&mut context).is_pending());
    let levels = families.levels.with(["a"]);
    assert_eq!(levels.get(), 2.0);
    assert!(first.as_mut().poll(&mut context).is_ready());
    assert!(second.as_mut().poll(&mut context).is_ready());
    assert_eq!(
        exposition(&registry),
        r#"# HELP counts_total Counts.
# TYPE counts_total counter
counts_total{x="a"} 4
# HELP levels Levels.
# TYPE levels gauge
levels{x="a"} 0
"#
    );
}
