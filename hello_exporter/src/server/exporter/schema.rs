//! The schema of an exporter, and the flags that print it or compare it.

use std::fmt::Display;
use std::fs;
use std::path::Path;
#[cfg(feature = "check-rules")]
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::assembly::{register_config, register_own, register_program};
use super::stdout::print;
use super::{Exporter, ExporterError, Maker};
use crate::internals::{Addition, CollectorName, Declarations, Registrable, SchemaBuilder};
use crate::registry::Registry;
#[cfg(feature = "check-rules")]
use crate::schema::RuleFile;
use crate::schema::{CollectorSchema, Impact, ProbeSchema, Schema};
use crate::server::causes::BoxError;
use crate::server::cli::{Document, Flags};
use crate::server::http::Limit;
use crate::server::log;
use crate::server::probe::{ProbeMetrics, ProbeOptions, ReadyProbe};
use crate::server::reload_metrics::ReloadMetrics;
use crate::server::source::{ScrapeMetrics, SourceOptions};
use crate::server::web_config::WebConfigMetrics;

impl<F: Args + 'static, S: Send + Sync + 'static> Exporter<F, S> {
    /// Returns what the exporter can expose with any flags: the families of its collectors, of all
    /// its sources and probes, and of the exporter itself. It makes no source and no probe, so
    /// families whose names only their configuration knows are missing. `process_*` is part of it
    /// on Linux only.
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
        self.registry.describe_to(&mut builder, None);
        for maker in &self.collectors {
            describe((maker.declarations)(), &Addition::default(), None, &mut builder);
        }
        for (options, maker) in &self.sources {
            let up = options.up().map(|up| vec![up.clone()].into());
            for declarations in [(maker.declarations)()].into_iter().chain(up) {
                describe(declarations, options.addition(), Some(options.name()), &mut builder);
            }
        }
        self.describe_own(&mut builder);
        let mut collectors: Vec<CollectorSchema> =
            self.sources.iter().map(|(options, _)| collector(options)).collect();
        let probe = |(options, maker): &(ProbeOptions<F>, Maker<F, S, ReadyProbe>)| {
            probe(options, (maker.declarations)())
        };
        let mut probes: Vec<ProbeSchema> = self.probes.iter().map(probe).collect();
        collectors.sort_by(|one, other| one.name.cmp(&other.name));
        probes.sort_by(|one, other| one.path.cmp(&other.path));
        let namespace = self.settings.source_prefix();
        Schema {
            exporter: self.settings.name.clone(),
            namespace: namespace.strip_suffix('_').unwrap_or_default().to_owned(),
            collectors,
            probes,
            ..builder.schema()
        }
    }

    /// Adds the metrics about the exporter and its sources.
    fn describe_own(&self, builder: &mut SchemaBuilder) {
        let registry = Registry::new();
        // Names that clash are an error at startup.
        _ = register_own(&self.settings, &registry);
        let web_config = WebConfigMetrics::default();
        _ = web_config.register(&self.settings.metric_prefix(), &registry).count();
        _ = register_program(&Limit::default(), &registry);
        if self.state.config().is_some() {
            _ = register_config(&Arc::new(ReloadMetrics::new()), &self.settings, &registry);
        }
        if !self.sources.is_empty() {
            let declarations = Declarations::of::<ScrapeMetrics>(Vec::new());
            let sources = Registrable::provided("sources".into(), declarations);
            _ = registry.scope().prefix(self.settings.source_prefix()).add(sources);
        }
        registry.describe_to(builder, None);
    }

    /// Prints the documents that the flags request.
    pub(super) fn describe(mut self, flags: &Flags) -> Result<(), ExporterError> {
        log::init(flags);
        if let Some(errors) = self.take_errors() {
            return Err(ExporterError::Declaration(errors));
        }
        let schema = self.schema();
        if let Some(document) = flags.describe {
            print(document.of(&schema).as_bytes())?;
        }
        #[cfg(feature = "check-rules")]
        check_rules(&flags.check_rules, &schema)?;
        flags.describe_diff.as_deref().map_or(Ok(()), |file| print_changes(file, &schema))
    }
}

/// Returns [`Exporter::schema`].
impl<F: Args + 'static, S: Send + Sync + 'static> From<&Exporter<F, S>> for Schema {
    fn from(exporter: &Exporter<F, S>) -> Self {
        exporter.schema()
    }
}

/// Adds the families of one part. Parts that exclude each other may have the same families, so each
/// is described on its own.
fn describe(
    declarations: Declarations,
    addition: &Addition,
    source: Option<&CollectorName>,
    builder: &mut SchemaBuilder,
) {
    let registry = Registry::new();
    let part = Registrable::provided("part".into(), declarations);
    // An invalid family is an error at startup.
    _ = registry.scope_with(addition.clone()).add(part);
    registry.describe_to(builder, source.map(AsRef::as_ref));
}

fn collector<F>(options: &SourceOptions<F>) -> CollectorSchema {
    CollectorSchema {
        name: options.name().clone().into_owned(),
        enabled_by_default: options.is_enabled(),
    }
}

fn probe<F>(options: &ProbeOptions<F>, declarations: Declarations) -> ProbeSchema {
    let mut builder = SchemaBuilder::default();
    let up = options.up().map(|up| vec![up.clone()].into());
    let own = Declarations::of::<ProbeMetrics>(Vec::new());
    for declarations in [own, declarations].into_iter().chain(up) {
        describe(declarations, &Addition::default(), None, &mut builder);
    }
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

/// Prints each item on a line.
fn print_lines(items: &[impl Display]) -> Result<(), ExporterError> {
    print(items.iter().map(|item| format!("{item}\n")).collect::<String>().as_bytes())
}

/// Prints what has changed since an older exporter wrote its schema to `file`.
fn print_changes(file: &Path, schema: &Schema) -> Result<(), ExporterError> {
    let changes = read_schema(file)
        .map_err(|error| ExporterError::OldSchema { file: file.to_owned(), error })?
        .changes(schema);
    print_lines(&changes)?;
    match changes.iter().filter(|change| change.impact == Impact::Breaking).count() {
        0 => Ok(()),
        count => Err(ExporterError::Breaking { count }),
    }
}

fn read_schema(file: &Path) -> Result<Schema, BoxError> {
    let text = fs::read_to_string(file)?;
    // Some shells begin a file with this mark.
    Ok(Schema::from_json(text.trim_start_matches('\u{feff}'))?)
}

/// Prints what is wrong in the queries of rule files and dashboards.
#[cfg(feature = "check-rules")]
fn check_rules(files: &[PathBuf], schema: &Schema) -> Result<(), ExporterError> {
    let files: Vec<RuleFile> = files.iter().map(RuleFile::read).collect::<Result<_, _>>()?;
    let findings = schema.check_rules(&files);
    print_lines(&findings)?;
    match findings.len() {
        0 => Ok(()),
        count => Err(ExporterError::Findings { count }),
    }
}
