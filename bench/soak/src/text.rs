//! The text format and OpenMetrics.

use crate::BoxError;
use crate::exposition::{Buckets, Exposition, Label, Reader, rendered};

/// The family of the current lines.
#[derive(Default)]
struct Family {
    name: String,
    kind: String,
}

/// Reads a whole exposition.
pub fn read(body: &[u8], is_open_metrics: bool) -> Result<Exposition, BoxError> {
    let text = str::from_utf8(body)?;
    let text = match (is_open_metrics, text.strip_suffix("# EOF\n")) {
        (true, Some(text)) => text,
        (true, None) => return Err("no `# EOF` at the end".into()),
        (false, _) => text,
    };
    if !text.ends_with('\n') {
        return Err("the last line is incomplete".into());
    }
    let mut parser = Parser { is_open_metrics, ..Parser::default() };
    for line in text.lines() {
        parser.line(line).map_err(|error| format!("{error}: {line}"))?;
    }
    parser.finish_histogram()?;
    parser.reader.finish()
}

#[derive(Default)]
struct Parser {
    is_open_metrics: bool,
    reader: Reader,
    /// The name in the last HELP line, whose TYPE line follows.
    help: String,
    family: Family,
    /// Labels of the current histogram, its buckets and its number of observations.
    histogram: Option<(String, Buckets, Option<f64>)>,
}

impl Parser {
    fn line(&mut self, line: &str) -> Result<(), BoxError> {
        let Some(metadata) = line.strip_prefix("# ") else { return self.sample(line) };
        let (keyword, rest) = metadata.split_once(' ').ok_or("no name")?;
        let (name, text) = rest.split_once(' ').unwrap_or((rest, ""));
        match keyword {
            "HELP" => {
                self.finish_histogram()?;
                self.reader.add_family(name)?;
                self.help = name.to_owned();
            }
            "TYPE" if name == self.help => {
                self.family = Family { name: name.to_owned(), kind: text.to_owned() };
            }
            "UNIT" if self.is_open_metrics && name == self.family.name => {}
            _ => return Err("unexpected metadata".into()),
        }
        Ok(())
    }

    fn sample(&mut self, line: &str) -> Result<(), BoxError> {
        let end = line.find(['{', ' ']).ok_or("no value")?;
        let (name, rest) = line.split_at(end);
        let (labels, rest) = match rest.strip_prefix('{') {
            Some(rest) => labels(rest)?,
            None => (Vec::new(), rest),
        };
        let mut words = rest.strip_prefix(' ').ok_or("no space before the value")?.split(' ');
        let value: f64 = words.next().ok_or("no value")?.parse()?;
        match words.next() {
            None => {}
            Some("#") if self.is_open_metrics => {}
            Some(_) => return Err("unexpected text after the value".into()),
        }
        let suffix = name.strip_prefix(&*self.family.name).ok_or("a sample of another family")?;
        if !self.family.suffixes(self.is_open_metrics).contains(&suffix) {
            return Err(format!("unexpected suffix `{suffix}`").into());
        }
        if self.family.kind == "histogram" {
            self.histogram_sample(suffix, &labels, value)?;
        }
        self.reader.add(name, labels, value)
    }

    fn histogram_sample(
        &mut self,
        suffix: &str,
        labels: &[Label],
        value: f64,
    ) -> Result<(), BoxError> {
        let (bounds, others): (Vec<Label>, Vec<Label>) =
            labels.iter().cloned().partition(|(name, _)| name == "le");
        let labels = rendered(&others);
        if self.histogram.as_ref().is_none_or(|(current, ..)| *current != labels) {
            self.finish_histogram()?;
            self.histogram = Some((labels, Buckets::default(), None));
        }
        let Some((_, buckets, count)) = &mut self.histogram else { return Ok(()) };
        match (suffix, &*bounds) {
            ("_bucket", [(_, bound)]) => buckets.add(bound.parse()?, value)?,
            ("_bucket", _) => return Err("no bound".into()),
            ("_count", _) => *count = Some(value),
            _ => {}
        }
        Ok(())
    }

    /// Checks the histogram whose last line has been read.
    fn finish_histogram(&mut self) -> Result<(), BoxError> {
        match self.histogram.take() {
            Some((labels, buckets, count)) => {
                buckets.finish(count.ok_or_else(|| format!("no count of {labels}"))?)
            }
            None => Ok(()),
        }
    }
}

impl Family {
    /// Returns the suffixes that names of samples may have.
    fn suffixes(&self, is_open_metrics: bool) -> &'static [&'static str] {
        match (&*self.kind, is_open_metrics) {
            ("counter", true) => &["_total"],
            ("info", true) => &["_info"],
            ("histogram", _) => &["_bucket", "_sum", "_count"],
            ("summary", _) => &["", "_sum", "_count"],
            ("counter" | "gauge" | "untyped", false) | ("gauge" | "unknown", true) => &[""],
            _ => &[],
        }
    }
}

/// Splits the text after `{` into the labels and the rest after `}`.
fn labels(mut text: &str) -> Result<(Vec<Label>, &str), BoxError> {
    let mut labels = Vec::new();
    loop {
        let (name, rest) = text.split_once("=\"").ok_or("no label")?;
        let mut is_escaped = false;
        let end = rest.find(|character| {
            let is_end = character == '"' && !is_escaped;
            is_escaped = character == '\\' && !is_escaped;
            is_end
        });
        let (value, rest) = rest.split_at(end.ok_or("no end of the label's value")?);
        labels.push((name.to_owned(), value.to_owned()));
        match rest.get(1..2) {
            Some(",") => text = &rest[2..],
            Some("}") => return Ok((labels, &rest[2..])),
            _ => return Err("no end of the labels".into()),
        }
    }
}
