//! The page as HTML. All text from outside this module is [`Escaped`].

use std::borrow::Cow;
use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use crate::internals::CollectorName;
use crate::server::reload_metrics::LastLoad;
use crate::server::source::{Absence, FailureKind, LastRun, Status};

/// The style sheet, whose hash is in the policy of the page.
pub(super) const STYLE: &str = include_str!("style.css");

/// The content that does not change while the exporter runs.
#[derive(Debug)]
pub(super) struct PageFacts {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) version: String,
    pub(super) revision: String,
    pub(super) platform: String,
    pub(super) metrics_path: String,
    pub(super) absent: Vec<(CollectorName, Absence)>,
    /// The deprecated metrics that are exposed, and why they are deprecated.
    pub(super) deprecated: Vec<(String, String)>,
    pub(super) probes: Vec<ProbeFacts>,
}

/// The content about the probes of one path.
#[derive(Debug)]
pub(super) struct ProbeFacts {
    pub(super) path: String,
    pub(super) modules: Vec<Cow<'static, str>>,
    /// Whether only some targets are allowed.
    pub(super) is_restricted: bool,
}

/// The content about the exporter's configuration at one moment.
#[derive(Debug)]
pub(super) struct ConfigFacts {
    pub(super) last_load: LastLoad,
    /// Whether requests can reload it.
    pub(super) is_lifecycle_enabled: bool,
}

/// The page at one moment.
pub(super) struct Page<'p> {
    pub(super) facts: &'p PageFacts,
    pub(super) collectors: &'p [Status],
    pub(super) config: Option<ConfigFacts>,
}

impl Display for Page<'_> {
    fn fmt(&self, page: &mut Formatter<'_>) -> fmt::Result {
        self.head(page)?;
        self.header(page)?;
        page.write_str("<main>\n")?;
        self.links(page)?;
        self.collectors(page)?;
        self.config.iter().try_for_each(|config| config.section(page))?;
        self.probes(page)?;
        self.deprecated(page)?;
        page.write_str("</main>\n")?;
        self.footer(page)?;
        page.write_str("</body>\n</html>\n")
    }
}

impl Page<'_> {
    fn head(&self, page: &mut Formatter<'_>) -> fmt::Result {
        let name = Escaped(&self.facts.name);
        write!(
            page,
            "<!DOCTYPE html>\n\
             <html lang=\"en\">\n\
             <head>\n\
             <meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <title>{name}</title>\n\
             <link rel=\"icon\" href=\"data:,\">\n\
             <style>{STYLE}</style>\n\
             </head>\n\
             <body>\n"
        )
    }

    fn header(&self, page: &mut Formatter<'_>) -> fmt::Result {
        let PageFacts { name, description, version, revision, .. } = self.facts;
        write!(page, "<header>\n<h1>{}</h1>\n", Escaped(name))?;
        if !description.is_empty() {
            writeln!(page, "<p class=\"about\">{}</p>", Escaped(description))?;
        }
        let (version, revision) = (Escaped(version), Escaped(revision));
        write!(
            page,
            "<p class=\"quiet\">Version: {version} (revision: <code>{revision}</code>)</p>\n</header>\n"
        )
    }

    fn links(&self, page: &mut Formatter<'_>) -> fmt::Result {
        let metrics = &*self.facts.metrics_path;
        page.write_str("<ul class=\"links\">\n")?;
        for (path, title, text) in [
            (metrics, "Metrics", "what Prometheus scrapes"),
            ("/-/healthy", "Health", "the process is running"),
            ("/-/ready", "Readiness", "it can be scraped"),
        ] {
            let (link, path) = (Link(path), Escaped(path));
            writeln!(
                page,
                "<li><a href=\"{link}\"><strong>{title}</strong> <code>{path}</code> <span>{text}</span></a></li>"
            )?;
        }
        page.write_str("</ul>\n")
    }

    fn collectors(&self, page: &mut Formatter<'_>) -> fmt::Result {
        let (enabled, absent) = (self.collectors.len(), &self.facts.absent);
        if enabled + absent.len() == 0 {
            return Ok(());
        }
        write!(page, "<section>\n<h2>Collectors <small>{enabled} enabled")?;
        for (reason, word) in [(Absence::Disabled, "disabled"), (Absence::LeftOut, "left out")] {
            let count = absent.iter().filter(|(_, of)| *of == reason).count();
            if count > 0 {
                write!(page, ", {count} {word}")?;
            }
        }
        page.write_str("</small></h2>\n<ul class=\"card collectors\">\n")?;
        for status in self.collectors {
            self.enabled(page, status)?;
        }
        for (name, reason) in absent {
            absent_collector(page, name, *reason)?;
        }
        page.write_str(
            "</ul>\n<p class=\"quiet\">States are as of the last scrape: this page runs no collector. A \
             name links to a scrape of its collector alone. The log has the causes of failures.</p>\n</section>\n",
        )
    }

    fn enabled(&self, page: &mut Formatter<'_>, status: &Status) -> fmt::Result {
        let (link, name) = (Link(&self.facts.metrics_path), Escaped(&status.name));
        let StateLabel { class, text } = StateLabel::of(status);
        write!(
            page,
            "<li><a href=\"{link}?collect%5B%5D={name}\">{name}</a> <span class=\"{class}\">{text}</span>"
        )?;
        match &*note(status) {
            "" => page.write_str("</li>\n"),
            note => writeln!(page, " <span class=\"note\">{note}</span></li>"),
        }
    }

    fn probes(&self, page: &mut Formatter<'_>) -> fmt::Result {
        self.facts.probes.iter().try_for_each(|probe| probe.section(page))
    }

    fn deprecated(&self, page: &mut Formatter<'_>) -> fmt::Result {
        let deprecated = &self.facts.deprecated;
        if deprecated.is_empty() {
            return Ok(());
        }
        let count = deprecated.len();
        write!(page, "<section>\n<h2>Deprecated metrics <small>{count}</small></h2>\n")?;
        page.write_str("<ul class=\"card collectors deprecated\">\n")?;
        for (name, reason) in deprecated {
            let (name, reason) = (Escaped(name), Escaped(reason));
            writeln!(
                page,
                "<li><span class=\"name\">{name}</span> <span class=\"note\">{reason}</span></li>"
            )?;
        }
        page.write_str(
            "</ul>\n<p class=\"quiet\"><code>--no-metrics.deprecated</code> leaves them out.</p>\n</section>\n",
        )
    }

    fn footer(&self, page: &mut Formatter<'_>) -> fmt::Result {
        writeln!(page, "<footer>Built with {}</footer>", Escaped(&self.facts.platform))
    }
}

