//! Numbers in an atomic word: what a live metric is made of.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::encode::SampleValue;

/// A number that is kept in 64 bits and updated atomically.
///
/// All orderings are relaxed: a sample is a number of its own, and orders nothing else.
pub trait Word: Copy + Into<SampleValue> + sealed::Sealed {
    #[doc(hidden)]
    fn from_bits(bits: u64) -> Self;

    #[doc(hidden)]
    fn to_bits(self) -> u64;

    #[doc(hidden)]
    fn add(word: &AtomicU64, amount: Self);
}

/// What a [`Counter`](crate::Counter) counts in: `u64` or `f64`.
pub trait CounterValue: Word {
    #[doc(hidden)]
    const ONE: Self;

    /// Whether a counter may go up by this: not if it is negative, infinite or NaN.
    #[doc(hidden)]
    fn is_increment(self) -> bool;
}

/// What a [`Gauge`](crate::Gauge) holds: `f64` or `i64`.
pub trait GaugeValue: Word {
    #[doc(hidden)]
    const ONE: Self;

    #[doc(hidden)]
    fn negated(self) -> Self;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for u64 {}
    impl Sealed for i64 {}
    impl Sealed for f64 {}
}

pub(crate) fn load<T: Word>(word: &AtomicU64) -> T {
    T::from_bits(word.load(Ordering::Relaxed))
}

pub(crate) fn store<T: Word>(word: &AtomicU64, value: T) {
    word.store(value.to_bits(), Ordering::Relaxed);
}

impl Word for u64 {
    fn from_bits(bits: u64) -> Self {
        bits
    }

    fn to_bits(self) -> u64 {
        self
    }

    fn add(word: &AtomicU64, amount: Self) {
        word.fetch_add(amount, Ordering::Relaxed);
    }
}

impl Word for i64 {
    fn from_bits(bits: u64) -> Self {
        bits.cast_signed()
    }

    fn to_bits(self) -> u64 {
        self.cast_unsigned()
    }

    fn add(word: &AtomicU64, amount: Self) {
        word.fetch_add(amount.cast_unsigned(), Ordering::Relaxed);
    }
}

impl Word for f64 {
    fn from_bits(bits: u64) -> Self {
        f64::from_bits(bits)
    }

    fn to_bits(self) -> u64 {
        self.to_bits()
    }

    fn add(word: &AtomicU64, amount: Self) {
        let mut current = word.load(Ordering::Relaxed);
        loop {
            let sum = (f64::from_bits(current) + amount).to_bits();
            match word.compare_exchange_weak(current, sum, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return,
                Err(changed) => current = changed,
            }
        }
    }
}

impl CounterValue for u64 {
    const ONE: Self = 1;

    fn is_increment(self) -> bool {
        true
    }
}

impl CounterValue for f64 {
    const ONE: Self = 1.0;

    fn is_increment(self) -> bool {
        self.is_finite() && self >= 0.0
    }
}

impl GaugeValue for f64 {
    const ONE: Self = 1.0;

    fn negated(self) -> Self {
        -self
    }
}

impl GaugeValue for i64 {
    const ONE: Self = 1;

    fn negated(self) -> Self {
        self.wrapping_neg()
    }
}
