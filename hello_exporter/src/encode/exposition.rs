//! An exposition while it is written.

use tracing::error;

use crate::panic::catch;

/// An exposition that is being written.
///
/// A large exposition need not be in memory as a whole: a [`LineReader`] reads lines, and removes
/// them from the buffer. If a collector panics after the reader has read some of its lines, the
/// exposition is torn: it must be written once more, and is not read meanwhile.
pub(crate) struct Exposition {
    /// The written bytes that the reader has not removed.
    pub(crate) buffer: Vec<u8>,
    reader: Option<Box<dyn LineReader>>,
    /// Whether the reader reads while the exposition is written.
    has_active_reader: bool,
    /// The number of bytes that the reader has removed from the buffer.
    removed: usize,
    /// The number of bytes that the reader has read. It can keep the last of them in the buffer.
    read: usize,
    is_torn: bool,
}

/// Reads an exposition while it is written.
pub(crate) trait LineReader {
    /// Reads the complete lines of the buffer, and removes from its start what it no longer needs.
    /// Returns `false` if it cannot read this exposition.
    fn read(&mut self, buffer: &mut Vec<u8>) -> bool;

    /// Forgets all that it has read: the exposition is written once more.
    fn restart(&mut self);

    /// Reads the rest of an exposition, and returns the result. It is empty if nothing was read
    /// before.
    #[cfg_attr(not(feature = "respond"), expect(dead_code, reason = "only responses are read"))]
    fn finish(self: Box<Self>, rest: &[u8]) -> Vec<u8>;
}

impl Exposition {
    /// The reader reads once the buffer has this many bytes, which fit into the processor's cache.
    const READ_AT: usize = 256 << 10;

    /// Begins an exposition at the end of a buffer.
    pub(crate) fn new(buffer: Vec<u8>) -> Self {
        Self { buffer, reader: None, has_active_reader: false, removed: 0, read: 0, is_torn: false }
    }

