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
const MOST_BYTES_FORMATTED: usize = 16 << 10;

/// Most bytes of a value in the log.
const MOST_BYTES_OF_A_VALUE: usize = 4 << 10;

/// The log of one run, in logfmt: events of level `debug` and above, without secrets. Events go to
/// the exporter's own log as well, if its level permits them.
///
/// The log ends when this is dropped, even if the run continues.
pub(crate) struct RunLog {
    /// Lines of the run, once it has ended.
    before: String,
    lines: Arc<Lines>,
    dispatch: Dispatch,
}

impl RunLog {
    pub(crate) fn new() -> Self {
        let lines = Arc::new(Lines::default());
        let inner = dispatcher::get_default(Dispatch::clone);
        let tee = Tee { lines: Arc::clone(&lines), filter: filter(LogLevel::Debug), inner };
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

    /// Stops capturing the run. Lines logged in [`scope`](Self::scope) afterwards have a budget of
    /// their own.
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
    inner: Dispatch,
}

impl Tee {
    /// Returns whether the lines have events like this one. The end of the log does not change it:
    /// `event` must know whether `enabled` has asked the replaced subscriber.
    fn records(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && self.filter.would_enable(metadata.target(), metadata.level())
    }
}

impl Subscriber for Tee {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        let inner = self.inner.register_callsite(metadata);
        let only_lines = inner.is_never() && self.records(metadata) && self.lines.is_open();
        if only_lines { Interest::sometimes() } else { inner }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        // The replaced subscriber has a hint of its own. The highest one counts.
        Some(if self.lines.is_open() { LevelFilter::DEBUG } else { LevelFilter::OFF })
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.records(metadata) || self.inner.enabled(metadata)
    }

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        if !self.records(metadata) {
            // `enabled` has asked the replaced subscriber.
            self.inner.event(event);
            return;
        }
        if self.lines.has_room() {
            // Formats the line before the lock is taken, since values have code of their own.
            self.lines.push(&line(event));
        }
        if self.inner.enabled(metadata) {
            self.inner.event(event);
        }
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.inner.new_span(span)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        self.inner.record(span, values);
    }

    fn record_follows_from(&self, span: &Id, follows: &Id) {
        self.inner.record_follows_from(span, follows);
    }

    fn enter(&self, span: &Id) {
        self.inner.enter(span);
    }

    fn exit(&self, span: &Id) {
        self.inner.exit(span);
    }

    fn clone_span(&self, span: &Id) -> Id {
        self.inner.clone_span(span)
    }

    fn try_close(&self, span: Id) -> bool {
        self.inner.try_close(span)
    }

    fn current_span(&self) -> Current {
        self.inner.current_span()
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
        let text = redact(name, &text);
        let mut is_cut = false;
        let kept = prefix(&text, MOST_BYTES_OF_A_VALUE, &mut is_cut);
        let end = if is_cut { "…" } else { "" };
        self.0.record_str(field, &format!("{kept}{end}"));
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
        let part = prefix(part, MOST_BYTES_FORMATTED - self.text.len(), &mut self.is_cut);
        self.text.push_str(part);
        // An error ends the formatting.
        if self.is_cut { Err(fmt::Error) } else { Ok(()) }
    }
}

/// Returns the part of the text that fits into `most` bytes. Sets `is_cut` if that is not all.
fn prefix<'t>(text: &'t str, most: usize, is_cut: &mut bool) -> &'t str {
    if text.len() <= most {
        return text;
    }
    *is_cut = true;
    let end = (0..=most).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::io;

    use tracing::{debug, info, info_span};
    use tracing_subscriber::Layer;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    /// Returns the lines without their times.
    fn finished(log: RunLog) -> Vec<String> {
        let lines = log.finish();
        let lines = lines.lines().map(|line| line.split_once(" level=").unwrap().1.to_owned());
        lines.collect()
    }

    #[test]
    fn lines_after_the_end_of_the_run_are_not_added() {
        let mut log = RunLog::new();
        let run = log.dispatch();
        let of_run = |message: &str| dispatcher::with_default(&run, || info!("{message}"));
        of_run("run");
        log.end_run();
        of_run("late");
        RunLog::scope(Some(&log), || debug!("end"));
        of_run("too late");
        assert_eq!(finished(log), ["info msg=run", "debug msg=end"]);
    }

    #[test]
    fn log_ends_with_its_request() {
        let log = RunLog::new();
        let (lines, run) = (Arc::clone(&log.lines), log.dispatch());
        drop(log);
        dispatcher::with_default(&run, || info!("late"));
        assert_eq!((lines.is_open(), lines.close()), (false, String::new()));
    }

    #[test]
    fn line_that_does_not_fit_is_the_last() {
        let lines = Lines::default();
        lines.push(&"x".repeat(MOST_BYTES));
        assert!(lines.has_room());
        lines.push("y");
        assert!(!lines.has_room());
        let text = lines.close();
        assert_eq!(
            text.trim_start_matches('x').split_once(" level=").unwrap().1,
            "warn msg=\"The rest of the log is cut, since it is longer than 64 KiB\"\n"
        );
    }

    #[test]
    fn values_are_cut_at_a_character() {
        let mut is_cut = false;
        assert_eq!((prefix("aé", 3, &mut is_cut), is_cut), ("aé", false));
        assert_eq!((prefix("aé", 2, &mut is_cut), is_cut), ("a", true));
        // A password at the cut is not recognized any more.
        let text = format!("{} http://me:secret", "x ".repeat(MOST_BYTES_FORMATTED / 2 - 8));
        let text = text + "word@host";
        let formatted = formatted(&format_args!("{text}"));
        assert!(formatted.ends_with("x …"), "{formatted}");
    }

    /// A program's own log.
    #[derive(Clone, Default)]
    struct Own(Arc<Mutex<Vec<u8>>>);

    impl Own {
        fn text(&self) -> String {
            String::from_utf8(lock(&self.0).clone()).unwrap()
        }
    }

    impl io::Write for Own {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            lock(&self.0).write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Returns a program's own log of level `info`, and its subscriber.
    fn own_log() -> (Own, Dispatch) {
        let own = Own::default();
        let writer = own.clone();
        let layer = tracing_subscriber::fmt::layer()
            .with_writer(move || writer.clone())
            .without_time()
            .with_target(false)
            .with_filter(LevelFilter::INFO);
        (own, Dispatch::new(tracing_subscriber::registry().with(layer)))
    }

    #[test]
    fn replaced_subscriber_gets_spans_and_the_events_of_its_level() {
        let (own, subscriber) = own_log();
        let log = dispatcher::with_default(&subscriber, RunLog::new);
        RunLog::scope(Some(&log), || {
            let span = info_span!("step", number = tracing::field::Empty).entered();
            span.record("number", 1);
            debug!("debugged");
            info!(parent: tracing::Span::current(), "informed");
        });
        assert_eq!(finished(log), ["debug msg=debugged", "info msg=informed"]);
        assert_eq!(own.text(), " INFO step{number=1}: informed\n");
    }

    #[test]
    fn replaced_subscriber_filters_an_event_during_which_the_log_ends() {
        let (own, subscriber) = own_log();
        let log = dispatcher::with_default(&subscriber, RunLog::new);
        let mut has_ended = false;
        // Fields are evaluated between `enabled` and `event`.
        let mut end = || {
            has_ended = true;
            log.lines.close()
        };
        RunLog::scope(Some(&log), || debug!(lines = end(), "debugged"));
        assert_eq!((has_ended, own.text()), (true, String::new()));
    }
}
