//! Prefixes of metric names from names of programs.

/// Makes a name the first part of a metric's name: invalid characters become `_`, and `_` is
/// appended; an empty name stays empty.
pub(super) fn metric_prefix(name: &str) -> String {
    if name.is_empty() {
        return String::new();
    }
    let is_accepted = |character: char| character == '_' || character.is_ascii_alphanumeric();
    let prefix = name.replace(|character| !is_accepted(character), "_") + "_";
    let has_digit = prefix.starts_with(|first: char| first.is_ascii_digit());
    if has_digit { format!("_{prefix}") } else { prefix }
}
