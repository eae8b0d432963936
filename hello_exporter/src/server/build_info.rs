//! `<exporter>_build_info`, and what `--version` prints.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::env::consts::{ARCH, OS};
use std::fmt;

/// The version and revision of an exporter. [`build_info!`](crate::build_info!) creates one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildInfo {
    version: Cow<'static, str>,
    revision: Cow<'static, str>,
}

/// Returns a [`BuildInfo`](crate::exporter::BuildInfo) with the version of the calling crate. The
/// revision is the value of the environment variable `BUILD_REVISION` when that crate is compiled,
/// or `unknown` if it is not set.
///
/// ```
/// use hello_exporter::{Exporter, build_info};
///
/// let exporter = Exporter::new("my_exporter").build_info(build_info!());
/// # let _ = exporter;
/// ```
#[macro_export]
macro_rules! build_info {
    () => {
        $crate::exporter::BuildInfo::new(
            ::core::env!("CARGO_PKG_VERSION"),
            ::core::option_env!("BUILD_REVISION").unwrap_or("unknown"),
        )
    };
}

impl BuildInfo {
    /// Creates a `BuildInfo` from a version and a source revision.
    pub fn new(
        version: impl Into<Cow<'static, str>>,
        revision: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { version: version.into(), revision: revision.into() }
    }

    /// Returns the version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Returns the revision.
    pub fn revision(&self) -> &str {
        &self.revision
    }

    /// Returns the compiler and its target.
    pub(crate) fn platform() -> String {
        format!("Rust {RUST_VERSION}, {OS}/{ARCH}")
    }

    /// Returns the collector of `build_info`, which is registered under the exporter's name.
    pub(crate) fn collector(&self) -> BuildInfoMetric {
        let values = [&self.version, &self.revision, RUST_VERSION, OS, ARCH];
        BuildInfoMetric { build_info: BTreeMap::from([(values.map(str::to_owned), true)]) }
    }
}

const RUST_VERSION: &str = env!("HELLO_EXPORTER_RUST_VERSION");

impl Default for BuildInfo {
    fn default() -> Self {
        Self::new("unknown", "unknown")
    }
}

/// Writes the output of `--version` without the exporter's name, which precedes it, in the layout
/// of Go exporters.
impl fmt::Display for BuildInfo {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { version, revision } = self;
        writeln!(formatter, "version {version} (revision: {revision})")?;
        writeln!(formatter, "  rust version:     {RUST_VERSION}")?;
        writeln!(formatter, "  platform:         {OS}/{ARCH}")
    }
}

#[derive(hello_exporter_derive::Collector)]
#[collector(crate = crate, no_new)]
pub(crate) struct BuildInfoMetric {
    #[metric(
        help = "A metric with a constant '1' value, labeled by the exporter's version and build.",
        labels = ["version", "revision", "rustversion", "os", "arch"]
    )]
    build_info: BTreeMap<[String; 5], bool>,
}
