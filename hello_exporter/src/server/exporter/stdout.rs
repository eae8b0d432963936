//! Standard output.

use std::io::{self, ErrorKind, Write};

use super::ExporterError;

/// Prints a text. A reader that closes the pipe early, such as `head`, is no error.
pub(super) fn print(text: &[u8]) -> Result<(), ExporterError> {
    let mut out = io::stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(ExporterError::Print(error)),
        _ => Ok(()),
    }
}
