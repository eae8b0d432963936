//! Metric families whose names are known at run time only.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hello_exporter::{Collector, Counter, DynamicFamilies, Format, Registry};
use hello_exporter_tests::{
    assert_golden, exposition, exposition_in, exposition_of, exposition_of_fn, registry_of_fn,
};

/// Returns families for fields of the kernel's file `meminfo`.
fn memory() -> DynamicFamilies {
    let mut families = DynamicFamilies::new();
    for (field, bytes) in [("MemTotal", 1 << 34), ("Active_file", 5), ("MemFree", u64::MAX)] {
        families.gauge(format!("{field}_bytes"), format!("Field {field}.")).value(bytes);
    }
    families
}

#[derive(Collector)]
#[collector(namespace = "node", const_labels(zone = "a"))]
struct Node {
    /// Seconds since the start.
    #[metric(counter)]
    uptime_seconds_total: f64,

    #[metric(flatten, prefix = "memory_")]
    memory: DynamicFamilies,

    #[metric(flatten)]
    others: Others,
}

#[derive(Collector)]
struct Others {
    #[metric(flatten)]
    first: DynamicFamilies,

    #[metric(flatten)]
    pool: Pool,

    #[metric(flatten)]
    second: DynamicFamilies,
}

#[derive(Collector)]
struct Pool {
    /// Connections in use.
    connections: u8,
}

#[derive(Collector)]
struct Live {
    #[metric(flatten)]
    node: Node,

    /// Jobs.
    jobs_total: Counter,
}

fn node() -> Node {
    let mut node = Node::new();
    node.uptime_seconds_total = 1.5;
    node.memory = memory();
    node.others.pool.connections = 3;
    node.others.first.untyped("first", "First.").value(0.25);
    node.others
        .second
        .counter("reads_bytes_total", "Read.")
        .unit("bytes")
        .sample([("device", "sda"), ("direction", "\"up\"")], 7)
        .sample([("device", "sdb"), ("direction", "down")], 8);
    node
}

const NODE: &str = include_str!("expositions/flattened_dynamic_families.txt");

#[test]
fn dynamic_families_are_flattened_at_any_depth() {
    // The struct is created at every scrape, or registered with a live metric.
    assert_eq!(exposition_of_fn(node), NODE);
    let live = || Live { node: node(), jobs_total: Counter::new() };
    let expected = "# HELP jobs_total Jobs.\n# TYPE jobs_total counter\njobs_total 0\n";
    assert_eq!(exposition_of(live()), expected.to_owned() + NODE);
    assert_eq!(exposition_of(Arc::new(live())), expected.to_owned() + NODE);
}

#[test]
fn dynamic_families_have_prefix_and_constant_labels_of_their_scope() {
    let registry = Registry::new();
    registry.scope().prefix("db_").const_label("of", "here").register_fn(|| node().others).unwrap();
    assert_golden(
        "expositions/dynamic_families_of_a_registration.openmetrics",
        &exposition_in(Format::OpenMetrics, &registry),
    );
}

#[test]
fn dynamic_families_come_and_go_in_order_of_names() {
    let scrape = AtomicUsize::new(0);
    let registry = Registry::new();
    let changing = move || {
        let scrape = scrape.fetch_add(1, Ordering::Relaxed);
        let mut families = DynamicFamilies::new();
        // In each scrape the order differs, one family is missing and one is new.
        for name in 0..4 {
            let name = (name + scrape) % 4;
            if name != scrape {
                families.gauge(format!("g{name}"), "Help.").value(10 * scrape + name);
            }
        }
        families
    };
    registry.register_fn(changing).unwrap();
    let samples = |names: [usize; 3], scrape: usize| -> String {
        let family = |name: usize| {
            let value = 10 * scrape + name;
            format!("# HELP g{name} Help.\n# TYPE g{name} gauge\ng{name} {value}\n")
        };
        names.into_iter().map(family).collect()
    };
    assert_eq!(exposition(&registry), samples([1, 2, 3], 0));
    assert_eq!(exposition(&registry), samples([0, 2, 3], 1));
    assert_eq!(exposition(&registry), samples([0, 1, 3], 2));
    assert_eq!(exposition(&registry), samples([0, 1, 2], 3));
}

#[test]
fn family_requested_twice_is_one_family() {
    let families = || {
        let mut families = DynamicFamilies::new();
        for device in ["sda", "sdb"] {
            families.counter("reads_total", "Reads.").sample([("device", device)], 1);
        }
        families
    };
    assert_eq!(
        exposition_of_fn(families),
        "\
# HELP reads_total Reads.
# TYPE reads_total counter
reads_total{device=\"sda\"} 1
reads_total{device=\"sdb\"} 1
"
    );
}

#[test]
fn only_invalid_families_are_dropped() {
    let registry = registry_of_fn(Pool::new);
    registry
        .register_fn(|| {
            let mut families = DynamicFamilies::new();
            families.gauge("connections", "Of another collector.").value(1);
            families.gauge("no name", "Help.").value(2);
            families.gauge("x_total", "Help.").sample([("__reserved", "v")], 3);
            families.counter("negative_total", "Help.").value(-1);
            families
                .gauge("labels", "Help.")
                .value(1)
                .sample([("a", "v")], 4)
                .sample([("a", "v")], 5);
            families.gauge("good", "Help.").value(6);
            families
        })
        .unwrap();
    for _ in 0..2 {
        assert_golden("expositions/valid_dynamic_families.txt", &exposition(&registry));
    }
}

#[test]
fn family_keeps_type_and_help_and_gains_labels() {
    let scrape = AtomicUsize::new(0);
    let registry = Registry::new();
    registry
        .register_fn(move || {
            let mut families = DynamicFamilies::new();
            match scrape.fetch_add(1, Ordering::Relaxed) {
                0 => families.gauge("x", "Help.").value(1),
                1 => families.counter("x", "Help.").value(2),
                2 => families.gauge("x", "Help.").sample([("a", "v")], 3),
                _ => families.gauge("x", "Other help.").value(4),
            };
            families
        })
        .unwrap();
    let metadata = "# HELP x Help.\n# TYPE x gauge\n";
    assert_eq!(exposition(&registry), metadata.to_owned() + "x 1\n");
    assert_eq!(exposition(&registry), "");
    assert_eq!(exposition(&registry), metadata.to_owned() + "x{a=\"v\"} 3\n");
    assert_eq!(exposition(&registry), metadata.to_owned() + "x{a=\"\"} 4\n");
}

#[test]
fn redeclared_family_keeps_its_metadata() {
    let families = || {
        let mut families = DynamicFamilies::new();
        families.gauge("y", "Help.").sample([("a", 1)], 1);
        families.gauge("y", "Help.").unit("y").sample([("a", 2)], 2);
        families.counter("y", "Help.").sample([("a", 3)], 3);
        families.gauge("y", "Help.").sample([("a", 4)], 4);
        families
    };
    assert_eq!(
        exposition_of_fn(families),
        "# HELP y Help.\n# TYPE y gauge\ny{a=\"1\"} 1\ny{a=\"4\"} 4\n"
    );
}

#[test]
fn registry_of_the_prometheus_crate_exposes_dynamic_families() {
    let registry = prometheus::Registry::new();
    registry.register(Box::new(node().others)).unwrap();
    let names: Vec<String> = registry.gather().iter().map(|it| it.name().to_owned()).collect();
    assert_eq!(names, ["connections", "first", "reads_bytes_total"]);
}
