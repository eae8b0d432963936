//! Readers of expositions, for the checks.

/// Returns the values of all samples.
pub(super) fn values(exposition: &[u8]) -> Vec<f64> {
    let text = str::from_utf8(exposition).unwrap();
    let samples = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    samples.map(|line| line.rsplit_once(' ').unwrap().1.parse().unwrap()).collect()
}

/// Returns the value of the only sample of this name.
pub(super) fn value(exposition: &[u8], name: &str) -> f64 {
    let text = str::from_utf8(exposition).unwrap();
    let mut lines = text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    lines.next().unwrap().parse().unwrap()
}

/// Returns how often an exposition, text or not, contains `needle`.
pub fn occurrences(exposition: &[u8], needle: &str) -> usize {
    let mut rest = exposition;
    let mut number = 0;
    while let Some(at) = rest.iter().position(|byte| *byte == needle.as_bytes()[0]) {
        number += usize::from(rest[at..].starts_with(needle.as_bytes()));
        rest = &rest[at + 1..];
    }
    number
}
