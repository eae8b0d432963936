//! An exposition while it is written.

/// An exposition that is being written: its end, and who reads it meanwhile.
///
/// A large exposition need not be in memory as a whole: a [`LineReader`] takes finished lines out
/// of the buffer. If a collector then panics, some of its lines can be gone already. The exposition
/// is then torn, and must be written again, without a reader.
pub(crate) struct Exposition {
    /// What is written, and not taken by the reader.
    pub(crate) buffer: Vec<u8>,
    reader: Option<Box<dyn LineReader>>,
    /// The number of bytes that the reader has taken.
    taken: usize,
    is_torn: bool,
}

/// Reads an exposition while it is written.
pub(crate) trait LineReader {
    /// Reads complete lines, and takes those out that it no longer needs, from the start on.
    fn read(&mut self, buffer: &mut Vec<u8>);

    /// Forgets all lines: the exposition is written again.
    fn restart(&mut self);

    /// Reads the rest, and returns what the reader makes of the exposition; `None` if it has not
    /// read anything before.
    fn finish(self: Box<Self>, rest: &[u8]) -> Option<Vec<u8>>;
}

impl Exposition {
    /// The reader reads when the buffer has so many bytes: few enough to be in the cache.
    const READ_AT: usize = 256 << 10;

    /// Begins an exposition at the end of a buffer.
    pub(crate) fn new(buffer: Vec<u8>) -> Self {
        Self { buffer, reader: None, taken: 0, is_torn: false }
    }

    /// Begins an exposition that is read while it is written. The buffer is empty.
    pub(crate) fn read_by(buffer: Vec<u8>, reader: Option<Box<dyn LineReader>>) -> Self {
        Self { reader, ..Self::new(buffer) }
    }

    /// Ends the exposition. Returns what is in the buffer, and the reader.
    pub(crate) fn into_parts(self) -> (Vec<u8>, Option<Box<dyn LineReader>>) {
        (self.buffer, self.reader)
    }

    /// Returns the number of bytes that are written.
    pub(crate) fn len(&self) -> usize {
        self.taken + self.buffer.len()
    }

    /// Lets the reader read, if there is one and there is enough to read. This is called between
    /// two lines.
    #[inline]
    pub(crate) fn pass_lines(&mut self) {
        if self.buffer.len() >= Self::READ_AT {
            self.read();
        }
    }

    #[inline(never)]
    fn read(&mut self) {
        if let Some(reader) = &mut self.reader {
            let length = self.buffer.len();
            reader.read(&mut self.buffer);
            self.taken += length - self.buffer.len();
        }
    }

    /// Returns whether there is a reader.
    pub(super) fn has_reader(&self) -> bool {
        self.reader.is_some()
    }

    /// Keeps only the first bytes. If the reader has taken some of the others, the exposition is
    /// torn.
    pub(crate) fn truncate(&mut self, length: usize) {
        match length.checked_sub(self.taken) {
            Some(length) => self.buffer.truncate(length),
            None => self.is_torn = true,
        }
    }

    /// Prepares an exposition of so many bytes, which is written by one call: it is read only if it
    /// is at the start, where it can be written again.
    pub(crate) fn begin(&mut self) -> usize {
        if self.len() > 0 {
            self.reader = None;
        }
        self.len()
    }

    pub(crate) fn is_torn(&self) -> bool {
        self.is_torn
    }

    /// Undoes all since [`begin`](Self::begin), which has returned `start`. A torn exposition has no
    /// reader from now on.
    pub(crate) fn restart(&mut self, start: usize) {
        if self.taken == 0 {
            self.buffer.truncate(start);
            return;
        }
        self.buffer.clear();
        self.taken = 0;
        if let Some(reader) = &mut self.reader {
            reader.restart();
        }
        if std::mem::take(&mut self.is_torn) {
            self.reader = None;
        }
    }
}
