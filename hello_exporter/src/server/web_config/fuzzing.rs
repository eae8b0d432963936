//! The functions of this room that fuzz targets call.

use std::path::Path;

use super::{WebConfigError, load};
use crate::server::files::ReadFiles;

/// Makes the settings of a web configuration file, and returns their warnings. The paths in it are
/// relative to the directory of `path`.
///
/// # Errors
///
/// Returns the error that an exporter reports.
pub fn check(path: &Path, contents: Vec<u8>) -> Result<Vec<String>, WebConfigError> {
    let settings = load::settings_of(path, contents, &mut ReadFiles::default())?;
    Ok(settings.warnings)
}
