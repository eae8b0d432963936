//! An exposition while it is written.

/// An exposition that is being written.
///
/// A large exposition need not be in memory as a whole: a [`LineReader`] takes finished lines out
/// of the buffer. When a collector then panics, some of its lines can be gone already. Such an
/// exposition is torn: it must be written once more, and is not read meanwhile.
pub(crate) struct Exposition {
    /// What is written, and not taken out by the reader.
    pub(crate) buffer: Vec<u8>,
    reader: Option<Box<dyn LineReader>>,
    /// Whether the reader reads while the exposition is written.
    is_read: bool,
    /// The number of bytes that the reader has taken out.
    taken: usize,
    is_torn: bool,
}

/// Reads an exposition while it is written.
pub(crate) trait LineReader {
    /// Reads the complete lines of the buffer, and takes those out that it no longer needs: the
    /// first ones. Returns `false` if it cannot read this exposition.
    fn read(&mut self, buffer: &mut Vec<u8>) -> bool;

    /// Forgets all that it has read: the exposition is written once more.
    fn restart(&mut self);

    /// Reads the rest of an exposition, and returns what it has made of it: nothing, if it has read
    /// nothing before.
    fn finish(self: Box<Self>, rest: &[u8]) -> Vec<u8>;
}

impl Exposition {
    /// The number of bytes in the buffer from which on the reader reads: few enough to be in the
    /// processor's cache.
    const READ_AT: usize = 256 << 10;

    /// Begins an exposition at the end of a buffer.
    pub(crate) fn new(buffer: Vec<u8>) -> Self {
        Self { buffer, reader: None, is_read: false, taken: 0, is_torn: false }
    }

    /// Lets a reader read the exposition while it is written.
    pub(crate) fn read_by(self, reader: Box<dyn LineReader>) -> Self {
        Self { reader: Some(reader), is_read: true, ..self }
    }

    /// Ends the exposition. Returns what is in the buffer, and the reader.
    pub(crate) fn into_parts(self) -> (Vec<u8>, Option<Box<dyn LineReader>>) {
        (self.buffer, self.reader)
    }

    /// Returns the number of bytes that are written.
    pub(crate) fn len(&self) -> usize {
        self.taken + self.buffer.len()
    }

    /// Returns whether a reader reads the exposition while it is written.
    #[inline]
    pub(super) fn is_read(&self) -> bool {
        self.is_read
    }

    /// Lets the reader read if there is enough to read. This is called between two lines.
    #[inline]
    pub(super) fn pass_lines(&mut self) {
        if self.is_read && self.buffer.len() >= Self::READ_AT {
            self.read();
        }
    }

    #[inline(never)]
    fn read(&mut self) {
        if let Some(reader) = &mut self.reader {
            let length = self.buffer.len();
            self.is_read = reader.read(&mut self.buffer);
            self.taken += length - self.buffer.len();
        }
    }

    /// Keeps only so many bytes. If the reader has taken some of the others, the exposition is torn.
    pub(super) fn truncate(&mut self, length: usize) {
        match length.checked_sub(self.taken) {
            Some(length) => self.buffer.truncate(length),
            None => self.is_torn = true,
        }
    }

    /// Prepares to append what can be written once more, and returns where it starts. It is read
    /// only at the start of an exposition: what was there before could not be written once more.
    pub(crate) fn begin(&mut self) -> usize {
        self.is_read &= self.len() == 0;
        self.len()
    }

    pub(crate) fn is_torn(&self) -> bool {
        self.is_torn
    }

    /// Undoes all since [`begin`](Self::begin), which has returned `start`.
    pub(crate) fn restart(&mut self, start: usize) {
        // If the reader has taken anything since then, this is the start of the exposition.
        if start < self.taken
            && let Some(reader) = &mut self.reader
        {
            reader.restart();
            self.buffer.clear();
            self.taken = 0;
        }
        self.truncate(start);
        self.is_read &= !std::mem::take(&mut self.is_torn);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Takes out all that it reads.
    #[derive(Clone, Default)]
    struct Reader(Arc<Mutex<Vec<u8>>>);

    impl LineReader for Reader {
        fn read(&mut self, buffer: &mut Vec<u8>) -> bool {
            self.0.lock().unwrap().append(buffer);
            true
        }

        fn restart(&mut self) {
            self.0.lock().unwrap().clear();
        }

        fn finish(self: Box<Self>, _: &[u8]) -> Vec<u8> {
            unreachable!("the test does not finish")
        }
    }

    fn write(exposition: &mut Exposition, byte: u8, length: usize) {
        exposition.buffer.resize(exposition.buffer.len() + length, byte);
        exposition.pass_lines();
    }

    #[test]
    fn reader_takes_large_parts() {
        let reader = Reader::default();
        let mut exposition = Exposition::new(Vec::new()).read_by(Box::new(reader.clone()));
        assert_eq!(exposition.begin(), 0);
        write(&mut exposition, b'a', Exposition::READ_AT - 1);
        assert_eq!(reader.0.lock().unwrap().len(), 0);
        write(&mut exposition, b'b', 1);
        write(&mut exposition, b'c', 1);
        assert_eq!(reader.0.lock().unwrap().len(), Exposition::READ_AT);
        assert_eq!(
            (&exposition.buffer[..], exposition.len()),
            (&b"c"[..], Exposition::READ_AT + 1)
        );
        // What the reader has not taken is undone in the buffer.
        exposition.truncate(Exposition::READ_AT);
        assert_eq!((exposition.len(), exposition.is_torn()), (Exposition::READ_AT, false));
        // What follows could not be undone.
        assert_eq!(exposition.begin(), Exposition::READ_AT);
        write(&mut exposition, b'd', 2 * Exposition::READ_AT);
        assert_eq!(reader.0.lock().unwrap().len(), Exposition::READ_AT);
    }

    #[test]
    fn torn_exposition_is_written_once_more_without_the_reader() {
        let reader = Reader::default();
        let mut exposition = Exposition::new(Vec::new()).read_by(Box::new(reader.clone()));
        let start = exposition.begin();
        write(&mut exposition, b'a', 2 * Exposition::READ_AT);
        exposition.truncate(10);
        assert!(exposition.is_torn());
        exposition.restart(start);
        assert_eq!((exposition.len(), exposition.is_torn()), (0, false));
        write(&mut exposition, b'a', 2 * Exposition::READ_AT);
        assert_eq!(
            (exposition.buffer.len(), reader.0.lock().unwrap().len()),
            (2 * Exposition::READ_AT, 0)
        );
    }

    #[test]
    fn restarted_exposition_that_is_not_torn_is_read() {
        let reader = Reader::default();
        let mut exposition = Exposition::new(Vec::new()).read_by(Box::new(reader.clone()));
        let start = exposition.begin();
        for _ in 0..2 {
            write(&mut exposition, b'a', Exposition::READ_AT);
            write(&mut exposition, b'b', 1);
            assert_eq!(reader.0.lock().unwrap().len(), Exposition::READ_AT);
            exposition.restart(start);
            assert_eq!((exposition.len(), reader.0.lock().unwrap().len()), (0, 0));
        }
        let mut whole = Exposition::new(b"before".to_vec());
        let start = whole.begin();
        write(&mut whole, b'a', Exposition::READ_AT);
        whole.restart(start);
        assert_eq!(whole.buffer, b"before");
    }
}
