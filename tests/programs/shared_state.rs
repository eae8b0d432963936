//! An exporter whose sources and probes share a state that is read from a file, and take options
//! from flags.

use std::convert::Infallible;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hello_exporter::cli::parse_duration;
use hello_exporter::collect::{Desc, MetricType};
use hello_exporter::probe::{ProbeOptions, ProbeRequest, Probed};
use hello_exporter::source::{async_fn, time_left};
use hello_exporter::{Collector, Counter, DynamicFamilies, Exporter, Source, SourceOptions, probe};
use tokio::runtime::Handle;

#[derive(clap::Args)]
struct Flags {
    /// File with the names of gauges, one in a line.
    #[arg(long = "config.file")]
    file: Option<PathBuf>,

    /// Block on a future before the file is read.
    #[arg(long = "config.blocks")]
    blocks: bool,

    /// Timeout of the source `late`, and of the probes.
    #[arg(long = "late.timeout", default_value = "100ms", value_parser = parse_duration)]
    timeout: Duration,

    /// Let the source `late` hang.
    #[arg(long = "late.hangs")]
    hangs: bool,

    /// How long the result of the source `cached` is cached.
    #[arg(long = "cached.cache", default_value = "0", value_parser = parse_duration)]
    cache: Duration,

    /// Leave out the source `count`.
    #[arg(long = "count.none")]
    has_no_count: bool,

    /// Serve a second probe.
    #[arg(long = "probe.second")]
    has_second_probe: bool,
}

/// The content of the file, which is read once, and the runs of the source `cached`.
struct Config {
    names: Vec<String>,
    runs: AtomicU64,
}

impl Config {
    fn read(flags: &Flags) -> Result<Self, String> {
        if flags.blocks {
            Handle::current().block_on(tokio::time::sleep(flags.timeout));
        }
        let Some(file) = &flags.file else { return Err("--config.file is required".to_owned()) };
        let text = std::fs::read_to_string(file);
        let text = text.map_err(|error| format!("cannot read {}: {error}", file.display()))?;
        Ok(Self { names: text.lines().map(str::to_owned).collect(), runs: AtomicU64::new(0) })
    }
}

/// Counts how often the file was read.
#[derive(Collector)]
struct Reads {
    /// How often the file was read.
    reads_total: Counter,
}

/// Exposes a gauge for each name in the file.
struct Named(Arc<Config>);

impl Source for Named {
    type Metrics = DynamicFamilies;
    type Error = Infallible;

    async fn scrape(&self) -> Result<DynamicFamilies, Infallible> {
        let mut families = DynamicFamilies::new();
        for (value, name) in self.0.names.iter().enumerate() {
            families.gauge(name.clone(), "Help.").sample([("line", value)], value);
        }
        Ok(families)
    }

    fn families(&self) -> Vec<Desc> {
        let desc = |name: &String| Desc::new(name.clone(), "Help.", MetricType::Gauge);
        self.0.names.iter().map(desc).collect()
    }
}

#[derive(Collector)]
struct Names {
    /// Names in the file.
    names: usize,
}

impl Names {
    fn of(config: &Config) -> Self {
        Self { names: config.names.len() }
    }
}

#[derive(Collector)]
struct Runs {
    /// How often the source has run.
    runs: u64,
}

#[derive(Collector)]
struct Late {
    /// Whether the run ended by itself when its time was over.
    late: bool,
}

async fn late(hangs: bool) -> Result<Late, Infallible> {
    tokio::time::sleep(time_left()).await;
    if hangs {
        std::future::pending::<()>().await;
    }
    Ok(Late { late: true })
}

/// The metrics of the sources `count` and `cached`, for a target.
#[derive(Collector)]
struct Target {
    #[metric(flatten)]
    names: Option<Names>,
    #[metric(flatten)]
    runs: Option<Runs>,
}

fn target(config: &Config, request: &ProbeRequest) -> Target {
    let runs = config.runs.load(Ordering::Relaxed);
    Target {
        names: request.is_enabled("count").then(|| Names::of(config)),
        runs: request.is_enabled("cached").then_some(Runs { runs }),
    }
}

fn main() -> ExitCode {
    let reads = Arc::new(Reads::new());
    let counted = Arc::clone(&reads);
    let late_options = SourceOptions::new("late").timeout_from(|flags: &Flags| flags.timeout);
    let cached = SourceOptions::new("cached").cache_from(|flags: &Flags| flags.cache);
    let second = ProbeOptions::new("/second").timeout_from(|flags: &Flags| flags.timeout);
    Exporter::with_flags::<Flags>("shared")
        .register(reads)
        // A source declared before the state does not receive it.
        .source_with(late_options, |flags, _| {
            let hangs = flags.hangs;
            async_fn(move || late(hangs))
        })
        .state(move |flags| {
            counted.reads_total.inc();
            Config::read(flags)
        })
        .source_with("named", |_, config| Named(config))
        .source_with("count", |flags, config| {
            let count = move || std::future::ready(Ok::<_, Infallible>(Names::of(&config)));
            (!flags.has_no_count).then(|| async_fn(count))
        })
        .source_with(cached, |_, config| {
            async_fn(move || {
                let runs = config.runs.fetch_add(1, Ordering::Relaxed) + 1;
                async move { Ok::<_, Infallible>(Runs { runs }) }
            })
        })
        .probe_with("/probe", |_, config| {
            probe::async_fn(move |request: ProbeRequest| {
                let target = target(&config, &request);
                async move { Ok::<_, Infallible>(Probed::success(target)) }
            })
        })
        .probe_with(second, |flags, _| {
            let hang =
                |_: ProbeRequest| std::future::pending::<Result<Probed<Names>, Infallible>>();
            flags.has_second_probe.then(|| probe::async_fn(hang))
        })
        .run()
}
