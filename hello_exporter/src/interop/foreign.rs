//! A registry of the `prometheus` crate as a collector.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use prometheus::proto::MetricFamily;

use super::model;
use crate::collect::{Collect, Describe};
use crate::desc::Desc;
use crate::encode::FamilyEncoder;
use crate::registry::{FOREIGN_REGISTRY, IntoCollector, LateFamily, MakeCollector, Registrable};

/// [`IntoCollector`] of a [`prometheus::Registry`].
#[derive(Debug)]
pub struct ByPrometheus;

/// The registry is gathered now, once, to learn its families; a family that turns up later is taken
/// in at the scrape that first sees it, or, where it clashes, dropped and counted.
impl IntoCollector<ByPrometheus> for prometheus::Registry {
    fn into_collector(self) -> Registrable {
        let foreign = Foreign { registry: self, known: Arc::default() };
        let descs = foreign.gather().describe();
        Registrable::made(FOREIGN_REGISTRY, descs, foreign)
    }
}

struct Foreign {
    registry: prometheus::Registry,
    known: Arc<Mutex<Known>>,
}

/// The index of every family that the registry has ever had.
#[derive(Default)]
struct Known {
    indices: HashMap<String, usize>,
}

impl Known {
    fn index(&mut self, name: &str) -> usize {
        let next = self.indices.len();
        *self.indices.entry(name.to_owned()).or_insert(next)
    }
}

impl Foreign {
    fn gather(&self) -> Gathered {
        let families = self.registry.gather();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let indexed = families.into_iter().map(|family| (known.index(family.name()), family));
        Gathered { families: indexed.collect() }
    }
}

/// One gathering: families by index.
struct Gathered {
    families: HashMap<usize, MetricFamily>,
}

impl MakeCollector for Foreign {
    fn make(&self, is_known: &dyn Fn(usize) -> bool) -> (Box<dyn Collect>, Vec<LateFamily>) {
        let gathered = self.gather();
        let late = gathered.families.iter().filter(|(index, _)| !is_known(**index));
        let late = late.map(|(&index, family)| LateFamily {
            index,
            desc: desc(family),
            series: family.get_metric().len() as u64,
        });
        let late = late.collect();
        (Box::new(gathered), late)
    }

    fn is_exclusive(&self) -> bool {
        true
    }
}

impl Describe for Gathered {
    fn describe(&self) -> Vec<Desc> {
        let mut families: Vec<(&usize, &MetricFamily)> = self.families.iter().collect();
        families.sort_by_key(|(index, _)| **index);
        families.into_iter().map(|(_, family)| desc(family)).collect()
    }
}

impl Collect for Gathered {
    fn collect(&self, index: usize, encoder: &mut FamilyEncoder<'_>) {
        let Some(family) = self.families.get(&index) else {
            return;
        };
        // Unregistered over there, and registered again as something else.
        if model::type_from(family.get_field_type()) != encoder.desc().metric_type() {
            return encoder.misfit();
        }
        for metric in family.get_metric() {
            let pairs = metric.get_label().iter().map(|pair| (pair.name(), pair.value()));
            let labels: Vec<(&str, &str)> = pairs.collect();
            model::encode(family.get_field_type(), metric, &labels, encoder);
        }
    }
}

/// What a gathered family says of itself; which of its labels are constant it does not say.
fn desc(family: &MetricFamily) -> Desc {
    let metric_type = model::type_from(family.get_field_type());
    Desc::new(family.name().to_owned(), family.help().to_owned(), metric_type)
}
