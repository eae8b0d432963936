//! The positions of label names in a dynamic family.

use std::borrow::Cow;

use crate::desc::Desc;
use crate::labels::LabelValue;

/// Returns label values by the positions of their names in `desc`, and appends new names to `desc`.
///
/// # Errors
///
/// Returns the reason if a name is invalid or given twice. Then `desc` is unchanged.
pub(super) fn label_values<N: AsRef<str>, V: LabelValue>(
    desc: &mut Desc,
    labels: impl IntoIterator<Item = (N, V)>,
) -> Result<Vec<Option<String>>, String> {
    let before = desc.labels().len();
    let mut values = Vec::with_capacity(before);
    for (name, value) in labels {
        let name = name.as_ref();
        let position = desc.label_position(name);
        if position >= before && !desc.accepts_label_name(name) {
            desc.truncate_labels(before);
            return Err(format!("`{name}` is not a label name"));
        }
        values.resize(values.len().max(position + 1), None);
        let value = value.as_label(&mut V::Buffer::default()).to_owned();
        if values.get_mut(position).and_then(|slot| slot.replace(value)).is_some() {
            desc.truncate_labels(before);
            return Err(format!("label `{name}` is given twice"));
        }
    }
    Ok(values)
}

/// The positions of a family's registered labels in the labels of its samples.
pub(super) struct LabelPositions<'d> {
    /// One position for each registered label.
    registered: Vec<Option<usize>>,
    /// The labels that are not registered, with their positions.
    unregistered: Vec<(usize, &'d str)>,
}

impl<'d> LabelPositions<'d> {
    pub(super) fn new(own: &'d Desc, registered: &Desc) -> Self {
        let find = |name: &Cow<'_, str>| own.labels().iter().position(|label| label == name);
        let labels = own.labels().iter().map(AsRef::as_ref).enumerate();
        let is_unregistered =
            |(_, name): &(usize, &str)| !registered.labels().iter().any(|it| it == name);
        Self {
            registered: registered.labels().iter().map(find).collect(),
            unregistered: labels.filter(is_unregistered).collect(),
        }
    }

    /// Appends the values of the registered labels of a sample.
    ///
    /// # Errors
    ///
    /// Returns the name of a label that is not registered and whose value is not empty.
    pub(super) fn push_values<'s>(
        &self,
        labels: &'s [Option<String>],
        values: &mut Vec<&'s str>,
    ) -> Result<(), &'d str> {
        let value = |position: usize| labels.get(position)?.as_deref();
        let has_value = |position| value(position).is_some_and(|value| !value.is_empty());
        let mut unregistered = self.unregistered.iter();
        if let Some((_, name)) = unregistered.find(|(position, _)| has_value(*position)) {
            return Err(name);
        }
        let positions = self.registered.iter();
        values.extend(positions.map(|position| position.and_then(value).unwrap_or_default()));
        Ok(())
    }
}
