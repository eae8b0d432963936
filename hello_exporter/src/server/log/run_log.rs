//! The log of one run, for the client that requested the run.
//!
//! A run gets a subscriber of its own, which exists as long as the request. Other runs do not
//! notice it.

use std::fmt::{self, Write};
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{Interest, Subscriber};
use tracing::{Dispatch, Event, Level, Metadata, dispatcher};
use tracing_core::callsite;
use tracing_core::span::Current;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::Writer;

use super::redact::{is_secret, redact};
use super::{EventFields, filter, write_line};
use crate::internals::lock;
use crate::server::cli::{LogFormat, LogLevel};

/// Most bytes of the lines of a run.
const MOST_BYTES: usize = 64 << 10;

/// Most bytes of a value that are formatted.
const MOST_BYTES_FORMATTED: usize = 64 << 10;

/// Most bytes of a value in the log.
const MOST_BYTES_OF_A_VALUE: usize = 4 << 10;

/// The log of one run, in logfmt: events of level `debug` and above, without secrets. Events go to
/// the exporter's own log as well, if its level permits them.
///
/// The log ends when this is dropped, even if the run continues.
pub(crate) struct RunLog {
    /// The lines of the parts that have ended.
    before: String,
    lines: Arc<Lines>,
    dispatch: Dispatch,
}

impl RunLog {
    pub(crate) fn new() -> Self {
        let lines = Arc::new(Lines::default());
        let own = dispatcher::get_default(Dispatch::clone);
        let tee = Tee { lines: Arc::clone(&lines), filter: filter(LogLevel::Debug), own };
        Self { before: String::new(), lines, dispatch: Dispatch::new(tee) }
    }

    /// Returns the subscriber for the thread of the run.
    pub(crate) fn dispatch(&self) -> Dispatch {
        self.dispatch.clone()
    }

    /// Calls a function whose events belong to `log`, if there is one.
    pub(crate) fn scope<T>(log: Option<&Self>, function: impl FnOnce() -> T) -> T {
        match log {
            Some(log) => dispatcher::with_default(&log.dispatch, function),
            None => function(),
        }
    }

    /// Ends the part of the run. The next lines are those of [`scope`](Self::scope), and have room
    /// even if the run has used all of its own.
    pub(crate) fn end_run(&mut self) {
        let run = std::mem::replace(self, Self::new());
        self.before = run.finish();
    }

    /// Ends the log, and returns its lines.
    pub(crate) fn finish(mut self) -> String {
        let before = std::mem::take(&mut self.before);
        before + &self.lines.close()
    }
}

impl Drop for RunLog {
    fn drop(&mut self) {
        self.lines.close();
        // Otherwise, disabled events would be checked one by one until the next log is created.
        callsite::rebuild_interest_cache();
    }
}

/// The lines of a log, until it ends.
struct Lines(Mutex<Option<Text>>);

#[derive(Default)]
struct Text {
    lines: String,
    /// Whether a line had no room. No further line is added.
    is_cut: bool,
}

impl Default for Lines {
    fn default() -> Self {
        Self(Mutex::new(Some(Text::default())))
    }
}

impl Lines {
    fn is_open(&self) -> bool {
        lock(&self.0).is_some()
    }

    fn has_room(&self) -> bool {
        lock(&self.0).as_ref().is_some_and(|text| !text.is_cut)
    }

    fn push(&self, line: &str) {
        if let Some(text) = &mut *lock(&self.0) {
            text.is_cut |= text.lines.len() + line.len() > MOST_BYTES;
            if !text.is_cut {
                text.lines.push_str(line);
            }
        }
    }

    /// Ends the log, and returns its lines.
    fn close(&self) -> String {
        let Text { mut lines, is_cut } = lock(&self.0).take().unwrap_or_default();
        if is_cut {
            let message = "The rest of the log is cut, since it is longer than 64 KiB".to_owned();
            let fields = EventFields { message, others: Vec::new() };
            _ = write_line(LogFormat::Logfmt, Level::WARN, &fields, &mut Writer::new(&mut lines));
        }
        lines
    }
}

