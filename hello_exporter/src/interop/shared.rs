//! Collectors of this crate in a registry of the `prometheus` crate.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use prometheus::core::{Collector, Desc as ForeignDesc};
use prometheus::proto::MetricFamily;
use tracing::error;

use super::model::FamilyBuilder;
use crate::collect::{Collect, Describe};
use crate::desc::Desc;
use crate::encode::{Encoder, FamilyEncoder, Prepared, Written, with_form};
use crate::name::Escaping;
use crate::panic::catch;
use crate::sync::lock;

/// An `Arc` of a collector for a [`prometheus::Registry`]. The program keeps another `Arc` and
/// updates the metrics.
///
/// ```
/// use hello_exporter::{Collector, Counter, interop::Shared};
/// use std::sync::Arc;
///
/// #[derive(Collector)]
/// struct Jobs {
///     /// Jobs done.
///     #[metric(name = "jobs_total")]
///     done: Counter,
/// }
///
/// let jobs = Arc::new(Jobs::new());
/// let existing = prometheus::Registry::new();
/// existing.register(Box::new(Shared(Arc::clone(&jobs))))?;
///
/// jobs.done.inc();
/// assert_eq!(existing.gather()[0].get_metric()[0].get_counter().get_value(), 1.0);
/// # Ok::<(), prometheus::Error>(())
/// ```
#[derive(Debug)]
pub struct Shared<T: ?Sized>(pub Arc<T>);

impl<T: ?Sized> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Collect + Send + Sync + ?Sized> Collector for Shared<T> {
    fn desc(&self) -> Vec<&ForeignDesc> {
        describe_for_prometheus(&*self.0)
    }

    fn collect(&self) -> Vec<MetricFamily> {
        collect_for_prometheus(&*self.0)
    }
}

/// Returns the Descs of a collector in the form of the `prometheus` crate, except those that the
/// crate does not accept. Names that only `utf8` permits are escaped with underscores, as in the
/// samples.
pub fn describe_for_prometheus<T: Describe + ?Sized>(collector: &T) -> Vec<&'static ForeignDesc> {
    let descs = collector.describe().into_iter().flat_map(Desc::under_all_names);
    descs.filter_map(interned).collect()
}

/// Returns the samples of a collector in the form of the `prometheus` crate. It leaves out families
/// without samples, which that crate refuses to encode, and families that break a naming rule.
pub fn collect_for_prometheus<T: Collect + ?Sized>(collector: &T) -> Vec<MetricFamily> {
    let mut written = Written::default();
    let descs = collector.describe().into_iter().enumerate();
    let descs = descs.flat_map(|(index, desc)| desc.under_all_names().map(move |it| (index, it)));
    // The foreign registry exposes gathered families without checking their names.
    let valid = descs.filter(|(_, desc)| desc.check_as(true).is_ok());
    let families = valid.map(|(index, desc)| {
        let metric = Prepared::new(desc);
        let mut builder = FamilyBuilder::new();
        let form = metric.form(Escaping::Underscores);
        builder.begin_family(form);
        let collect = || {
            with_form(&metric, Escaping::Underscores, &mut builder, |form, builder| {
                let mut encoder = FamilyEncoder::in_form(&metric, form, builder, &mut written);
                collector.collect(index, &mut encoder);
            });
        };
        // The foreign registry catches no panics: one collector's panic would fail the whole
        // scrape.
        if let Err(error) = catch(collect) {
            error!(metric = metric.desc.name(), %error, "Collector panicked, metric left out");
            builder.rollback(0);
        }
        builder.end_family(form);
        builder.finish()
    });
    families.filter(|family| !family.get_metric().is_empty()).collect()
}

/// Returns a Desc that lives as long as the program. The foreign trait returns references to Descs,
/// which a collector of this crate does not own. So each distinct Desc is leaked once.
fn interned(desc: Desc) -> Option<&'static ForeignDesc> {
    static INTERNED: OnceLock<Mutex<HashMap<Desc, &'static ForeignDesc>>> = OnceLock::new();

    let mut interned = lock(INTERNED.get_or_init(Mutex::default));
    if let Some(foreign) = interned.get(&desc) {
        return Some(foreign);
    }
    let foreign: &'static ForeignDesc = Box::leak(Box::new(foreign(&desc)?));
    interned.insert(desc, foreign);
    Some(foreign)
}

fn foreign(desc: &Desc) -> Option<ForeignDesc> {
    let desc = desc.escaped(Escaping::Underscores);
    let labels = desc.labels().iter().map(ToString::to_string).collect();
    let pairs = desc.const_labels().iter();
    let const_labels = pairs.map(|(name, value)| (name.to_string(), value.to_string())).collect();
    ForeignDesc::new(desc.name().to_owned(), desc.exposed_help().into_owned(), labels, const_labels)
        .ok()
}
