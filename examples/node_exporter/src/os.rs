//! The Linux distribution, from os-release.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use hello_exporter::Collector;
use tz::UtcDateTime;

use crate::Flags;
use crate::files::{Absence, Invalid, Lines, Result, Texts, number};

#[derive(Collector, Debug, Default, PartialEq)]
#[collector(namespace = "node", subsystem = "os", no_new)]
pub(crate) struct Os {
    /// Information about the distribution from os-release.
    #[metric(labels = [
        "build_id", "id", "id_like", "image_id", "image_version", "name", "pretty_name", "variant",
        "variant_id", "version", "version_codename", "version_id",
    ])]
    info: Vec<([String; 12], u8)>,

    /// Major and minor version of the distribution.
    #[metric(labels = ["id", "id_like", "name"])]
    version: Vec<([String; 3], f64)>,

    /// When support for the distribution ends, in seconds since the Unix epoch.
    support_end_timestamp_seconds: Option<i64>,
}

const INFO: [&str; 12] = [
    "BUILD_ID",
    "ID",
    "ID_LIKE",
    "IMAGE_ID",
    "IMAGE_VERSION",
    "NAME",
    "PRETTY_NAME",
    "VARIANT",
    "VARIANT_ID",
    "VERSION",
    "VERSION_CODENAME",
    "VERSION_ID",
];
const SUPPORT_END: &str = "SUPPORT_END";
const KEYS: &[&str] = {
    let [a, b, c, d, e, f, g, h, i, j, k, l] = INFO;
    &[a, b, c, d, e, f, g, h, i, j, k, l, SUPPORT_END]
};

pub(crate) fn source(flags: &Flags) -> impl Fn() -> Result<Os> + use<> {
    let file = flags.rootfs.join("etc/os-release");
    let other = flags.rootfs.join("usr/lib/os-release");
    let absence = Absence::new();
    move || {
        let lines = match file.lines() {
            Err(error) if error.is_not_found() => other.lines_if_present()?,
            lines => Some(lines?),
        };
        if lines.is_none() {
            absence.report(&file, "The distribution is not exposed: os-release is missing");
        }
        Ok(lines.as_ref().map(Os::of).unwrap_or_default())
    }
}

impl Os {
    fn of(lines: &Lines<'_>) -> Self {
        let mut texts = Texts::of(KEYS);
        for mut line in lines.iter() {
            line.text = line.text.trim();
            if !line.text.is_empty() && !line.text.starts_with('#') {
                texts.add(lines, line, '=', value);
            }
        }
        let version = || {
            let version = major_minor(texts.get("VERSION_ID")?)?;
            Some((texts.all(["ID", "ID_LIKE", "NAME"])?, version))
        };
        Self {
            info: texts.all(INFO).map(|labels| (labels, 1)).into_iter().collect(),
            version: version().into_iter().collect(),
            support_end_timestamp_seconds: texts.get(SUPPORT_END).and_then(|it| day(it).ok()),
        }
    }
}

/// Removes the quotes and the backslashes of a value, as a shell does in an assignment. Unlike in a
/// shell, a backslash in double quotes escapes any character. Fails if a value begins with a quote
/// and does not end with the same one, or if the value of `SUPPORT_END` is neither empty nor a day.
fn value<'t>(key: &str, value: &'t str) -> Result<Cow<'t, str>, Invalid> {
    let value: Cow<'_, str> = match value.chars().next().filter(|first| matches!(first, '"' | '\''))
    {
        None => unescaped(value),
        Some(quote) => {
            let inner = value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
            let inner = inner.ok_or(Invalid::Lacks(quote))?;
            if quote == '\'' { inner.into() } else { unescaped(inner) }
        }
    };
    if key == SUPPORT_END && !value.is_empty() {
        day(&value)?;
    }
    Ok(value)
}

fn unescaped(text: &str) -> Cow<'_, str> {
    let mut characters = text.chars();
    let next = || match characters.next()? {
        '\\' => characters.next(),
        character => Some(character),
    };
    std::iter::from_fn(next).collect()
}

/// Returns when a day such as `2025-01-31` begins, in seconds since the Unix epoch.
fn day(text: &str) -> Result<i64, Invalid> {
    let day = |text: &str| {
        let [year, month, day] = *text.split('-').collect::<Vec<_>>() else {
            return None;
        };
        let is_padded = [year, month, day].map(str::len) == [4, 2, 2];
        let (month, day) = (number(month).ok()?, number(day).ok()?);
        let begin = UtcDateTime::new(number(year).ok()?, month, day, 0, 0, 0, 0).ok()?;
        is_padded.then(|| begin.unix_time())
    };
    day(text).ok_or_else(|| Invalid::word(text, "a day such as `2025-01-31`"))
}

/// Parses the leading `major.minor` of a version as a number. Returns `None` if the version does
/// not start with a number, or if the number is 0.
fn major_minor(version: &str) -> Option<f64> {
    let mut dots = 0;
    let is_end = |character: char| {
        dots += usize::from(character == '.');
        dots > 1 || !(character == '.' || character.is_ascii_digit())
    };
    let end = version.find(is_end).unwrap_or(version.len());
    version.get(..end)?.parse().ok().filter(|version| *version > 0.0)
}