/// The subscriber of a run: adds its events to the lines, and passes spans and events on to the
/// subscriber that it replaces.
struct Tee {
    lines: Arc<Lines>,
    filter: Targets,
    own: Dispatch,
}

impl Tee {
    fn records(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event()
            && self.filter.would_enable(metadata.target(), metadata.level())
            && self.lines.is_open()
    }
}

impl Subscriber for Tee {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        let own = self.own.register_callsite(metadata);
        if own.is_never() && self.records(metadata) { Interest::sometimes() } else { own }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        // The replaced subscriber has a hint of its own. The highest one counts.
        Some(if self.lines.is_open() { LevelFilter::DEBUG } else { LevelFilter::OFF })
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.records(metadata) || self.own.enabled(metadata)
    }

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        if !self.records(metadata) {
            // `enabled` has asked the replaced subscriber.
            self.own.event(event);
            return;
        }
        if self.lines.has_room() {
            // Formats the line before the lock is taken, since values have code of their own.
            self.lines.push(&line(event));
        }
        if self.own.enabled(metadata) {
            self.own.event(event);
        }
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.own.new_span(span)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        self.own.record(span, values);
    }

    fn record_follows_from(&self, span: &Id, follows: &Id) {
        self.own.record_follows_from(span, follows);
    }

    fn enter(&self, span: &Id) {
        self.own.enter(span);
    }

    fn exit(&self, span: &Id) {
        self.own.exit(span);
    }

    fn clone_span(&self, span: &Id) -> Id {
        self.own.clone_span(span)
    }

    fn try_close(&self, span: Id) -> bool {
        self.own.try_close(span)
    }

    fn current_span(&self) -> Current {
        self.own.current_span()
    }
}

/// Returns the line of an event.
fn line(event: &Event<'_>) -> String {
    let mut fields = RedactedFields::default();
    event.record(&mut fields);
    let mut line = String::new();
    let level = *event.metadata().level();
    _ = write_line(LogFormat::Logfmt, level, &fields.0, &mut Writer::new(&mut line));
    line
}

/// The fields of an event, limited in length and without secrets.
#[derive(Default)]
struct RedactedFields(EventFields);

impl Visit for RedactedFields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let name = field.name();
        // The value of a secret is not formatted.
        let text = if is_secret(name) { String::new() } else { formatted(value) };
        let mut text = redact(name, &text);
        if text.len() > MOST_BYTES_OF_A_VALUE {
            truncate(&mut text, MOST_BYTES_OF_A_VALUE);
            text.push('…');
        }
        self.0.record_str(field, &text);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}

/// Formats a value, up to a limit. A longer one loses its last word, which can be a part of a URL
/// or of a secret.
fn formatted(value: &dyn fmt::Debug) -> String {
    let mut text = LimitedText { text: String::new(), is_cut: false };
    _ = write!(text, "{value:?}");
    let LimitedText { mut text, is_cut } = text;
    if is_cut {
        text.truncate(text.rfind(char::is_whitespace).unwrap_or(0));
        text.push('…');
    }
    text
}

struct LimitedText {
    text: String,
    is_cut: bool,
}

impl Write for LimitedText {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        self.text.push_str(part);
        if self.text.len() > MOST_BYTES_FORMATTED {
            truncate(&mut self.text, MOST_BYTES_FORMATTED);
            self.is_cut = true;
            // Ends the formatting.
            return Err(fmt::Error);
        }
        Ok(())
    }
}

/// Shortens the text to at most `most` bytes.
fn truncate(text: &mut String, most: usize) {
    let end = (0..=most).rev().find(|end| text.is_char_boundary(*end));
    text.truncate(end.unwrap_or(0));
}
