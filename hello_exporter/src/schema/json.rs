//! A schema as JSON.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::Schema;

/// The version of the JSON form. A change that an older reader would misread increases it.
pub const VERSION: u32 = 1;

/// Why a text is not a schema.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// The text is not JSON.
    #[error("invalid JSON: {0}")]
    Syntax(serde_json::Error),
    /// The text is JSON of another form.
    #[error("not a schema: {0}; expected the output of `--describe=json`")]
    Form(serde_json::Error),
    /// A newer exporter has written the schema.
    #[error(
        "the schema has version {0}, expected at most {VERSION}: a newer exporter has written it"
    )]
    Version(u32),
}

impl SchemaError {
    fn of_json(error: serde_json::Error) -> Self {
        if error.is_data() { Self::Form(error) } else { Self::Syntax(error) }
    }
}

/// The part that every version has.
#[derive(Deserialize)]
#[serde(expecting = "a schema")]
struct Versioned {
    version: NonZeroU32,
}

#[derive(Serialize)]
struct File<'s> {
    version: u32,
    #[serde(flatten)]
    schema: &'s Schema,
}

impl Schema {
    /// Returns the schema as indented JSON, which ends in a newline. `docs/schema.md`, in the
    /// repository, describes its fields.
    ///
    /// ```
    /// use hello_exporter::schema::Schema;
    /// use hello_exporter::{Collector, Gauge};
    ///
    /// #[derive(Collector)]
    /// struct Hello {
    ///     /// Display a.
    ///     a: Gauge,
    /// }
    ///
    /// let schema = Schema::of::<Hello>();
    /// assert_eq!(Schema::from_json(&schema.to_json())?, schema);
    /// # Ok::<(), hello_exporter::schema::SchemaError>(())
    /// ```
    pub fn to_json(&self) -> String {
        let file = File { version: VERSION, schema: self };
        // All keys are strings and all numbers finite, so there is no error.
        serde_json::to_string_pretty(&file).unwrap_or_default() + "\n"
    }

    /// Reads a schema that [`to_json`](Self::to_json) has written. Fields that this version does
    /// not know are ignored.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is not a schema, or if its version is newer than [`VERSION`].
    pub fn from_json(text: &str) -> Result<Self, SchemaError> {
        let Versioned { version } = serde_json::from_str(text).map_err(SchemaError::of_json)?;
        if version.get() > VERSION {
            return Err(SchemaError::Version(version.get()));
        }
        serde_json::from_str(text).map_err(SchemaError::of_json)
    }
}
