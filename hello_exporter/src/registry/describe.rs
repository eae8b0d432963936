//! The families of a registry as a schema.

use super::Registry;
use crate::schema::SchemaBuilder;
use crate::sync::read;

impl Registry {
    /// Adds the registered families to a schema, as those of a source if it has a name.
    pub(crate) fn describe_to(&self, builder: &mut SchemaBuilder, source: Option<&str>) {
        let registrations = read(&self.inner.registrations);
        for member in registrations.families.values().flat_map(|family| family.iter()) {
            builder.add_exposed(&member.metric.desc, source);
        }
        builder.add_dynamic(registrations.registrations.values().any(|it| it.has_dynamic));
    }
}
