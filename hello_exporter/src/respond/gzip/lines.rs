//! Where the last lines of a body are.

/// How many lines back a match can be.
pub(super) const MOST_BACK: u8 = 250;

/// Number of known lines. The lowest byte of a line's number is its index.
const KNOWN: usize = 256;

/// The places of the last lines. A line begins with the newline before it. Lines before the first
/// one count as lines at the start of the body.
pub(super) struct Lines {
    starts: [u32; KNOWN],
    key_ends: [u32; KNOWN],
    /// The number of the current line.
    number: u32,
    /// Where the last tail of at least eight bytes begins.
    long_tail: Option<u32>,
}

impl Default for Lines {
    fn default() -> Self {
        Self { starts: [0; KNOWN], key_ends: [0; KNOWN], number: 0, long_tail: None }
    }
}

impl Lines {
    /// Begins with the first line of a body.
    pub(super) fn begin(&mut self) {
        *self = Self::default();
    }

    /// Forgets the first bytes of the body: the next ones are now at its start.
    pub(super) fn shift(&mut self, bytes: u32) {
        for place in self.starts.iter_mut().chain(&mut self.key_ends) {
            *place = place.saturating_sub(bytes);
        }
        self.long_tail = self.long_tail.and_then(|place| place.checked_sub(bytes));
    }

    /// Ends the current line; the next one starts here.
    #[inline(always)]
    pub(super) fn end_line(&mut self, start: u32) {
        self.number += 1;
        set(&mut self.starts, self.number, start);
    }

    #[inline(always)]
    pub(super) fn set_key_end(&mut self, key_end: u32) {
        set(&mut self.key_ends, self.number, key_end);
    }

    /// Records where a tail of at least eight bytes begins. Returns where the one before it does.
    pub(super) fn replace_long_tail(&mut self, place: u32) -> Option<u32> {
        self.long_tail.replace(place)
    }

    #[inline(always)]
    pub(super) fn number(&self) -> u32 {
        self.number
    }

    /// Returns where the current line starts.
    pub(super) fn start(&self) -> u32 {
        self.start_of(0)
    }

    /// Returns where the key of the current line ends.
    pub(super) fn key_end(&self) -> u32 {
        self.key_end_of(0)
    }

    /// Returns where the line starts that is `back` lines before the current one. The result is
    /// arbitrary if there is no such line.
    #[inline(always)]
    pub(super) fn start_of(&self, back: u8) -> u32 {
        let number = self.number.wrapping_sub(u32::from(back));
        self.starts.get(index(number)).copied().unwrap_or_default()
    }

    /// Returns where the key ends of the line that is `back` lines before the current one.
    pub(super) fn key_end_of(&self, back: u8) -> u32 {
        let number = self.number.wrapping_sub(u32::from(back));
        self.key_ends.get(index(number)).copied().unwrap_or_default()
    }

    /// Returns how many lines back the line is that has this place, at most [`MOST_BACK`].
    pub(super) fn back_of(&self, place: u32) -> u8 {
        let (mut near, mut far) = (0, self.number.min(u32::from(MOST_BACK)) as u8);
        while near < far {
            let middle = near + (far - near) / 2;
            if self.start_of(middle) <= place {
                far = middle;
            } else {
                near = middle + 1;
            }
        }
        near
    }
}

#[inline(always)]
fn set(places: &mut [u32; KNOWN], number: u32, place: u32) {
    if let Some(slot) = places.get_mut(index(number)) {
        *slot = place;
    }
}

#[inline(always)]
fn index(number: u32) -> usize {
    usize::from(number as u8)
}
