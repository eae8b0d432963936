//! The message about a sample that is not exposed.

use super::text::SampleLine;

/// The maximum number of lines, or names, that the message lists.
const MOST: usize = 20;

/// Returns the message for a missing sample. It lists the samples with this name, or all names if
/// there are none.
pub(super) fn message(exposed: &str, name: &str, labels: &[(&str, &str)]) -> String {
    let pairs: Vec<String> =
        labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    let wanted = match pairs.as_slice() {
        [] => name.to_owned(),
        pairs => format!("{name}{{{}}}", pairs.join(",")),
    };
    let samples: Vec<(&str, SampleLine<'_>)> =
        exposed.lines().filter_map(|line| Some((line, SampleLine::read(line)?))).collect();
    let of_name = samples.iter().filter(|(_, sample)| sample.name == name);
    let lines: Vec<&str> = of_name.map(|(line, _)| *line).collect();
    if !lines.is_empty() {
        return format!(
            "no sample `{wanted}` is exposed; the samples of `{name}` are:{}",
            list(&lines)
        );
    }
    let mut names: Vec<&str> = Vec::new();
    for (_, sample) in &samples {
        if !names.contains(&&*sample.name) {
            names.push(&sample.name);
        }
    }
    match names.as_slice() {
        [] => format!("no sample `{wanted}` is exposed, nor any other"),
        names => {
            format!("no sample `{wanted}` is exposed; the names of samples are:{}", list(names))
        }
    }
}

fn list(lines: &[&str]) -> String {
    let mut out = String::new();
    for line in lines.iter().take(MOST) {
        out.extend(["\n  ", line]);
    }
    if let Some(others @ 1..) = lines.len().checked_sub(MOST) {
        out.push_str(&format!("\n  and {others} more"));
    }
    out
}
