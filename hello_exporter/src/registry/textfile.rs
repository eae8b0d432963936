//! An exposition as a file.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::Registry;
use crate::encode::Format;

/// Why an exposition was not written to a file. The file is as it was before.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TextfileError {
    /// The path is a device, a FIFO, a socket or a directory.
    #[error("`{}` is not a regular file", path.display())]
    NotRegular {
        /// The file.
        path: PathBuf,
    },
    /// The path is a symbolic link. Links are not followed, so that nobody who may create one can
    /// choose the file that is replaced.
    #[error("`{}` is a symbolic link, expected a regular file", path.display())]
    SymbolicLink {
        /// The link.
        path: PathBuf,
    },
    /// The system refused to write the file.
    #[error("cannot write {}: {error}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The reason.
        #[source]
        error: io::Error,
    },
}

impl Registry {
    /// Writes the text format to a file, as the textfile collector of the node exporter reads it.
    ///
    /// A reader sees the old file or the new one, never a part: the text is written to another file
    /// in the same directory, whose name does not end in `.prom`, and this is renamed once it is on
    /// the disk.
    ///
    /// ```
    /// use hello_exporter::{Collector, Gauge, Registry};
    /// use std::sync::Arc;
    ///
    /// #[derive(Collector)]
    /// #[collector(namespace = "backup")]
    /// struct Backup {
    ///     /// When the last backup succeeded.
    ///     last_success_timestamp_seconds: Gauge,
    /// }
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("backup.prom");
    /// # /*
    /// let path = "/var/lib/prometheus/node-exporter/backup.prom";
    /// # */
    /// let backup = Arc::new(Backup::new());
    /// let registry = Registry::new();
    /// registry.register(Arc::clone(&backup))?;
    /// backup.last_success_timestamp_seconds.set_to_current_time();
    /// registry.write_textfile(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be written or renamed, or if the path is a device, a
    /// FIFO, a socket, a directory or a symbolic link. The old file then stays.
    pub fn write_textfile(&self, path: impl AsRef<Path>) -> Result<(), TextfileError> {
        let mut text = Vec::new();
        self.encode(Format::Text, &mut text);
        write_whole(path.as_ref(), &text)
    }
}

/// Replaces a file as a whole.
pub(crate) fn write_whole(path: &Path, text: &[u8]) -> Result<(), TextfileError> {
    let with_path = |error| TextfileError::Write { path: path.to_owned(), error };
    let temporary = temporary(path).map_err(with_path)?;
    check_target(path)?;
    let written = write(&temporary, text).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        _ = fs::remove_file(&temporary);
    }
    written.and_then(|()| sync_directory(path)).map_err(with_path)
}

/// Refuses a path that exists and is not a regular file: renaming would replace a device by a file.
fn check_target(path: &Path) -> Result<(), TextfileError> {
    let path = path.to_owned();
    match fs::symlink_metadata(&path) {
        Ok(metadata) if metadata.is_file() => Ok(()),
        Ok(metadata) if metadata.is_symlink() => Err(TextfileError::SymbolicLink { path }),
        Ok(_) => Err(TextfileError::NotRegular { path }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(TextfileError::Write { path, error }),
    }
}

/// Returns a path in the same directory that no other write uses.
fn temporary(path: &Path) -> io::Result<PathBuf> {
    static NEXT: AtomicU64 = AtomicU64::new(0);

    let name = path.file_name().ok_or_else(|| {
        io::Error::new(io::ErrorKind::InvalidInput, "expected a path that ends in a file name")
    })?;
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let mut temporary = std::ffi::OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}.{number}.tmp", std::process::id()));
    Ok(path.with_file_name(temporary))
}

fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    // The name may be left over from a process with the same id, so it may exist.
    let mut file = File::create(path)?;
    file.write_all(text)?;
    file.sync_all()
}

/// Makes the new name last. Not every system can do this for a directory.
fn sync_directory(path: &Path) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Ok(directory) = File::open(directory.unwrap_or(Path::new("."))) {
        _ = directory.sync_all();
    }
    Ok(())
}
