//! The log: one line per message on standard error, in logfmt or JSON.

#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod redact;
mod run_log;

use std::fmt;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber, error};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;

pub(crate) use run_log::RunLog;

use crate::internals::{note_location, panic_message};
use crate::server::cli::{Flags, LogFormat, LogLevel};

/// Sends the program's log to standard error. A program that has set up its own log keeps it.
pub(crate) fn init(flags: &Flags) {
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .event_format(LineFormat(flags.log_format))
        .with_filter(filter(flags.log_level));
    let subscriber = tracing_subscriber::registry().with(lines);
    if tracing::subscriber::set_global_default(subscriber).is_ok() {
        std::panic::set_hook(Box::new(log_panic));
    }
}

/// Logs a panic in one line, unless the code that catches it logs it.
fn log_panic(panic: &std::panic::PanicHookInfo<'_>) {
    if note_location(panic) {
        return;
    }
    let location = panic.location().map(ToString::to_string);
    let thread = std::thread::current().name().map(str::to_owned);
    error!(location, thread, error = panic_message(panic.payload()), "Panic");
}

/// Returns the filter of a level. The HTTP server logs its own state and the errors of requests at
/// level `debug` only: clients could fill the log.
fn filter(level: LogLevel) -> Targets {
    let (level, server) = match level {
        LogLevel::Debug => (LevelFilter::DEBUG, LevelFilter::DEBUG),
        LogLevel::Info => (LevelFilter::INFO, LevelFilter::WARN),
        LogLevel::Warn => (LevelFilter::WARN, LevelFilter::WARN),
        LogLevel::Error => (LevelFilter::ERROR, LevelFilter::ERROR),
    };
    // Below warnings, h2 logs every frame.
    let (http, http2) = match level {
        LevelFilter::DEBUG => (LevelFilter::DEBUG, LevelFilter::WARN),
        _ => (LevelFilter::OFF, LevelFilter::OFF),
    };
    Targets::new()
        .with_default(level)
        .with_targets([("actix_http", http), ("h2", http2)])
        .with_targets(["actix_server", "actix_web", "mio"].map(|target| (target, server)))
}

/// Formats an event as one line.
struct LineFormat(LogFormat);

impl<S, N> FormatEvent<S, N> for LineFormat
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut fields = EventFields::default();
        event.record(&mut fields);
        write_line(self.0, *event.metadata().level(), &fields, &mut writer)
    }
}

/// Writes a line with the current time.
fn write_line(
    format: LogFormat,
    level: Level,
    fields: &EventFields,
    writer: &mut Writer<'_>,
) -> fmt::Result {
    let mut time = String::new();
    SystemTime.format_time(&mut Writer::new(&mut time))?;
    let level = level_name(level).to_owned();
    let head = [("ts", &time), ("level", &level), ("msg", &fields.message)];
    let all = head.into_iter().chain(fields.others.iter().map(|(name, text)| (*name, text)));
    match format {
        LogFormat::Logfmt => write_logfmt(all, writer),
        LogFormat::Json => write_json(all, writer),
    }
}

fn level_name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG | Level::TRACE => "debug",
    }
}

/// The fields of an event, as text.
#[derive(Default)]
struct EventFields {
    message: String,
    others: Vec<(&'static str, String)>,
}

impl Visit for EventFields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => value.clone_into(&mut self.message),
            name => self.others.push((name, value.to_owned())),
        }
    }
}

fn write_logfmt<'a>(
    fields: impl Iterator<Item = (&'a str, &'a String)>,
    writer: &mut Writer<'_>,
) -> fmt::Result {
    for (at, (name, text)) in fields.enumerate() {
        let separator = if at == 0 { "" } else { " " };
        write!(writer, "{separator}{name}=")?;
        if is_plain(text) {
            writer.write_str(text)?;
        } else {
            write_quoted(text, writer)?;
        }
    }
    writeln!(writer)
}

fn write_json<'a>(
    fields: impl Iterator<Item = (&'a str, &'a String)>,
    writer: &mut Writer<'_>,
) -> fmt::Result {
    for (at, (name, text)) in fields.enumerate() {
        writer.write_str(if at == 0 { "{" } else { "," })?;
        write_quoted(name, writer)?;
        writer.write_char(':')?;
        write_quoted(text, writer)?;
    }
    writeln!(writer, "}}")
}

/// Returns whether logfmt accepts the text without quotes.
fn is_plain(text: &str) -> bool {
    let special = |character: char| {
        character.is_whitespace() || character.is_control() || matches!(character, '"' | '=' | '\\')
    };
    !text.is_empty() && !text.contains(special)
}

/// Writes a JSON string. Control characters are escaped, so that a message stays one line.
fn write_quoted(text: &str, writer: &mut Writer<'_>) -> fmt::Result {
    writer.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' => writer.write_str("\\\"")?,
            '\\' => writer.write_str("\\\\")?,
            '\n' => writer.write_str("\\n")?,
            '\r' => writer.write_str("\\r")?,
            '\t' => writer.write_str("\\t")?,
            control if control.is_control() => write!(writer, "\\u{:04x}", u32::from(control))?,
            other => writer.write_char(other)?,
        }
    }
    writer.write_char('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(format: LogFormat, fields: &[(&str, &str)]) -> String {
        let owned: Vec<(&str, String)> =
            fields.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
        let fields = owned.iter().map(|(name, text)| (*name, text));
        let mut line = String::new();
        match format {
            LogFormat::Logfmt => write_logfmt(fields, &mut Writer::new(&mut line)).unwrap(),
            LogFormat::Json => write_json(fields, &mut Writer::new(&mut line)).unwrap(),
        }
        line
    }

    #[test]
    fn message_is_one_line() {
        let fields =
            [("msg", "two\nlines"), ("key", "a\"b\\c\u{7f}"), ("empty", ""), ("plain", "é:1")];
        assert_eq!(
            lines(LogFormat::Logfmt, &fields),
            "msg=\"two\\nlines\" key=\"a\\\"b\\\\c\\u007f\" empty=\"\" plain=é:1\n",
        );
        assert_eq!(
            lines(LogFormat::Json, &fields),
            "{\"msg\":\"two\\nlines\",\"key\":\"a\\\"b\\\\c\\u007f\",\"empty\":\"\",\"plain\":\"é:1\"}\n",
        );
    }
}
