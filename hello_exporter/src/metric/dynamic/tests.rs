use super::*;
use crate::encode::Format;
use crate::metric::HistogramSnapshot;
use crate::registry::Registry;

/// Returns a gauge. At the second scrape, two of its six samples are valid.
fn families(scrape: u32) -> DynamicFamilies {
    let mut families = DynamicFamilies::new();
    families.gauge("x", "Help.").sample([("a", scrape)], scrape);
    if scrape == 2 {
        families.gauge("x", "Help.").sample([("b", 1)], 1).sample([("a", 1), ("a", 1)], 1);
        families.gauge("x", "Help.").value(HistogramSnapshot::default()).value(None::<f64>);
        families.counter("x", "Help.").value(1);
        families.gauge("x", "Help.").sample([("a", 2)], 2);
    }
    families
}

#[test]
fn dropped_samples_are_counted() {
    let registry = Registry::new();
    let scrapes = std::sync::atomic::AtomicU32::new(0);
    let next = move || families(scrapes.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1);
    registry.register_fn(next).unwrap();
    registry.register(registry.health()).unwrap();
    let scrape = || {
        let mut buffer = Vec::new();
        registry.encode(Format::Text, &mut buffer);
        String::from_utf8(buffer).unwrap()
    };
    scrape();
    let exposed = "# HELP x Help.\n# TYPE x gauge\n";
    let valid = "x{a=\"2\",b=\"\"} 2\nx{a=\"\",b=\"1\"} 1\n";
    assert!(scrape().ends_with(&format!("{exposed}{valid}")));
    let third = scrape();
    let samples: Vec<&str> = third.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(
        samples,
        [
            "dropped_series_total{family=\"x\"} 3",
            "scrape_duplicate_series_total{collector=\"hello_exporter::metric::dynamic::DynamicFamilies\"} 1",
            "x{a=\"3\",b=\"\"} 3",
        ]
    );
}
