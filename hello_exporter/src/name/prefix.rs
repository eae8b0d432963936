//! Prefixes of metric names from names of programs.

/// Converts a name to a prefix of metric names: invalid characters become `_`, and `_` is appended.
/// A leading digit is preceded by `_`. An empty name stays empty.
pub(crate) fn metric_prefix(name: &str) -> String {
    if name.is_empty() {
        return String::new();
    }
    let is_accepted = |character: char| character == '_' || character.is_ascii_alphanumeric();
    let prefix = name.replace(|character| !is_accepted(character), "_") + "_";
    let has_digit = prefix.starts_with(|first: char| first.is_ascii_digit());
    if has_digit { format!("_{prefix}") } else { prefix }
}
