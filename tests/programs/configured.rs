//! An exporter with a configuration file. Its sources, its collector and its probe expose which
//! version of the file they have used.

use std::convert::Infallible;
use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use hello_exporter::collect::{Collect, Desc, Describe, FamilyEncoder, MetricType};
use hello_exporter::config::{ConfigFile, ConfigOptions, Current};
use hello_exporter::probe::{Probe, ProbeRequest, Probed, TargetError};
use hello_exporter::source::{async_fn, blocking_fn, in_turn};
use hello_exporter::{Collector, Exporter, SourceOptions};

/// The file.
#[derive(serde::Deserialize)]
struct Config {
    version: u32,
    #[serde(default)]
    servers: Vec<Server>,
    #[serde(default, rename = "unparsable")]
    _unparsable: Unparsable,
}

#[derive(serde::Deserialize)]
#[expect(dead_code, reason = "only its type is checked")]
struct Server {
    name: String,
    #[serde(default)]
    port: u16,
    #[serde(default)]
    mode: Mode,
}

/// A type that cannot be parsed: it panics.
#[derive(Default)]
struct Unparsable;

impl<'de> serde::Deserialize<'de> for Unparsable {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        panic!("unparsable")
    }
}

#[derive(Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    #[default]
    Single,
    Cluster,
}

impl Default for Config {
    fn default() -> Self {
        Self { version: 1, servers: Vec::new(), _unparsable: Unparsable }
    }
}

impl ConfigFile for Config {
    fn validate(&self) -> Result<(), Box<dyn Error + Send + Sync>> {
        match self.version {
            0 => Err("version 0: expected at least 1".into()),
            404 => panic!("version not found"),
            // Until the exporter ends.
            408 => loop {
                thread::park();
            },
            _ => Ok(()),
        }
    }
}

/// The state that the exporter makes from the file.
struct State {
    version: u32,
    servers: Vec<String>,
}

impl State {
    fn new(flags: &Flags, config: &Config) -> Result<Self, String> {
        if config.version > flags.highest_version {
            return Err(format!("version {}: expected at most 1000000", config.version));
        }
        let servers = config.servers.iter().map(|server| server.name.clone()).collect();
        Ok(Self { version: config.version, servers })
    }
}

#[derive(clap::Args)]
struct Flags {
    /// The highest version that the exporter accepts.
    #[arg(long = "version.highest", default_value_t = 1_000_000)]
    highest_version: u32,

    /// Let the source `hung` hang.
    #[arg(long = "hung.hangs")]
    hangs: bool,
}

/// The version that a part has used.
#[derive(Collector)]
struct Used {
    /// Version of the configuration.
    version: u32,
}

impl Used {
    fn of(state: &Current<State>) -> Result<Self, Infallible> {
        Ok(Self { version: state.get().version })
    }
}

/// The versions at both ends of a run.
#[derive(Collector)]
struct Ends {
    /// Version at the start of the run.
    version_at_start: u32,
    /// Version at the end of the run.
    version_at_end: u32,
}

async fn slow(state: Arc<Current<State>>) -> Result<Ends, Infallible> {
    let version_at_start = state.get().version;
    tokio::time::sleep(Duration::from_millis(3)).await;
    Ok(Ends { version_at_start, version_at_end: state.get().version })
}

fn blocking(state: &Current<State>) -> Result<Ends, Infallible> {
    let version_at_start = state.get().version;
    thread::sleep(Duration::from_millis(3));
    Ok(Ends { version_at_start, version_at_end: state.get().version })
}

/// A collector that reads the configuration while a scrape is encoded.
struct AtEncoding(Arc<Current<State>>);

impl Describe for AtEncoding {
    fn describe(&self) -> Vec<Desc> {
        vec![Desc::new("encoding_version", "Version of the configuration.", MetricType::Gauge)]
    }
}

impl Collect for AtEncoding {
    fn collect(&self, _: usize, encoder: &mut FamilyEncoder<'_>) {
        encoder.value(self.0.get().version);
    }
}

/// Probes the servers of the file.
struct Servers(Arc<Current<State>>);

impl Probe for Servers {
    type Metrics = Used;
    type Error = Infallible;

    fn check_target(&self, target: &str) -> Result<(), TargetError> {
        let state = self.0.get();
        let is_known = state.servers.iter().any(|name| name == target);
        let unknown = || TargetError::NotAllowed("it is not in the configuration".to_owned());
        is_known.then_some(()).ok_or_else(unknown)
    }

    async fn probe(&self, _: ProbeRequest) -> Result<Probed<Used>, Infallible> {
        Used::of(&self.0).map(Probed::success)
    }
}

fn main() -> ExitCode {
    let is_optional = std::env::args().any(|argument| argument == "--config.optional");
    let file = match is_optional {
        true => ConfigOptions::optional(),
        false => ConfigOptions::required("configured.yml"),
    };
    let options = |name| SourceOptions::new(name).prefix(format!("{name}_"));
    let cached = options("cached").cache(Duration::from_secs(3600));
    let hung = options("hung").disabled_by_default().timeout(Duration::from_millis(200));
    Exporter::with_flags::<Flags>("configured")
        .with_config(file.state(|flags: &Flags, config: Arc<Config>| State::new(flags, &config)))
        .source_fn_with(options("slow"), slow)
        .source_with(options("blocking"), |_, state| blocking_fn(move || blocking(&state)))
        .source_with(options("turn"), |_, state| in_turn(move || Used::of(&state)))
        .source_with(cached, |_, state| async_fn(move || std::future::ready(Used::of(&state))))
        .source_with(hung, |flags, state| {
            let hangs = flags.hangs && state.get().version == 1;
            blocking_fn(move || {
                while hangs && state.get().version == 1 {
                    thread::park();
                }
                Used::of(&state)
            })
        })
        .register_with(|_, state| AtEncoding(state))
        .probe_with("/probe", |_, state| Servers(state))
        .run_from(std::env::args().filter(|argument| argument != "--config.optional"))
}
