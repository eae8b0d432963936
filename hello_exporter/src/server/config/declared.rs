//! A declared configuration without the type of its contents, and how it is opened at startup.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::snapshot::{Snapshot, Snapshots};
use super::{ConfigError, ConfigOptions, Current};
use crate::internals::catch;
use crate::server::files::ReadFiles;

/// A declared configuration of an exporter with the flags `F` and the state `S`.
pub(crate) struct DeclaredConfig<F, S> {
    /// The default of `--config.file`.
    pub(crate) default_file: Option<PathBuf>,
    open: Open<F, S>,
}

/// Loads the first version. Returns the state that has it, and what is needed to reload it.
type Open<F, S> =
    Box<dyn FnOnce(Option<PathBuf>, Arc<F>) -> Result<(Arc<S>, OpenedConfig), ConfigError> + Send>;

/// A configuration whose first version is in force.
pub(crate) struct OpenedConfig {
    pub(crate) path: Option<PathBuf>,
    /// The files of the first version.
    pub(super) files: ReadFiles,
    pub(super) load: LoadNext,
    pub(crate) snapshots: Snapshots,
}

/// Loads another version.
pub(super) type LoadNext = Box<dyn Fn(&mut ReadFiles) -> Result<Replacement, ConfigError> + Send>;

/// Puts a loaded version in force.
pub(super) type Replacement = Box<dyn FnOnce() + Send>;

impl<F, T> DeclaredConfig<F, Current<T>>
where
    F: Send + Sync + 'static,
    T: Send + Sync + 'static,
{
    pub(crate) fn new(options: ConfigOptions<F, T>) -> Self {
        let ConfigOptions { default_file, load } = options;
        let open = |path: Option<PathBuf>, flags: Arc<F>| {
            let load = move |path: Option<&Path>, files: &mut ReadFiles| load(path, &flags, files);
            open(path, load)
        };
        Self { default_file, open: Box::new(open) }
    }
}

impl<F, S> DeclaredConfig<F, S> {
    /// Loads the first version from `path`, if there is a path.
    pub(crate) fn open(
        self,
        path: Option<PathBuf>,
        flags: Arc<F>,
    ) -> Result<(Arc<S>, OpenedConfig), ConfigError> {
        (self.open)(path, flags)
    }
}

fn open<T: Send + Sync + 'static>(
    path: Option<PathBuf>,
    load: impl Fn(Option<&Path>, &mut ReadFiles) -> Result<Arc<T>, ConfigError> + Send + 'static,
) -> Result<(Arc<Current<T>>, OpenedConfig), ConfigError> {
    // The author's types can panic, too: when they are parsed, or when a refused one is dropped.
    let load = move |path: Option<&Path>, files: &mut ReadFiles| {
        let loaded = catch(|| load(path, files));
        let panicked = |panic| Err(ConfigError::invalid(path, format!("panicked: {panic}")));
        loaded.unwrap_or_else(panicked)
    };
    let (files, first) = ReadFiles::record(|files| load(path.as_deref(), files));
    let current = Arc::new(Current::new(first?));
    let (reloaded, in_scrapes) = (Arc::clone(&current), Arc::clone(&current));
    let file = path.clone();
    let load_next = move |files: &mut ReadFiles| {
        let value = load(file.as_deref(), files)?;
        let current = Arc::clone(&reloaded);
        Ok(Box::new(move || current.replace(value)) as Replacement)
    };
    let snapshots = Snapshots::new(move || Snapshot::new(in_scrapes.in_force()));
    Ok((current, OpenedConfig { path, files, load: Box::new(load_next), snapshots }))
}
