//! A registry of the `prometheus` crate as a collector.

use prometheus::proto::MetricFamily;

use super::model;
use crate::desc::Desc;
use crate::encode::FamilyEncoder;
use crate::registry::{FOREIGN_REGISTRY, IntoCollector, MakeCollector, Momentary, Registrable};

/// Registration gathers the registry once, to learn its families. A family that appears later is
/// added by the scrape that first gathers it; one that clashes is dropped and counted.
impl IntoCollector for prometheus::Registry {
    const IS_LIVE: bool = true;

    fn into_collector(self) -> Registrable {
        let descs = self.gather().iter().map(desc).collect();
        Registrable::made(FOREIGN_REGISTRY, descs, Foreign(self))
    }
}

struct Foreign(prometheus::Registry);

impl MakeCollector for Foreign {
    fn make(&self) -> Box<dyn Momentary> {
        Box::new(Gathered(self.0.gather()))
    }

    fn has_late(&self) -> bool {
        true
    }

    fn is_exclusive(&self) -> bool {
        true
    }
}

/// The result of one gathering. None of its families is declared: each may disappear.
struct Gathered(Vec<MetricFamily>);

impl Momentary for Gathered {
    fn collect(&self, _: usize, _: &mut FamilyEncoder<'_>) {}

    fn has_late(&self) -> bool {
        true
    }

    fn late(&self, visit: &mut dyn FnMut(&Desc, u64)) {
        for family in &self.0 {
            visit(&desc(family), family.get_metric().len() as u64);
        }
    }

    fn collect_late(&self, position: usize, encoder: &mut FamilyEncoder<'_>) {
        let Some(family) = self.0.get(position) else {
            return;
        };
        // The program has unregistered the family, and registered its name with another type.
        if model::type_from(family.get_field_type()) != encoder.desc().metric_type() {
            return encoder.refuse(&"the family was registered as another type");
        }
        for metric in family.get_metric() {
            let pairs = metric.get_label().iter().map(|pair| (pair.name(), pair.value()));
            let mut labels: Vec<(&str, &str)> = pairs.collect();
            // Labels in another order are the same series.
            labels.sort_unstable();
            model::encode(family.get_field_type(), metric, &labels, encoder);
        }
    }
}

/// Returns the desc of a gathered family. Its constant labels are unknown: they are among those of
/// the samples.
fn desc(family: &MetricFamily) -> Desc {
    let metric_type = model::type_from(family.get_field_type());
    Desc::new(family.name().to_owned(), family.help().to_owned(), metric_type)
}
