//! One scrape without a server.

use std::path::Path;

use super::ExporterError;
use super::assembly::Assembly;
use super::stdout::print;
use crate::encode::Format;
use crate::internals::{Exposition, write_whole};
use crate::server::source::Selection;

/// Runs every collector once, and writes the text format to a file as a whole, or to standard
/// output for `-`.
pub(super) async fn once(assembly: Assembly, file: &Path) -> Result<(), ExporterError> {
    // Each source ends at its own timeout.
    let scrape = assembly.sources.scrape(Selection::default(), None).await;
    let mut text = Exposition::new(Vec::new());
    let has_succeeded = scrape.encode(Format::Text.into(), &mut text);
    let text = text.buffer;
    match file == Path::new("-") {
        true => print(&text)?,
        false => write_whole(file, &text).map_err(ExporterError::Textfile)?,
    }
    has_succeeded.then_some(()).ok_or(ExporterError::Incomplete)
}
