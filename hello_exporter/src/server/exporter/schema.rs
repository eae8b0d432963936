//! The schema of an exporter, and the flags that print it or compare it.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
#[cfg(feature = "check-rules")]
use std::path::PathBuf;

use clap::Args;

use super::assembly::{register_own, register_program};
use super::{Exporter, ExporterError, Maker};
use crate::internals::{CollectorName, Declarations, Registrable, SchemaBuilder};
use crate::registry::Registry;
#[cfg(feature = "check-rules")]
use crate::schema::QueryFile;
use crate::schema::{CollectorSchema, Impact, ProbeSchema, Schema};
use crate::server::causes::BoxError;
use crate::server::cli::{Document, Flags};
use crate::server::http::Limit;
use crate::server::log;
use crate::server::probe::{ProbeMetrics, ProbeOptions, ReadyProbe};
use crate::server::source::{ScrapeMetrics, SourceOptions};

impl<F: Args + 'static, S: Send + Sync + 'static> Exporter<F, S> {
    /// Returns what the exporter can expose with any flags: the families of its collectors, of all
    /// its sources and probes, and of the exporter itself. It makes no source and no probe, so
    /// families whose names only their configuration knows are missing.
    ///
    /// ```
    /// use hello_exporter::{Collector, Exporter, Gauge};
    ///
    /// #[derive(Collector)]
    /// struct Hello {
    ///     /// Display a.
    ///     a: Gauge,
    /// }
    ///
    /// let schema = Exporter::new("hello_exporter").register(Hello::new()).schema();
    /// assert_eq!(schema.family("a").map(|family| &*family.help), Some("Display a."));
    /// ```
    pub fn schema(&self) -> Schema {
        let mut builder = SchemaBuilder::default();
        self.registry.describe_to(&mut builder, |_| false);
        // The declaration is checked when the exporter starts, so errors are ignored here.
        let scratch = Registry::new();
        for maker in &self.collectors {
            provide(&scratch, "a collector".into(), (maker.declarations)());
        }
        self.describe_sources(&scratch);
        _ = register_own(&self.settings, &scratch);
        _ = register_program(&Limit::default(), &scratch);
        let is_source = |name: &CollectorName| self.sources.iter().any(|(it, _)| it.name() == name);
        scratch.describe_to(&mut builder, is_source);
        let mut collectors: Vec<CollectorSchema> =
            self.sources.iter().map(|(options, _)| collector(options)).collect();
        let probe = |(options, maker): &(ProbeOptions<F>, Maker<F, S, ReadyProbe>)| {
            probe(options, (maker.declarations)())
        };
        let mut probes: Vec<ProbeSchema> = self.probes.iter().map(probe).collect();
        collectors.sort_by(|one, other| one.name.cmp(&other.name));
        probes.sort_by(|one, other| one.path.cmp(&other.path));
        Schema {
            exporter: self.settings.name.clone(),
            namespace: self.settings.source_prefix().trim_end_matches('_').to_owned(),
            collectors,
            probes,
            ..builder.schema()
        }
    }

    fn describe_sources(&self, scratch: &Registry) {
        for (options, maker) in &self.sources {
            let up = options.up().map(|up| vec![up.clone()].into());
            for declarations in [(maker.declarations)()].into_iter().chain(up) {
                let source = Registrable::provided(options.name().clone(), declarations);
                _ = scratch.scope_with(options.addition().clone()).add(source);
            }
        }
        if !self.sources.is_empty() {
            let own = Registrable::provided(
                "sources".into(),
                Declarations::of::<ScrapeMetrics>(Vec::new()),
            );
            _ = scratch.scope().prefix(self.settings.source_prefix()).add(own);
        }
    }

    /// Prints the documents that the flags request.
    pub(super) fn describe(mut self, flags: &Flags) -> Result<(), ExporterError> {
        log::init(flags);
        if let Some(errors) = self.take_errors() {
            return Err(ExporterError::Declaration(errors));
        }
        let schema = self.schema();
        if let Some(document) = flags.describe {
            print(&document.of(&schema));
        }
        #[cfg(feature = "check-rules")]
        check_rules(&flags.check_rules, &schema)?;
        flags.describe_diff.as_deref().map_or(Ok(()), |file| compare(file, &schema))
    }
}

/// Returns the families of any source of the exporter, and of its collectors.
impl<F: Args + 'static, S: Send + Sync + 'static> From<&Exporter<F, S>> for Schema {
    fn from(exporter: &Exporter<F, S>) -> Self {
        exporter.schema()
    }
}

fn provide(registry: &Registry, name: CollectorName, declarations: Declarations) {
    _ = registry.scope().add(Registrable::provided(name, declarations));
}

fn collector<F>(options: &SourceOptions<F>) -> CollectorSchema {
    CollectorSchema {
        name: options.name().clone().into_owned(),
        enabled_by_default: options.is_enabled(),
    }
}

fn probe<F>(options: &ProbeOptions<F>, declarations: Declarations) -> ProbeSchema {
    let registry = Registry::new();
    provide(&registry, "probe".into(), Declarations::of::<ProbeMetrics>(Vec::new()));
    provide(&registry, options.path().clone(), declarations);
    if let Some(up) = options.up() {
        provide(&registry, "up".into(), vec![up.clone()].into());
    }
    let mut builder = SchemaBuilder::default();
    registry.describe_to(&mut builder, |_| false);
    let Schema { families, has_dynamic, .. } = builder.schema();
    ProbeSchema { path: options.path().clone().into_owned(), families, has_dynamic }
}

impl Document {
    fn of(self, schema: &Schema) -> String {
        match self {
            Self::Markdown => schema.markdown(),
            Self::Json => schema.to_json(),
            Self::Grafana => schema.grafana(),
            Self::Rules => schema.rules(),
            Self::Relabel => schema.relabel(),
        }
    }
}

/// Prints a text. Standard output may be closed.
fn print(text: &str) {
    _ = io::stdout().write_all(text.as_bytes());
}

/// Prints what has changed since an older exporter wrote its schema to `file`.
fn compare(file: &Path, schema: &Schema) -> Result<(), ExporterError> {
    let changes = read(file)
        .map_err(|error| ExporterError::OldSchema { file: file.to_owned(), error })?
        .changes(schema);
    changes.iter().for_each(|change| print(&format!("{change}\n")));
    match changes.iter().filter(|change| change.impact == Impact::Breaking).count() {
        0 => Ok(()),
        count => Err(ExporterError::Breaking { count }),
    }
}

fn read(file: &Path) -> Result<Schema, BoxError> {
    Ok(Schema::from_json(&fs::read_to_string(file)?)?)
}

/// Prints what is wrong in the queries of rule files and dashboards.
#[cfg(feature = "check-rules")]
fn check_rules(files: &[PathBuf], schema: &Schema) -> Result<(), ExporterError> {
    let read = |file: &PathBuf| {
        let text = fs::read_to_string(file);
        let text = text.map_err(|error| ExporterError::QueryFile { file: file.clone(), error })?;
        Ok(QueryFile { name: file.display().to_string(), text })
    };
    let files = files.iter().map(read).collect::<Result<Vec<QueryFile>, ExporterError>>()?;
    let findings = schema.check_rules(&files);
    findings.iter().for_each(|finding| print(&format!("{finding}\n")));
    match findings.len() {
        0 => Ok(()),
        count => Err(ExporterError::Queries { count }),
    }
}
