//! Numbers in atomic words, the building blocks of live metrics.

use crate::encode::SampleValue;
use crate::sync::modelled::{AtomicU64, Ordering};

/// A number that is kept in 64 bits and updated atomically. A word of zero bits is its initial
/// value.
///
/// All orderings are relaxed, because a sample does not order accesses to other memory.
pub trait Word: Copy + sealed::Sealed {
    #[doc(hidden)]
    fn from_bits(bits: u64) -> Self;

    #[doc(hidden)]
    fn to_bits(self) -> u64;

    /// Returns the value to expose, if there is one.
    #[doc(hidden)]
    fn to_sample(self) -> Option<SampleValue>;

    #[doc(hidden)]
    fn add(word: &AtomicU64, amount: Self);
}

/// The number of a [`Counter`](crate::Counter): `u64` or `f64`.
pub trait CounterValue: Word + Into<SampleValue> {
    #[doc(hidden)]
    const ONE: Self;

    /// Returns whether a counter may go up by this amount. It is false for negative, infinite and
    /// NaN amounts.
    #[doc(hidden)]
    fn is_increment(self) -> bool;
}

/// The number of a [`Gauge`](crate::Gauge): `f64` or `i64`, or an `Option` of one, whose `None` is
/// not exposed.
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
    impl Sealed for Option<i64> {}
    impl Sealed for Option<f64> {}
}

pub(crate) fn load<T: Word>(word: &AtomicU64) -> T {
    T::from_bits(word.load(Ordering::Relaxed))
}

pub(crate) fn store<T: Word>(word: &AtomicU64, value: T) {
    word.store(value.to_bits(), Ordering::Relaxed);
}

/// Replaces the value by the result of `change`.
#[inline]
fn update<T: Word>(word: &AtomicU64, change: impl Fn(T) -> T) {
    let mut current = word.load(Ordering::Relaxed);
    loop {
        let changed = change(T::from_bits(current)).to_bits();
        match word.compare_exchange_weak(current, changed, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => return,
            Err(other) => current = other,
        }
    }
}

impl Word for u64 {
    fn from_bits(bits: u64) -> Self {
        bits
    }

    fn to_bits(self) -> u64 {
        self
    }

    fn to_sample(self) -> Option<SampleValue> {
        Some(self.into())
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

    fn to_sample(self) -> Option<SampleValue> {
        Some(self.into())
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

    fn to_sample(self) -> Option<SampleValue> {
        Some(self.into())
    }

    fn add(word: &AtomicU64, amount: Self) {
        update(word, |current: Self| current + amount);
    }
}

/// Implements [`Word`] for an `Option`. Zero bits mean `None`. So that no other value has zero
/// bits, each is XORed with `none`, the bits of one value that cannot be stored; `instead` is
/// stored in its place.
macro_rules! optional_word {
    ($type:ty, none: $none:expr, instead: $instead:expr, |$current:ident, $amount:ident| $sum:expr) => {
        impl Word for Option<$type> {
            fn from_bits(bits: u64) -> Self {
                (bits != 0).then(|| Word::from_bits(bits ^ $none))
            }

            fn to_bits(self) -> u64 {
                let bits = |value: $type| match Word::to_bits(value) ^ $none {
                    0 => Word::to_bits($instead) ^ $none,
                    bits => bits,
                };
                self.map_or(0, bits)
            }

            fn to_sample(self) -> Option<SampleValue> {
                self.map(SampleValue::from)
            }

            fn add(word: &AtomicU64, amount: Self) {
                if let Some($amount) = amount {
                    update(word, |current: Self| {
                        let $current = current.unwrap_or_default();
                        Some($sum)
                    });
                }
            }
        }

        impl GaugeValue for Option<$type> {
            const ONE: Self = Some(<$type as GaugeValue>::ONE);

            fn negated(self) -> Self {
                self.map(GaugeValue::negated)
            }
        }
    };
}

// For floats, the value that cannot be stored is an arbitrary NaN; setting it stores `f64::NAN`.
optional_word!(f64, none: 0x7ff8_0000_6e6f_6e65, instead: f64::NAN, |current, amount| current + amount);
optional_word!(i64, none: 1 << 63, instead: i64::MIN + 1, |current, amount| current.wrapping_add(amount));

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
