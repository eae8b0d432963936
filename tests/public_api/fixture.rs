//! A crate with the items that the listing of public items must distinguish.

use std::fmt;

mod private {
    /// A type that only a re-export names.
    pub struct Settings<'a, T: Clone = u8, const N: usize = 2> {
        pub values: &'a [T; N],
        secret: u8,
    }

    impl<'a, T: Clone, const N: usize> Settings<'a, T, N> {
        pub const LENGTH: usize = N;

        pub const fn new(values: &'a [T; N]) -> Self {
            Self { values, secret: 0 }
        }

        pub fn map<F>(&mut self, change: F) -> Option<Box<dyn Fn(&str) -> T + Send + 'a>>
        where
            F: FnOnce(T) -> T + 'static,
        {
            change(self.values[usize::from(self.secret())].clone());
            None
        }

        #[doc(hidden)]
        pub fn hidden(&self) {}

        fn secret(&self) -> u8 {
            self.secret
        }
    }

    pub mod globbed {
        pub fn first() {}

        #[doc(hidden)]
        pub fn hidden() {}
    }

    pub struct Unnameable;

    #[doc(hidden)]
    pub struct Hidden;

    impl super::Convert<super::Marker> for Unnameable {
        type Output = u8;
        const ID: u8 = 1;

        fn convert(&self) -> u8 {
            Self::ID
        }
    }
}

pub use private::globbed::*;
pub use private::{Hidden, Settings as Options};

#[doc(hidden)]
pub use private::Unnameable;

/// A trait with one item of each kind.
pub trait Convert<K> {
    type Output: Into<Option<u8>>;
    const ID: u8;
    const DEFAULT: u8 = 3;

    fn convert(&self) -> Self::Output;

    fn into_number(self: Box<Self>) -> u8
    where
        Self: Sized,
    {
        Self::DEFAULT
    }

    #[doc(hidden)]
    fn hidden(&self) {}
}

/// A type that only the heads of impls mention.
pub struct Marker;

impl<F: Fn() -> u8> Convert<Marker> for F {
    type Output = u8;
    const ID: u8 = 2;

    fn convert(&self) -> u8 {
        self()
    }
}

/// A type that only its own impls mention.
#[derive(Debug, PartialEq)]
pub struct Unreached {
    pub other: Option<Box<Unreached>>,
}

impl Unreached {
    pub fn compare(&self, other: &Self) -> bool {
        self == other
    }
}

impl Clone for Unreached {
    fn clone(&self) -> Self {
        Self { other: None }
    }
}

impl std::str::FromStr for Unreached {
    type Err = ParseError;

    fn from_str(_: &str) -> Result<Self, Self::Err> {
        Err(ParseError(()))
    }
}

/// A type that an associated type reaches.
#[derive(Debug)]
pub struct ParseError(());

/// A type with a public constructor, since its only field is public.
pub struct Wrapper(pub u8);

impl From<&Input> for Wrapper {
    fn from(_: &Input) -> Self {
        Self(0)
    }
}

/// A type that an impl of another type reaches.
#[derive(Clone)]
pub struct Input;

impl IntoIterator for &Input {
    type Item = u8;
    type IntoIter = std::option::IntoIter<u8>;

    fn into_iter(self) -> Self::IntoIter {
        None.into_iter()
    }
}

/// A type that its constructor reaches.
pub struct Made(u8, pub u16);

impl Made {
    pub fn try_new() -> Result<Self, fmt::Error> {
        Ok(Self(0, 0))
    }
}

/// A type that a function reaches.
#[non_exhaustive]
pub enum Choice {
    Unit,
    Tuple(u8, #[doc(hidden)] u16),
    Struct {
        /// A type that a variant's field reaches.
        field: nested::Tag,
    },
    #[doc(hidden)]
    Hidden,
}

/// A trait that nothing mentions.
pub unsafe trait Lonely: Send + fmt::Debug + 'static {}

pub fn choose(_: Choice, _: &(dyn fmt::Display + Sync)) -> std::io::Result<()> {
    Ok(())
}

pub fn call(
    _: impl for<'x> Fn(&'x u8) -> &'x u8,
    _: <Vec<u8> as IntoIterator>::Item,
    _: fn(*const u8, (u8,)) -> !,
) -> impl Iterator<Item = String> {
    std::iter::empty()
}

pub fn chain<'a: 'b, 'b, T>(_: &'a dyn Fn(), _: &'b mut [T]) -> impl Sized + use<'a, 'b, T>
where
    T: Iterator<Item: fmt::Display> + 'a,
    for<'x> &'x T: PartialEq,
{
}

pub async fn wait<T: ?Sized + Convert<u8>>(_: &mut T) {}

pub unsafe extern "C" fn foreign() {}

#[macro_export]
macro_rules! pair {
    ($one:expr) => {
        ($one, $one)
    };
}

pub mod nested {
    /// A second name.
    pub use super::Choice::*;
    pub use super::nested as itself;
    pub use super::private::Settings;
    pub use std as standard;

    pub struct Tag;

    pub type Alias<T> = Vec<T>;

    pub static FLAG: bool = true;

    pub const PAIR: [f64; 2] = [1.0, 2.0];

    pub const MOST: usize = 3;

    pub union Bits {
        pub float: f32,
        pub bits: u32,
    }
}
