//! A file in `/proc` that is read at every scrape.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Mutex;

use crate::internals::lock;

/// A file that stays open. Each read from its start generates the contents anew.
///
/// The kernel neither looks the file up nor allocates a buffer for it. It keeps a buffer that is
/// long enough, so that it does not generate the contents of a long file twice.
pub(super) struct OpenFile {
    file: File,
    contents: Mutex<Vec<u8>>,
}

impl OpenFile {
    /// Bytes to read at first: longer than the files that are read.
    const ROOM: usize = 8 << 10;

    /// Opens a file; `None` if that fails.
    pub(super) fn new(path: &str) -> Option<Self> {
        Some(Self { file: File::open(path).ok()?, contents: Mutex::new(vec![0; Self::ROOM]) })
    }

    /// Parses the current contents; `None` if they cannot be read.
    pub(super) fn read<T>(&self, parse: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
        // The kernel lets one thread at a time read an open file, too.
        let mut contents = lock(&self.contents);
        let length = read_whole(&self.file, &mut contents).ok()?;
        parse(contents.get(..length)?)
    }
}

/// Reads the file to the start of `buffer`, which grows if it is too short. Returns the length.
fn read_whole(file: &File, buffer: &mut Vec<u8>) -> io::Result<usize> {
    let mut length = 0;
    loop {
        let free = buffer.get_mut(length..).unwrap_or_default();
        let room = free.len();
        let read = file.read_at(free, length as u64)?;
        length += read;
        if read < room {
            return Ok(length);
        }
        buffer.resize(2 * buffer.len(), 0);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn each_read_has_the_current_contents() {
        let mut written = tempfile::NamedTempFile::new().unwrap();
        let file = OpenFile::new(written.path().to_str().unwrap()).unwrap();
        let length = || file.read(|contents| Some((contents.len(), contents.last().copied())));
        assert_eq!(length(), Some((0, None)));
        for (at, room) in [1, 2, 4].into_iter().enumerate() {
            let byte = b'0' + u8::try_from(at).unwrap();
            written.write_all(&vec![byte; room * OpenFile::ROOM]).unwrap();
            let whole = written.as_file().metadata().unwrap().len();
            assert_eq!(length(), Some((usize::try_from(whole).unwrap(), Some(byte))));
        }
        written.as_file().set_len(3).unwrap();
        assert_eq!(length(), Some((3, Some(b'0'))));
    }

    #[test]
    fn missing_file_is_none() {
        assert!(OpenFile::new("/proc/self/no_such_file").is_none());
    }

    #[test]
    fn file_that_cannot_be_read_is_none() {
        let directory = OpenFile::new("/proc/self").unwrap();
        assert_eq!(directory.read(|contents| Some(contents.len())), None);
    }
}
