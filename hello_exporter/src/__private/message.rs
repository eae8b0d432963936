//! Messages of errors in constants, where `format!` is not available.

/// A text that is built in a constant.
pub(super) struct Message {
    bytes: [u8; Self::CAPACITY],
    length: usize,
}

impl Message {
    const CAPACITY: usize = 256;

    pub(super) const fn new() -> Self {
        Self { bytes: [0; Self::CAPACITY], length: 0 }
    }

    /// Appends `text`, cut at the capacity.
    #[expect(clippy::indexing_slicing, reason = "checked, and `get_mut` is not const")]
    pub(super) const fn text(mut self, text: &str) -> Self {
        let text = text.as_bytes();
        let mut at = 0;
        while at < text.len() && self.length < Self::CAPACITY {
            self.bytes[self.length] = text[at];
            self.length += 1;
            at += 1;
        }
        self
    }

    /// Appends a number.
    pub(super) const fn number(self, number: usize) -> Self {
        let shorter = if number >= 10 { self.number(number / 10) } else { self };
        let digit = [b'0' + (number % 10) as u8];
        match std::str::from_utf8(&digit) {
            Ok(digit) => shorter.text(digit),
            Err(_) => shorter,
        }
    }

    /// Appends a number and its noun.
    pub(super) const fn count(self, number: usize, noun: &str) -> Self {
        let counted = self.number(number).text(" ").text(noun);
        if number == 1 { counted } else { counted.text("s") }
    }

    #[track_caller]
    pub(super) const fn panic(self) -> ! {
        let (text, _) = self.bytes.split_at(self.length);
        match std::str::from_utf8(text) {
            Ok(text) => panic!("{}", text),
            Err(_) => panic!("the declaration contradicts the type of its field"),
        }
    }
}
