//! Reloads changed files while the exporter runs.

use std::sync::{Arc, Weak};
use std::{io, thread};

use tracing::{error, info};

use super::error::WebConfigError;
use super::{WebConfig, WebSettings, load};
use crate::server::files::{ReadFiles, Watch};

/// Watches the files until the configuration is dropped, on a thread of its own, so that a slow
/// file system delays no request.
pub(super) fn start(config: &Arc<WebConfig>, files: ReadFiles) -> io::Result<()> {
    let config = Arc::downgrade(config);
    let watch = move || run(&config, Watch::new(files));
    thread::Builder::new().name("web-config".to_owned()).spawn(watch).map(drop)
}

fn run(config: &Weak<WebConfig>, mut watch: Watch<Loaded>) {
    loop {
        thread::sleep(Watch::<Loaded>::INTERVAL);
        let Some(config) = config.upgrade() else { return };
        if let Some(loaded) = watch.check(|files| load::settings(&config.path, files)) {
            apply(&config, loaded);
        }
    }
}

fn apply(config: &WebConfig, loaded: Loaded) {
    match loaded.and_then(|settings| config.replace(settings)) {
        Ok(()) => {
            info!(file = %config.path.display(), "Reloaded the web configuration");
            config.warn();
        }
        Err(error) => {
            config.metrics.failed();
            error!(%error, "Cannot use the changed web configuration, keeping the previous one");
        }
    }
}

/// The result of reading the files.
type Loaded = Result<WebSettings, WebConfigError>;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    /// Checks as often as there are expected results.
    fn check(watch: &mut Watch<Loaded>, path: &Path, expected: &[Option<&str>]) {
        for expected in expected {
            let returned =
                watch.check(|files| load::settings(path, files)).map(|loaded| match loaded {
                    Ok(settings) => {
                        settings.headers.iter().map(|(_, value)| format!("{value:?}")).collect()
                    }
                    Err(error) => error.to_string().replace(path.to_str().unwrap(), "@"),
                });
            assert_eq!(returned.as_deref(), *expected);
        }
    }

    fn headers(value: &str) -> String {
        format!("http_server_config: {{headers: {{X-XSS-Protection: {value}}}}}\n")
    }

    #[test]
    fn settings_are_returned_after_two_equal_reads() {
        let directory = tempfile::tempdir().unwrap();
        let path = &directory.path().join("web.yml");
        let write = |text: &str| fs::write(path, text).unwrap();
        write(&headers("old"));
        let (files, _) = ReadFiles::record(|files| load::settings(path, files).unwrap());
        let mut watch = Watch::new(files);
        let mut check = |expected: &[Option<&str>]| check(&mut watch, path, expected);
        check(&[None, None]);
        // A file that is being written.
        for value in ["n", "ne", "new"] {
            write(&headers(value));
            check(&[None]);
        }
        write(&headers("old"));
        check(&[None, None]);
        write(&headers("new"));
        check(&[None, Some("\"new\""), None]);
        write("x\n");
        check(&[None, Some("@:1:1: expected keys and their values"), None]);
        fs::remove_file(path).unwrap();
        let gone = "cannot read web configuration file @: No such file or directory (os error 2)";
        check(&[None, Some(gone), None]);
    }

    #[test]
    fn newly_named_files_are_read_twice() {
        let directory = tempfile::tempdir().unwrap();
        let path = &directory.path().join("web.yml");
        fs::write(path, "").unwrap();
        let (files, _) = ReadFiles::record(|files| load::settings(path, files).unwrap());
        let mut watch = Watch::new(files);
        let mut check = |expected: &[Option<&str>]| check(&mut watch, path, expected);
        let key = path.with_file_name("key");
        let text =
            format!("tls_server_config: {{cert_file: web.yml, key_file: {}}}\n", key.display());
        fs::write(path, text).unwrap();
        for half in ["a", "ab", "abc"] {
            fs::write(&key, half).unwrap();
            check(&[None]);
        }
        let error = "@: `cert_file` @ contains no PEM certificate";
        check(&[Some(error), None]);
        fs::write(&key, "abcd").unwrap();
        check(&[None, Some(error), None]);
    }
}