fn absent_collector(page: &mut Formatter<'_>, name: &str, reason: Absence) -> fmt::Result {
    let name = Escaped(name);
    let state = match reason {
        Absence::Disabled => "Disabled",
        Absence::LeftOut => "Left out",
    };
    write!(page, "<li><span class=\"name\">{name}</span> <span class=\"state\">{state}</span> ")?;
    page.write_str("<span class=\"note\">")?;
    match reason {
        Absence::Disabled => write!(page, "<code>--collector.{name}</code> enables it")?,
        Absence::LeftOut => page.write_str("with the current flags, it has nothing to collect")?,
    }
    page.write_str("</span></li>\n")
}

impl ConfigFacts {
    fn section(&self, page: &mut Formatter<'_>) -> fmt::Result {
        let age = Age(self.last_load.age);
        page.write_str("<section>\n<h2>Configuration</h2>\n<ul class=\"card collectors\">\n")?;
        page.write_str("<li><span class=\"name\">Last load</span> ")?;
        if self.last_load.is_successful {
            page.write_str("<span class=\"state good\">Succeeded</span> ")?;
            writeln!(page, "<span class=\"note\">{age} ago</span></li>")?;
        } else {
            page.write_str("<span class=\"state bad\">Failed</span> <span class=\"note\">")?;
            writeln!(page, "the version loaded {age} ago stays in force</span></li>")?;
        }
        let on_signal = if cfg!(unix) { " and on SIGHUP" } else { "" };
        let on_request = if self.is_lifecycle_enabled {
            "<code>POST /-/reload</code> also reloads it."
        } else {
            "<code>--web.enable-lifecycle</code> also permits <code>POST /-/reload</code>."
        };
        writeln!(
            page,
            "</ul>\n<p class=\"quiet\">It is reloaded when its file changes{on_signal}. {on_request} \
             The log has the causes of failures.</p>\n</section>"
        )
    }
}

impl ProbeFacts {
    fn section(&self, page: &mut Formatter<'_>) -> fmt::Result {
        let (link, path) = (Link(&self.path), Escaped(&self.path));
        write!(
            page,
            "<section>\n<h2>Probe <small><code>{path}</code></small></h2>\n\
             <form class=\"card\" action=\"{link}\">\n\
             <label class=\"wide\">Target <input name=\"target\" required autocomplete=\"off\" \
             autocapitalize=\"none\" spellcheck=\"false\"></label>\n"
        )?;
        self.module_choice(page)?;
        let module = if self.modules.is_empty() { "" } else { "&amp;module=…" };
        let allowed = if self.is_restricted {
            "Only targets that <code>--probe.allow-target</code> permits are probed."
        } else {
            "Any target is probed. <code>--probe.allow-target</code> restricts the targets."
        };
        write!(
            page,
            "<button>Probe</button>\n</form>\n\
             <p class=\"quiet\">Prometheus requests <code>{path}?target=…{module}</code>, and gets \
             <code>probe_success</code>. {allowed}</p>\n</section>\n"
        )
    }

