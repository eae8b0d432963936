//! Takes changed files up while the exporter runs.

use std::sync::{Arc, Weak};
use std::time::Duration;
use std::{io, thread};

use tracing::{error, info};

use super::files::ReadFiles;
use super::{WebConfig, load};

/// How often the files are looked at.
///
/// A change counts once it was seen twice, so that a file is not taken up while it is being written: an
/// empty one would be a configuration without users.
const INTERVAL: Duration = Duration::from_millis(400);

/// Watches on a thread of its own, where a slow file system holds nobody up, until the configuration is
/// dropped.
pub(super) fn start(config: &Arc<WebConfig>, files: ReadFiles) -> io::Result<()> {
    let config = Arc::downgrade(config);
    let watch = move || Watch { config, files, changed: None }.run();
    thread::Builder::new().name("web-config".to_owned()).spawn(watch).map(drop)
}

struct Watch {
    config: Weak<WebConfig>,
    /// What was read when the files were loaded, or could not be.
    files: ReadFiles,
    /// What was seen when they were looked at last, if that was something else.
    changed: Option<ReadFiles>,
}

impl Watch {
    fn run(mut self) {
        loop {
            thread::sleep(INTERVAL);
            let Some(config) = self.config.upgrade() else { return };
            if self.has_changed() {
                self.reload(&config);
            }
        }
    }

    /// Whether the files are other ones than those that were loaded, and no longer change.
    fn has_changed(&mut self) -> bool {
        let now = self.files.now();
        if now == self.files {
            self.changed = None;
            return false;
        }
        let before = self.changed.replace(now);
        before.is_some() && before == self.changed
    }

    /// Whatever comes of it, the same files are not loaded again before they change.
    fn reload(&mut self, config: &WebConfig) {
        self.changed = None;
        self.files = ReadFiles::default();
        let settings = load::settings(&config.path, &mut self.files);
        match settings.and_then(|settings| config.replace(settings)) {
            Ok(()) => {
                info!(file = %config.path.display(), "Web configuration was read again");
                config.warn();
            }
            Err(error) => error!(
                %error,
                "The new web configuration is not taken up, the one before stays in force"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_change_counts_once_it_has_been_seen_twice() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("web.yml");
        let write = |text: &str| fs::write(&file, text).unwrap();
        write("old");
        let mut files = ReadFiles::default();
        files.read(&file).unwrap();
        let mut watch = Watch { config: Weak::new(), files, changed: None };
        let mut looks = |expected: &[bool]| {
            for expected in expected {
                assert_eq!(watch.has_changed(), *expected);
            }
        };
        looks(&[false, false]);
        // A file that is being written.
        for text in ["", "n", "ne"] {
            write(text);
            looks(&[false]);
        }
        write("old");
        looks(&[false, false]);
        write("new");
        looks(&[false, true]);
        fs::remove_file(&file).unwrap();
        looks(&[false, true]);
    }
}
