//! The families of a registry as a schema.

use super::Registry;
use super::origin::CollectorName;
use super::registrations::Registrations;
use crate::schema::SchemaBuilder;
use crate::sync::read;

impl Registry {
    /// Adds the registered families to a schema. `is_source` tells sources from other collectors,
    /// by their names.
    pub(crate) fn describe_to(
        &self,
        builder: &mut SchemaBuilder,
        is_source: impl Fn(&CollectorName) -> bool,
    ) {
        read(&self.inner.registrations).describe_to(builder, is_source);
    }
}

impl Registrations {
    /// Adds all families to a schema.
    pub(super) fn describe_to(
        &self,
        builder: &mut SchemaBuilder,
        is_source: impl Fn(&CollectorName) -> bool,
    ) {
        for member in self.families.values().flat_map(|family| family.iter()) {
            let source = Some(&member.registration.name).filter(|name| is_source(name));
            builder.add_exposed(&member.metric.desc, source.map(AsRef::as_ref));
        }
        builder.has_dynamic(self.registrations.values().any(|it| it.has_dynamic));
    }
}