    fn module_choice(&self, page: &mut Formatter<'_>) -> fmt::Result {
        if self.modules.is_empty() {
            return Ok(());
        }
        page.write_str("<label>Module <select name=\"module\">")?;
        for module in &self.modules {
            write!(page, "<option>{}</option>", Escaped(module))?;
        }
        page.write_str("</select></label>\n")
    }
}

/// The state of a collector, in a word, with its CSS class.
struct StateLabel {
    class: &'static str,
    text: &'static str,
}

impl StateLabel {
    fn of(status: &Status) -> Self {
        let (class, text) = match (status.running, &status.last) {
            (Some(_), _) if !is_overdue(status) => ("state busy", "Running"),
            (_, None) => ("state", "Not run yet"),
            (_, Some(last)) => match last.failure {
                None => ("state good", "Works"),
                Some(FailureKind::Error) => ("state bad", "Fails"),
                Some(FailureKind::Panic) => ("state bad", "Panics"),
                Some(FailureKind::Timeout) => ("state bad", "Times out"),
                Some(FailureKind::Cancelled) => ("state bad", "Cancelled"),
            },
        };
        Self { class, text }
    }
}

/// Returns whether the current run has timed out, and its thread is still in the author's code.
fn is_overdue(status: &Status) -> bool {
    let is_of_this_run = |last: &LastRun| status.running.is_some_and(|running| last.age < running);
    status.last.as_ref().is_some_and(is_of_this_run)
}

/// Returns details of a collector: its current run, its last run, its cache.
fn note(status: &Status) -> String {
    let (running, last) = match (status.running, &status.last) {
        (Some(running), _) if is_overdue(status) => {
            (Some(format!("has not returned for {}", Span(running))), None)
        }
        (Some(running), last) => {
            let word = |last: &LastRun| if last.failure.is_none() { "worked" } else { "failed" };
            let last = last.as_ref().map(|last| format!("{} {} ago", word(last), Age(last.age)));
            (Some(format!("for {}", Span(running))), last)
        }
        (None, last) => (None, last.as_ref().map(|last| format!("{} ago", Age(last.age)))),
    };
    let duration = last.as_ref().and(status.last.as_ref());
    let parts = [
        running,
        last.map(|last| format!("last run {last}")),
        duration.map(|last| format!("took {}", Span(last.duration))),
        status.cache.map(|cache| format!("cached for {}", Span(cache))),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Displays a duration, in at most two units.
struct Span(Duration);

impl Display for Span {
    fn fmt(&self, text: &mut Formatter<'_>) -> fmt::Result {
        match self.0.as_millis() {
            0 => text.write_str("less than 1 ms"),
            milliseconds @ 1..1_000 => write!(text, "{milliseconds} ms"),
            milliseconds @ 1_000..60_000 if milliseconds % 1_000 < 100 => {
                write!(text, "{} s", milliseconds / 1_000)
            }
            milliseconds @ 1_000..60_000 => {
                write!(text, "{}.{} s", milliseconds / 1_000, milliseconds % 1_000 / 100)
            }
            _ => Age(self.0).fmt(text),
        }
    }
}

/// Displays how long ago an event was, in at most two units.
struct Age(Duration);

impl Display for Age {
    fn fmt(&self, text: &mut Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
        let (large, small) = match (days, hours, minutes) {
            (0, 0, 0) => ((seconds, "s"), None),
            (0, 0, _) => ((minutes, "min"), Some((seconds % 60, "s"))),
            (0, _, _) => ((hours, "h"), Some((minutes % 60, "min"))),
            _ => ((days, "d"), Some((hours % 24, "h"))),
        };
        write!(text, "{} {}", large.0, large.1)?;
        match small {
            Some((count, unit)) if count > 0 => write!(text, " {count} {unit}"),
            _ => Ok(()),
        }
    }
}

/// Displays a path of the exporter relative to its page: a proxy may serve both below another path.
struct Link<'t>(&'t str);

impl Display for Link<'_> {
    fn fmt(&self, text: &mut Formatter<'_>) -> fmt::Result {
        write!(text, ".{}", Escaped(self.0))
    }
}

/// Displays text escaped for HTML, between tags and in quoted attributes.
struct Escaped<'t>(&'t str);

impl Display for Escaped<'_> {
    fn fmt(&self, text: &mut Formatter<'_>) -> fmt::Result {
        for part in self.0.split_inclusive(['&', '<', '>', '"', '\'']) {
            let mut characters = part.chars();
            let entity = match characters.next_back() {
                Some('&') => "&amp;",
                Some('<') => "&lt;",
                Some('>') => "&gt;",
                Some('"') => "&quot;",
                Some('\'') => "&#39;",
                _ => {
                    text.write_str(part)?;
                    continue;
                }
            };
            text.write_str(characters.as_str())?;
            text.write_str(entity)?;
        }
        Ok(())
    }
}
