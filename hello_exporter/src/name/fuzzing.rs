//! The functions of this room that fuzz targets call. `is_metric` distinguishes the names of
//! metrics from those of labels.

use super::escaping::{Escaping, NameKind};

fn kind(is_metric: bool) -> NameKind {
    if is_metric { NameKind::Metric } else { NameKind::Label }
}

/// Returns whether every format can write the name without quotes.
pub fn is_plain(is_metric: bool, name: &str) -> bool {
    kind(is_metric).is_plain(name)
}

/// Returns the name under a scheme, without quotes.
pub fn escaped(is_metric: bool, name: &str, escaping: Escaping) -> String {
    kind(is_metric).escaped(name, escaping).into_owned()
}

/// Returns the name as the text formats write it.
pub fn rendered(is_metric: bool, name: &str) -> String {
    kind(is_metric).rendered(name).into_owned()
}

/// Undoes [`rendered`].
pub fn unquoted(rendered: &str) -> String {
    super::unquoted(rendered).into_owned()
}

/// Returns the scheme under which two names are the same, if there is one.
pub fn clash(is_metric: bool, one: &str, other: &str) -> Option<Escaping> {
    kind(is_metric).clash(one, other)
}