    /// Lets a reader read the exposition while it is written.
    #[cfg_attr(
        not(any(feature = "respond", test)),
        expect(dead_code, reason = "only responses are read")
    )]
    pub(crate) fn with_reader(self, reader: Box<dyn LineReader>) -> Self {
        Self { reader: Some(reader), has_active_reader: true, ..self }
    }

    /// Ends the exposition. Returns what is in the buffer, and the reader.
    #[cfg_attr(
        not(any(feature = "respond", test)),
        expect(dead_code, reason = "only responses are read")
    )]
    pub(crate) fn into_parts(self) -> (Vec<u8>, Option<Box<dyn LineReader>>) {
        (self.buffer, self.reader)
    }

    /// Returns the number of bytes that are written.
    pub(crate) fn len(&self) -> usize {
        self.removed + self.buffer.len()
    }

    /// Returns whether a reader reads the exposition while it is written.
    #[inline]
    pub(super) fn has_active_reader(&self) -> bool {
        self.has_active_reader
    }

    /// Lets the reader read if there is enough to read. This is called between two lines.
    #[inline]
    pub(crate) fn pass_lines(&mut self) {
        if self.has_active_reader && self.buffer.len() >= Self::READ_AT {
            self.read();
        }
    }

    #[inline(never)]
    fn read(&mut self) {
        let Some(reader) = &mut self.reader else { return };
        let length = self.buffer.len();
        // A panic here is a fault of the reader, not of the collector that is writing.
        match catch(|| reader.read(&mut self.buffer)) {
            Ok(is_active) => self.has_active_reader = is_active,
            Err(error) => {
                error!(%error, "Cannot compress an exposition in parts, encoding it again");
                self.reader = None;
                self.tear();
            }
        }
        if self.has_active_reader {
            self.read = self.removed + length;
            self.removed = self.read - self.buffer.len();
        }
    }

    fn tear(&mut self) {
        self.is_torn = true;
        self.has_active_reader = false;
    }

    /// Keeps only the first `length` bytes. If the reader has read any of the others, the
    /// exposition is torn, and not read any further.
    pub(super) fn truncate(&mut self, length: usize) {
        if length < self.read {
            self.tear();
        } else {
            self.buffer.truncate(length - self.removed);
        }
    }

    /// Begins a piece that [`restart`](Self::restart) can undo, and returns its start. Only a piece
    /// at the start of the exposition is read: the reader cannot undo anything before it.
    pub(crate) fn begin(&mut self) -> usize {
        self.has_active_reader &= self.len() == 0;
        self.len()
    }

    pub(crate) fn is_torn(&self) -> bool {
        self.is_torn
    }

    /// Undoes all writes since [`begin`](Self::begin), which has returned `start`.
    pub(crate) fn restart(&mut self, start: usize) {
        if start > 0 {
            // Nothing was read since then.
            self.truncate(start);
            return;
        }
        if let Some(reader) = &mut self.reader {
            reader.restart();
        }
        self.buffer.clear();
        (self.removed, self.read, self.is_torn) = (0, 0, false);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Removes all that it reads.
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
    fn reader_reads_large_parts() {
        let reader = Reader::default();
        let mut exposition = Exposition::new(Vec::new()).with_reader(Box::new(reader.clone()));
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
        // Bytes that were not read can be undone.
        exposition.truncate(Exposition::READ_AT);
        assert_eq!((exposition.len(), exposition.is_torn()), (Exposition::READ_AT, false));
        // The next piece is not read, since the first one could not be undone.
        assert_eq!(exposition.begin(), Exposition::READ_AT);
        write(&mut exposition, b'd', 2 * Exposition::READ_AT);
        assert_eq!(reader.0.lock().unwrap().len(), Exposition::READ_AT);
    }

    #[test]
    fn torn_exposition_is_written_once_more_without_the_reader() {
        let reader = Reader::default();
        let mut exposition = Exposition::new(Vec::new()).with_reader(Box::new(reader.clone()));
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
        let mut exposition = Exposition::new(Vec::new()).with_reader(Box::new(reader.clone()));
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

    /// Reads all, and keeps the last 100 bytes in the buffer, as a compressor keeps its window.
    struct Window;

    impl LineReader for Window {
        fn read(&mut self, buffer: &mut Vec<u8>) -> bool {
            buffer.drain(..buffer.len() - 100);
            true
        }

        fn restart(&mut self) {}

        fn finish(self: Box<Self>, _: &[u8]) -> Vec<u8> {
            unreachable!("the test does not finish")
        }
    }

    #[test]
    fn undoing_what_was_read_tears_even_if_it_is_in_the_buffer() {
        for (undone, is_torn) in [(0, false), (1, true), (100, true), (101, true)] {
            let mut exposition = Exposition::new(Vec::new()).with_reader(Box::new(Window));
            exposition.begin();
            write(&mut exposition, b'a', Exposition::READ_AT);
            exposition.truncate(Exposition::READ_AT - undone);
            assert_eq!(exposition.is_torn(), is_torn, "{undone}");
        }
    }

    /// Panics when it reads.
    struct Faulty;

    impl LineReader for Faulty {
        fn read(&mut self, buffer: &mut Vec<u8>) -> bool {
            buffer.clear();
            panic!("a fault")
        }

        fn restart(&mut self) {}

        fn finish(self: Box<Self>, _: &[u8]) -> Vec<u8> {
            unreachable!("it is dropped")
        }
    }

    #[test]
    fn exposition_whose_reader_panics_is_torn() {
        let mut exposition = Exposition::new(Vec::new()).with_reader(Box::new(Faulty));
        let start = exposition.begin();
        write(&mut exposition, b'a', Exposition::READ_AT);
        assert!(exposition.is_torn());
        exposition.restart(start);
        write(&mut exposition, b'a', Exposition::READ_AT);
        let (buffer, reader) = exposition.into_parts();
        assert_eq!((buffer.len(), reader.is_none()), (Exposition::READ_AT, true));
    }
}
