//! From descriptors to a schema.

use std::collections::BTreeMap;

use super::{FamilySchema, LabelSchema, Schema};
use crate::collect::Declared;
use crate::desc::Desc;
use crate::desc::contract::Contract;
use crate::registry::Registry;

/// Collects families from descriptors.
#[derive(Default)]
pub(crate) struct SchemaBuilder {
    families: BTreeMap<String, FamilySchema>,
    has_dynamic: bool,
}

impl SchemaBuilder {
    /// Adds the families of a type, and those that have old names under these as well.
    fn add_declared(&mut self, descs: Vec<Desc>) {
        for desc in descs.into_iter().flat_map(Desc::under_all_names) {
            self.add_exposed(&desc, None);
        }
    }

    /// Adds a family of one name, which a source exposes if it has a name.
    pub(crate) fn add_exposed(&mut self, desc: &Desc, collector: Option<&str>) {
        let described = family(desc, collector);
        match self.families.get_mut(desc.name()) {
            None => {
                self.families.insert(desc.name().to_owned(), described);
            }
            // Several collectors share a family if their constant labels differ.
            Some(family) => share(family, described),
        }
    }

    /// Records that there can be further families at run time.
    pub(crate) fn add_dynamic(&mut self, has_dynamic: bool) {
        self.has_dynamic |= has_dynamic;
    }

    /// Returns the schema of these families.
    pub(crate) fn schema(self) -> Schema {
        let families = self.families.into_values().collect();
        Schema { families, has_dynamic: self.has_dynamic, ..Schema::default() }
    }
}

/// Returns the schema of one family of one collector.
fn family(desc: &Desc, collector: Option<&str>) -> FamilySchema {
    let Contract { buckets, is_native, .. } = desc.contract();
    FamilySchema {
        name: desc.name().to_owned(),
        metric_type: desc.metric_type(),
        unit: desc.unit().map(str::to_owned),
        help: desc.help().to_owned(),
        labels: labels(desc),
        buckets: buckets.0.to_vec(),
        is_native: *is_native,
        collectors: collector.into_iter().map(str::to_owned).collect(),
        deprecated: desc.deprecation().map(|reason| reason.into_owned()),
        renamed_to: desc.new_name().map(str::to_owned),
    }
}

fn labels(desc: &Desc) -> Vec<LabelSchema> {
    let constant = desc.const_labels().iter().map(|(name, value)| LabelSchema {
        name: name.clone().into_owned(),
        values: Some(vec![value.clone().into_owned()]),
        is_constant: true,
    });
    let values = desc.contract().values.iter().copied().chain(std::iter::repeat(None));
    let names = desc.labels().iter().map(AsRef::as_ref).chain(desc.state_label());
    let variable = names.zip(values).map(|(name, values)| LabelSchema {
        name: name.to_owned(),
        values: values.map(|values| sorted(values.iter().map(|value| (*value).to_owned()))),
        is_constant: false,
    });
    constant.chain(variable).collect()
}

fn sorted(values: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut values: Vec<String> = values.into_iter().collect();
    values.sort_unstable();
    values.dedup();
    values
}

/// Adds another collector's part to a family. A label has the values of both parts.
fn share(family: &mut FamilySchema, other: FamilySchema) {
    family.collectors = match (family.collectors.is_empty(), other.collectors.is_empty()) {
        (false, false) => {
            sorted(std::mem::take(&mut family.collectors).into_iter().chain(other.collectors))
        }
        // One of the parts is in every scrape.
        _ => Vec::new(),
    };
    family.is_native |= other.is_native;
    family.buckets.extend(other.buckets);
    family.buckets.sort_by(f64::total_cmp);
    family.buckets.dedup();
    for label in &other.labels {
        if family.label(&label.name).is_none() {
            family.labels.push(LabelSchema { values: None, ..label.clone() });
        }
    }
    for label in &mut family.labels {
        let theirs = other.labels.iter().find(|other| other.name == label.name);
        let theirs = theirs.and_then(|label| label.values.clone());
        let ours = label.values.take();
        label.values =
            ours.zip(theirs).map(|(ours, theirs)| sorted(ours.into_iter().chain(theirs)));
    }
}

impl Schema {
    /// Returns the families of a type that derives [`Collector`](crate::Collector).
    pub fn of<T: Declared>() -> Self {
        let mut builder = SchemaBuilder::default();
        builder.add_declared(T::declared());
        builder.add_dynamic(T::HAS_DYNAMIC);
        builder.schema()
    }
}

/// Returns the families that are registered, including the dynamic ones that scrapes have brought
/// so far.
impl From<&Registry> for Schema {
    fn from(registry: &Registry) -> Self {
        let mut builder = SchemaBuilder::default();
        registry.describe_to(&mut builder, None);
        builder.schema()
    }
}
