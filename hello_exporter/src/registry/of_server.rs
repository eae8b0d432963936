//! The part of a registry that only the server uses.

use std::sync::Arc;

use super::plan::Plan;
use super::scrape::{self, Provider, ScrapeRequest};
use super::shown::ShownFamilies;
use super::{Addition, CollectorId, Inner, Registry, Scope};
use crate::encode::Exposition;
use crate::sync::{read, write};

/// The plan of a scrape that has not been encoded yet.
#[derive(Clone)]
pub(crate) struct ScrapePlan(Arc<Plan>);

impl ScrapePlan {
    /// Returns whether no collector of the plan can block.
    pub(crate) fn never_blocks(&self) -> bool {
        self.0.never_blocks
    }
}

impl Registry {
    /// Returns the current plan.
    pub(crate) fn plan(&self) -> ScrapePlan {
        ScrapePlan(self.inner.plan())
    }

    /// Encodes a scrape of this plan as [`encode_request`](Self::encode_request) does.
    pub(crate) fn encode_planned(
        &self,
        plan: ScrapePlan,
        request: &ScrapeRequest<'_>,
        provider: &mut dyn Provider,
        exposition: &mut Exposition,
    ) -> bool {
        scrape::encode(&self.inner, plan.0, request, provider, exposition)
    }

    /// Returns a view of this registry that adds the prefix and the labels of `addition`.
    pub(crate) fn scope_with(&self, addition: Addition) -> Scope<'_> {
        Scope { registry: self, addition }
    }

    /// Returns another registry, which counts dropped series together with this one, and exposes
    /// families by the same rules.
    pub(crate) fn sibling(&self) -> Self {
        let health = Arc::clone(&self.inner.health);
        let sibling = Self { inner: Arc::new(Inner { health, ..Inner::default() }) };
        sibling.show_only(read(&self.inner.registrations).shown.clone());
        sibling
    }

    /// Removes all other families from later expositions.
    pub(crate) fn show_only(&self, shown: ShownFamilies) {
        let mut registrations = write(&self.inner.registrations);
        registrations.shown = shown;
        registrations.replan();
    }

    /// Returns the names of the deprecated families that are exposed, and why they are deprecated.
    pub(crate) fn deprecated(&self) -> Vec<(String, String)> {
        self.inner.plan().deprecated()
    }

    /// Returns the names of a collector's families.
    pub(crate) fn families_of(&self, id: CollectorId) -> Vec<String> {
        self.inner.plan().names_of(id)
    }
}

impl Plan {
    /// Returns the names of deprecated families, and why they are deprecated.
    pub(super) fn deprecated(&self) -> Vec<(String, String)> {
        let descs = self.families.iter().map(|planned| &planned.metadata.desc);
        let reasons = descs.filter_map(|desc| Some((desc.name(), desc.deprecation()?)));
        reasons.map(|(name, reason)| (name.to_owned(), reason.into_owned())).collect()
    }

    pub(super) fn names_of(&self, id: CollectorId) -> Vec<String> {
        let families = self.families.iter().filter(|planned| planned.members.has(id));
        families.map(|planned| planned.metadata.desc.name().to_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::{Collect, Declared, Desc, Describe, FamilyEncoder};
    use crate::metric::{Counter, CounterVec};
    use crate::registry::RegisterError;
    use crate::registry::origin::Registrable;

    #[derive(hello_exporter_derive::Collector)]
    #[collector(crate = crate)]
    struct Live {
        /// A counter.
        a_total: Counter,
    }

    #[derive(hello_exporter_derive::Collector)]
    #[collector(crate = crate)]
    struct Labelled {
        #[metric(help = "A counter.", labels = ["x"])]
        b_total: CounterVec<1>,
    }

    #[derive(hello_exporter_derive::Collector)]
    #[collector(crate = crate)]
    struct Values {
        /// A gauge.
        c: f64,
    }

    struct ByHand;

    impl Describe for ByHand {
        fn describe(&self) -> Vec<Desc> {
            Vec::new()
        }
    }

    impl Collect for ByHand {
        fn collect(&self, _: usize, _: &mut FamilyEncoder<'_>) {}
    }

    /// Returns whether a registry never blocks that has live metrics, and what `register` adds.
    fn never_blocks(
        register: impl FnOnce(&Registry) -> Result<CollectorId, RegisterError>,
    ) -> bool {
        let registry = Registry::new();
        registry.register(Live::new()).unwrap();
        assert!(registry.plan().never_blocks());
        register(&registry).unwrap();
        registry.plan().never_blocks()
    }

    #[test]
    fn only_live_metrics_never_block() {
        assert!(never_blocks(|it| it.register(Labelled::new())));
        assert!(never_blocks(|it| it.scope().prefix("x_").register(Live::new())));
        assert!(!never_blocks(|it| it.register(ByHand)));
        assert!(!never_blocks(|it| it.register_fn(Values::new)));
        let provided = Registrable::provided("x".into(), Values::declared().into());
        assert!(!never_blocks(|it| it.scope().add(provided)));
        #[cfg(feature = "prometheus")]
        assert!(!never_blocks(|it| it.register(prometheus::Registry::new())));
        let own = Registrable::function(Values::new).never_blocks();
        assert!(never_blocks(|it| it.scope().add(own)));
    }

    #[test]
    fn removed_collector_no_longer_blocks() {
        let registry = Registry::new();
        let id = registry.register(ByHand).unwrap();
        let plan = registry.plan();
        registry.unregister(id);
        assert!(!plan.never_blocks() && registry.plan().never_blocks());
    }
}
