//! Takes changed files up while the exporter runs.

use std::path::Path;
use std::sync::{Arc, Weak};
use std::time::Duration;
use std::{io, thread};

use tracing::{error, info};

use super::error::WebConfigError;
use super::{Settings, WebConfig, load};
use crate::server::files::ReadFiles;

/// How often the files are looked at.
///
/// What was read is put in force once the files are found the same after one interval more, so that none is
/// taken up while it is being written by somebody who does not pause for longer.
const INTERVAL: Duration = Duration::from_millis(400);

/// Watches on a thread of its own, where a slow file system holds nobody up, until the configuration is
/// dropped.
pub(super) fn start(config: &Arc<WebConfig>, files: ReadFiles) -> io::Result<()> {
    let config = Arc::downgrade(config);
    let watch = move || run(&config, Watch { files, candidate: None });
    thread::Builder::new().name("web-config".to_owned()).spawn(watch).map(drop)
}

fn run(config: &Weak<WebConfig>, mut watch: Watch) {
    loop {
        thread::sleep(INTERVAL);
        let Some(config) = config.upgrade() else { return };
        if let Some(loaded) = watch.look(&config.path) {
            take_up(&config, loaded);
        }
    }
}

fn take_up(config: &WebConfig, loaded: Loaded) {
    match loaded.and_then(|settings| config.replace(settings)) {
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

/// What came of reading the files.
type Loaded = Result<Settings, WebConfigError>;

struct Watch {
    /// What was read for what is in force, or for what could not be.
    files: ReadFiles,
    candidate: Option<Candidate>,
}

/// What was read after a change, and is not in force yet.
struct Candidate {
    /// All that was read, also what only the new files name.
    files: ReadFiles,
    loaded: Loaded,
}

impl Watch {
    /// Gives what was read when they were looked at before, if the files are other ones than those in force
    /// and still the same as then. Whatever comes of it, they are not given again before they change.
    fn look(&mut self, path: &Path) -> Option<Loaded> {
        if let Some(candidate) = self.candidate.take()
            && candidate.files.now() == candidate.files
        {
            self.files = candidate.files;
            return Some(candidate.loaded);
        }
        if self.files.now() != self.files {
            let mut files = ReadFiles::default();
            let loaded = load::settings(path, &mut files);
            self.candidate = Some(Candidate { files, loaded });
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// What is given, once for each look.
    fn looks(watch: &mut Watch, path: &Path, expected: &[Option<&str>]) {
        for expected in expected {
            let given = watch.look(path).map(|loaded| match loaded {
                Ok(settings) => {
                    settings.headers.iter().map(|(_, value)| format!("{value:?}")).collect()
                }
                Err(error) => error.to_string().replace(path.to_str().unwrap(), "@"),
            });
            assert_eq!(given.as_deref(), *expected);
        }
    }

    fn headers(value: &str) -> String {
        format!("http_server_config: {{headers: {{X-XSS-Protection: {value}}}}}\n")
    }

    #[test]
    fn what_is_given_was_seen_twice() {
        let directory = tempfile::tempdir().unwrap();
        let path = &directory.path().join("web.yml");
        let write = |text: &str| fs::write(path, text).unwrap();
        write(&headers("old"));
        let mut files = ReadFiles::default();
        load::settings(path, &mut files).unwrap();
        let mut watch = Watch { files, candidate: None };
        let mut looks = |expected: &[Option<&str>]| looks(&mut watch, path, expected);
        looks(&[None, None]);
        // A file that is being written.
        for value in ["n", "ne", "new"] {
            write(&headers(value));
            looks(&[None]);
        }
        write(&headers("old"));
        looks(&[None, None]);
        write(&headers("new"));
        looks(&[None, Some("\"new\""), None]);
        write("x\n");
        looks(&[None, Some("@:1:1: expected keys and their values"), None]);
        fs::remove_file(path).unwrap();
        let gone = "cannot read web configuration file @: No such file or directory (os error 2)";
        looks(&[None, Some(gone), None]);
    }

    #[test]
    fn files_that_only_the_new_one_names_are_seen_twice_as_well() {
        let directory = tempfile::tempdir().unwrap();
        let path = &directory.path().join("web.yml");
        fs::write(path, "").unwrap();
        let mut files = ReadFiles::default();
        load::settings(path, &mut files).unwrap();
        let mut watch = Watch { files, candidate: None };
        let mut looks = |expected: &[Option<&str>]| looks(&mut watch, path, expected);
        let key = path.with_file_name("key");
        let text =
            format!("tls_server_config: {{cert_file: web.yml, key_file: {}}}\n", key.display());
        fs::write(path, text).unwrap();
        for half in ["a", "ab", "abc"] {
            fs::write(&key, half).unwrap();
            looks(&[None]);
        }
        let said = "@: `cert_file` @ has no certificate in PEM";
        looks(&[Some(said), None]);
        fs::write(&key, "abcd").unwrap();
        looks(&[None, Some(said), None]);
    }
}
