//! Comparing a schema with a file.

use std::env;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use crate::schema::{Change, Schema, SchemaError};

/// The variable that makes [`assert_schema`] write the file, if it is [`OVERWRITE`].
const VARIABLE: &str = "SCHEMA";

const OVERWRITE: &str = "overwrite";

/// Compares a schema with the file at `path`, which belongs into the repository of the exporter. A
/// change of the metrics then fails the test, and its review shows the new file. A relative path
/// begins at the directory of the package, where Cargo runs tests.
///
/// With the environment variable `SCHEMA=overwrite`, writes the file instead.
///
/// The form of the JSON and the order of its lists make no difference; see
/// [`Schema::changes`].
///
/// ```
/// use hello_exporter::schema::Schema;
/// use hello_exporter::testing::assert_schema;
/// use hello_exporter::{Collector, Gauge};
///
/// #[derive(Collector)]
/// struct Mail {
///     /// Mails in the queue.
///     mail_queue_length: Gauge<i64>,
/// }
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("metrics.json");
/// # std::fs::write(&path, Schema::of::<Mail>().to_json())?;
/// # /*
/// let path = "metrics.json";
/// # */
/// assert_schema(Schema::of::<Mail>(), path);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// A gauge that is removed and one that is added fail the test with:
///
/// ```text
/// the schema differs from `metrics.json`:
///   breaking: `mail_queue_length` is gone
///   compatible: `mail_queue_age_seconds` is new
/// if this is meant: SCHEMA=overwrite cargo test
/// ```
///
/// # Panics
///
/// Panics if the schema differs from that in the file; the message lists the
/// [changes](Schema::changes). Panics also if the file is missing, cannot be read or written, or
/// holds no schema; the message names the reason.
#[track_caller]
pub fn assert_schema(schema: impl Into<Schema>, path: impl AsRef<Path>) {
    let (schema, path) = (schema.into(), path.as_ref());
    let result = match env::var_os(VARIABLE).is_some_and(|value| value == OVERWRITE) {
        true => fs::write(path, schema.to_json()).map_err(Failure::Write),
        false => compare(&schema, path),
    };
    if let Err(failure) = result {
        panic!("{}", failure.message(path));
    }
}

/// Why the assertion fails.
enum Failure {
    Missing,
    Read(io::Error),
    Invalid(SchemaError),
    Changed(Vec<Change>),
    Write(io::Error),
}

fn compare(schema: &Schema, path: &Path) -> Result<(), Failure> {
    let text = fs::read_to_string(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => Failure::Missing,
        _ => Failure::Read(error),
    })?;
    let changes = Schema::from_json(&text).map_err(Failure::Invalid)?.changes(schema);
    if changes.is_empty() { Ok(()) } else { Err(Failure::Changed(changes)) }
}

impl Failure {
    fn message(&self, path: &Path) -> String {
        let file = format!("`{}`", path.display());
        let command = format!("{VARIABLE}={OVERWRITE} cargo test");
        match self {
            Self::Missing => format!("the schema {file} is missing\nto write it: {command}"),
            Self::Read(error) => format!("cannot read the schema {file}: {error}"),
            Self::Invalid(error) => {
                format!("cannot read the schema {file}: {error}\nto write it anew: {command}")
            }
            Self::Changed(changes) => {
                let lines: String = changes.iter().map(|change| format!("  {change}\n")).collect();
                format!("the schema differs from {file}:\n{lines}if this is meant: {command}")
            }
            Self::Write(error) => format!("cannot write the schema {file}: {error}"),
        }
    }
}
