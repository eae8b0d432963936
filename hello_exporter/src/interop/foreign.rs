//! A registry of the `prometheus` crate as a collector.

use prometheus::proto::MetricFamily;

use super::model;
use crate::collect::live::DeclaredFamilies;
use crate::collect::{Collect, Describe};
use crate::desc::Desc;
use crate::encode::FamilyEncoder;
use crate::registry::IntoCollector;
use crate::registry::origin::Registrable;

/// Registration gathers the registry once, to learn its families. A family that appears later is
/// added by the scrape that first gathers it; one that clashes is dropped and counted.
impl IntoCollector for prometheus::Registry {
    const IS_LIVE: bool = true;

    fn families() -> Option<DeclaredFamilies> {
        None
    }

    fn into_collector(self) -> Registrable {
        Registrable::foreign(Gathered(self.gather()).describe(), move || Gathered(self.gather()))
    }
}

/// The result of one gathering. All of its families are dynamic: each may disappear.
struct Gathered(Vec<MetricFamily>);

impl Describe for Gathered {
    fn describe(&self) -> Vec<Desc> {
        self.0.iter().map(desc).collect()
    }
}

impl Collect for Gathered {
    fn collect(&self, index: usize, encoder: &mut FamilyEncoder<'_>) {
        let Some(family) = self.0.get(index) else {
            return;
        };
        // The types differ if the program has unregistered the family, and registered its name with
        // another type.
        if model::type_from(family.get_field_type()) != encoder.desc().metric_type() {
            return encoder.refuse(&"the family was registered with another type");
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

/// Returns the desc of a gathered family. Its constant labels are unknown: they are among the
/// labels of the samples.
fn desc(family: &MetricFamily) -> Desc {
    let metric_type = model::type_from(family.get_field_type());
    Desc::new(family.name().to_owned(), family.help().to_owned(), metric_type)
}
