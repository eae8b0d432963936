//! Which sources a request asks for, and which families.

use std::collections::HashSet;

/// What the query of a request selects: `collect[]`, `exclude[]` and `name[]`, each of which can be
/// repeated.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    /// Names of collectors, none of them twice, and what becomes of them.
    collectors: Option<(Mode, HashSet<String>)>,
    /// Names of metric families; nothing for all.
    names: Option<HashSet<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// These, and no others.
    Collect,
    /// All but these.
    Exclude,
}

/// A query that selects nothing that there is.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SelectionError {
    #[error("Combined collect and exclude queries are not allowed.")]
    Combined,
    #[error("unknown collector {name:?}, expected one of: {known}")]
    Unknown { name: String, known: String },
    #[error("unknown collector {name:?}: this exporter has no collectors to choose from")]
    None { name: String },
    #[error("disabled collector {name:?}: `--collector.{name}` enables it")]
    Disabled { name: String },
}

impl Selection {
    /// What these pairs of a query select; pairs of other names mean nothing here.
    pub(crate) fn new(
        query: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, SelectionError> {
        let mut selection = Self::default();
        for (key, value) in query {
            match &*key {
                "collect[]" => selection.add(Mode::Collect, value)?,
                "exclude[]" => selection.add(Mode::Exclude, value)?,
                "name[]" => {
                    selection.names.get_or_insert_default().insert(value);
                }
                _ => {}
            }
        }
        Ok(selection)
    }

    fn add(&mut self, mode: Mode, name: String) -> Result<(), SelectionError> {
        let (before, names) = self.collectors.get_or_insert_with(|| (mode, HashSet::new()));
        if *before != mode {
            return Err(SelectionError::Combined);
        }
        names.insert(name);
        Ok(())
    }

    /// The names of all collectors that the query names.
    pub(super) fn collectors(&self) -> impl Iterator<Item = &str> {
        self.collectors.iter().flat_map(|(_, names)| names).map(String::as_str)
    }

    /// Whether a collector is to run, as far as its name tells.
    pub(super) fn has_collector(&self, name: &str) -> bool {
        match &self.collectors {
            None => true,
            Some((mode, names)) => names.contains(name) == (*mode == Mode::Collect),
        }
    }

    /// Whether any of these families is wanted.
    pub(super) fn has_any_family(&self, families: &[String]) -> bool {
        self.names.as_ref().is_none_or(|names| families.iter().any(|family| names.contains(family)))
    }

    /// The families that are wanted; nothing for all.
    pub(crate) fn names(&self) -> Option<&HashSet<String>> {
        self.names.as_ref()
    }
}
