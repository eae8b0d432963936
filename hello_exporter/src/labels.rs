//! Label values, label sets, and rendered labels.

mod addresses;

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::num::NonZero;
use std::sync::Arc;

use crate::name::{NameKind, unquoted};
use crate::{escape, name};

/// The maximum length of a label value in bytes. Longer values are cut at a character boundary.
pub const MAX_LABEL_VALUE_BYTES: usize = u16::MAX as usize;

/// All values that a label can have; `None` if any text can be one.
pub type ClosedValues = Option<&'static [&'static str]>;

/// The value of one label: a string, or a value that is written as one.
///
/// `str`, `String`, `Cow<str>`, `char`, integers, [`NonZero`] integers, `bool`, IP addresses and
/// socket addresses are label values, and so is a reference, `Box`, `Arc` or `Option` of one.
/// `None` is the empty value, which Prometheus treats as no label.
/// [`#[derive(LabelValue)]`](macro@crate::LabelValue) implements this trait for an enum; any other
/// type implements it by hand:
///
/// ```
/// use hello_exporter::{CounterVec, LabelValue};
///
/// struct Version(u8, u8);
///
/// impl LabelValue for Version {
///     type Buffer = String;
///
///     fn as_label<'a>(&'a self, buffer: &'a mut String) -> &'a str {
///         buffer.push_str(&format!("{}.{}", self.0, self.1));
///         buffer
///     }
/// }
///
/// let requests = CounterVec::new(["version"]);
/// requests.with([Version(1, 1)]).inc();
/// assert_eq!(requests.with(["1.1"]).get(), 1);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a label value",
    label = "expected a string, a `char`, an integer, a `bool`, an IP or socket address, an \
             `Option` of one, or an enum with `#[derive(LabelValue)]`"
)]
pub trait LabelValue {
    /// The buffer in which [`as_label`](Self::as_label) formats the value; `()` if it needs none.
    type Buffer: Default;

    /// All values, if only these are possible; without the empty text of an `Option`, which
    /// Prometheus stores as no label. [`#[derive(LabelValue)]`](macro@crate::LabelValue) sets them,
    /// for the schema.
    const VALUES: ClosedValues = None;

    /// Returns the value as a string. It is called before any lock is taken.
    fn as_label<'a>(&'a self, buffer: &'a mut Self::Buffer) -> &'a str;
}

/// The values of all labels of a series, in the order of the label names.
///
/// One [`LabelValue`] for one label, an array or a tuple of them for several, or a struct with
/// [`#[derive(Labels)]`](macro@crate::Labels), which also names the labels. A type that implements
/// [`LabelValue`] by hand stands in an array or a tuple: `[version]`.
///
/// ```
/// use hello_exporter::Labels;
///
/// let labels = ("eth0", 4);
/// assert_eq!(labels.with_values(|values| values.join(" ")), "eth0 4");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a set of label values",
    label = "expected a label value, an array or a tuple of label values, or a struct with \
             `#[derive(Labels)]`"
)]
pub trait Labels {
    /// The number of values.
    const COUNT: usize;

    /// The names, if the type has them.
    const NAMES: Option<&'static [Cow<'static, str>]> = None;

    /// For each label, in the order of the names: all its values, if only these are possible. A
    /// label after the last of them can have any value.
    const VALUES: &'static [ClosedValues] = &[];

    /// Passes all [`COUNT`](Self::COUNT) values to `read`, as strings. A family drops and counts an
    /// update with another number of values.
    fn with_values<R>(&self, read: impl FnOnce(&[&str]) -> R) -> R;
}

impl LabelValue for str {
    type Buffer = ();

    fn as_label<'a>(&'a self, (): &'a mut ()) -> &'a str {
        self
    }
}

impl LabelValue for bool {
    type Buffer = ();
    const VALUES: ClosedValues = Some(&["false", "true"]);

    fn as_label<'a>(&'a self, (): &'a mut ()) -> &'a str {
        if *self { "true" } else { "false" }
    }
}

impl<V: LabelValue> LabelValue for Option<V> {
    type Buffer = V::Buffer;
    const VALUES: ClosedValues = V::VALUES;

    fn as_label<'a>(&'a self, buffer: &'a mut V::Buffer) -> &'a str {
        self.as_ref().map_or("", |value| value.as_label(buffer))
    }
}

/// Implements the traits for a type that derefs to a label value, or to a set of them.
macro_rules! by_deref {
    ($([$($param:ident)?] $type:ty => $target:ty;)*) => {$(
        impl$(<$param: LabelValue + ?Sized>)? LabelValue for $type {
            type Buffer = <$target as LabelValue>::Buffer;
            const VALUES: ClosedValues = <$target as LabelValue>::VALUES;

            fn as_label<'a>(&'a self, buffer: &'a mut Self::Buffer) -> &'a str {
                <$target as LabelValue>::as_label(self, buffer)
            }
        }

        impl$(<$param: Labels + ?Sized>)? Labels for $type {
            const COUNT: usize = <$target as Labels>::COUNT;
            const NAMES: Option<&'static [Cow<'static, str>]> = <$target as Labels>::NAMES;
            const VALUES: &'static [ClosedValues] = <$target as Labels>::VALUES;

            fn with_values<R>(&self, read: impl FnOnce(&[&str]) -> R) -> R {
                <$target as Labels>::with_values(self, read)
            }
        }
    )*};
}

by_deref! {
    [] String => str;
    [] Cow<'_, str> => str;
    [V] &V => V;
    [V] Box<V> => V;
    [V] Arc<V> => V;
}

macro_rules! integers {
    ($($type:ty)*) => {$(
        impl LabelValue for $type {
            type Buffer = itoa::Buffer;

            fn as_label<'a>(&'a self, buffer: &'a mut itoa::Buffer) -> &'a str {
                buffer.format(*self)
            }
        }
    )*};
}

integers!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize);

macro_rules! non_zero_integers {
    ($($type:ty)*) => {$(
        impl LabelValue for NonZero<$type> {
            type Buffer = itoa::Buffer;

            fn as_label<'a>(&'a self, buffer: &'a mut itoa::Buffer) -> &'a str {
                buffer.format(self.get())
            }
        }
    )*};
}

non_zero_integers!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize);

impl LabelValue for char {
    type Buffer = [u8; 4];

    fn as_label<'a>(&'a self, buffer: &'a mut [u8; 4]) -> &'a str {
        self.encode_utf8(buffer)
    }
}

/// Implements [`Labels`] for one value.
macro_rules! sets_of_one {
    ($([$($param:ident)?] $type:ty;)*) => {$(
        impl$(<$param: LabelValue>)? Labels for $type {
            const COUNT: usize = 1;
            const VALUES: &'static [ClosedValues] = &[<$type as LabelValue>::VALUES];

            fn with_values<R>(&self, read: impl FnOnce(&[&str]) -> R) -> R {
                with_one(self, read)
            }
        }
    )*};
}

sets_of_one! {
    [] str; [] bool; [] char; [V] Option<V>;
    [] u8; [] u16; [] u32; [] u64; [] u128; [] usize;
    [] i8; [] i16; [] i32; [] i64; [] i128; [] isize;
    [] NonZero<u8>; [] NonZero<u16>; [] NonZero<u32>; [] NonZero<u64>; [] NonZero<u128>;
    [] NonZero<usize>; [] NonZero<i8>; [] NonZero<i16>; [] NonZero<i32>; [] NonZero<i64>;
    [] NonZero<i128>; [] NonZero<isize>;
    [] IpAddr; [] Ipv4Addr; [] Ipv6Addr; [] SocketAddr; [] SocketAddrV4; [] SocketAddrV6;
}

/// Fails to compile if the labels `K` and `L` differ in their names or their number.
pub(crate) const fn assert_same<L: Labels, K: Labels>() {
    let are_same = match (L::NAMES, K::NAMES) {
        (Some(wanted), Some(given)) => name::are_same(wanted, given),
        (None, None) => L::COUNT == K::COUNT,
        _ => false,
    };
    assert!(are_same, "these labels are not those of the family");
}

/// Passes one value to `read`.
pub fn with_one<V: LabelValue + ?Sized, R>(value: &V, read: impl FnOnce(&[&str]) -> R) -> R {
    read(&[value.as_label(&mut V::Buffer::default())])
}

impl<V: LabelValue, const N: usize> Labels for [V; N] {
    const COUNT: usize = N;
    const VALUES: &'static [ClosedValues] = &[V::VALUES; N];

    fn with_values<R>(&self, read: impl FnOnce(&[&str]) -> R) -> R {
        let mut buffers: [V::Buffer; N] = std::array::from_fn(|_| V::Buffer::default());
        let mut values = [""; N];
        for ((slot, value), buffer) in values.iter_mut().zip(self).zip(&mut buffers) {
            *slot = value.as_label(buffer);
        }
        read(&values)
    }
}

macro_rules! tuples {
    ($($count:literal: $($type:ident $value:ident)*;)*) => {$(
        impl<$($type: LabelValue),*> Labels for ($($type,)*) {
            const COUNT: usize = $count;
            const VALUES: &'static [ClosedValues] = &[$($type::VALUES),*];

            fn with_values<R>(&self, read: impl FnOnce(&[&str]) -> R) -> R {
                let ($($value,)*) = self;
                read(&[$($value.as_label(&mut Default::default())),*])
            }
        }
    )*};
}

tuples! {
    1: A a;
    2: A a B b;
    3: A a B b C c;
    4: A a B b C c D d;
    5: A a B b C c D d E e;
    6: A a B b C c D d E e F f;
    7: A a B b C c D d E e F f G g;
    8: A a B b C c D d E e F f G g H h;
}

/// The names of a metric's labels.
#[derive(Debug)]
pub(crate) struct LabelNames {
    names: Box<[Box<str>]>,
    /// The rendered names, if one of them needs quotes.
    quoted: Option<Box<[Box<str>]>>,
}

impl LabelNames {
    pub(crate) fn new<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        let names: Box<[Box<str>]> = names.into_iter().map(Box::from).collect();
        let rendered = || names.iter().map(|name| NameKind::Label.rendered(name).into()).collect();
        let are_plain = names.iter().all(|name| NameKind::Label.is_plain(name));
        Self { quoted: (!are_plain).then(rendered), names }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(AsRef::as_ref)
    }

    /// Iterates over the names as rendered labels contain them.
    pub(crate) fn rendered(&self) -> impl Iterator<Item = &str> {
        self.quoted.as_ref().unwrap_or(&self.names).iter().map(AsRef::as_ref)
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// Renders the labels with these values, one for each name.
    pub(crate) fn render(&self, values: &[&str]) -> String {
        let mut rendered = String::new();
        render(self.rendered().zip(values.iter().copied()), &mut rendered);
        rendered
    }
}

/// The labels of one series as they appear in the text formats: `hostname="Hi",path="/"`, escaped,
/// in UTF-8. A name with other characters than letters, digits and `_` is in quotes.
#[derive(Clone, Copy)]
pub(crate) struct RenderedLabels<'a>(pub(crate) &'a [u8]);

impl<'a> RenderedLabels<'a> {
    pub(crate) const EMPTY: RenderedLabels<'static> = RenderedLabels(b"");

    pub(crate) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn as_str(self) -> &'a str {
        std::str::from_utf8(self.0).unwrap_or_default()
    }

    /// Iterates over the names and unescaped values.
    pub(crate) fn pairs(self) -> impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)> {
        pairs(self.as_str())
    }

    /// Iterates over the rendered names and the escaped values.
    pub(crate) fn escaped_pairs(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        escaped_pairs(self.as_str())
    }
}

/// The rendered labels of a series in two parts. The prefix is the same for all series of a family,
/// which stores it once.
#[derive(Clone, Copy)]
pub(crate) struct SplitLabels<'a> {
    /// The first name, `=` and the quote; empty without labels.
    pub(crate) prefix: &'a str,
    /// The first value, and everything after it.
    pub(crate) rest: &'a [u8],
}

impl SplitLabels<'_> {
    /// Joins the parts in a buffer, whose contents they replace.
    #[inline]
    pub(crate) fn join(self, buffer: &mut Vec<u8>) -> RenderedLabels<'_> {
        buffer.clear();
        buffer.extend_from_slice(self.prefix.as_bytes());
        buffer.extend_from_slice(self.rest);
        RenderedLabels(buffer)
    }
}

/// Appends `name="value"` for each pair of a rendered name and a value, escaped and joined by
/// commas.
pub(crate) fn render<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>, out: &mut String) {
    let mut separator = "";
    for (name, value) in pairs {
        out.push_str(separator);
        out.push_str(name);
        out.push_str("=\"");
        escape::label_value(clip(value), out);
        out.push('"');
        separator = ",";
    }
}

/// Cuts `value` to [`MAX_LABEL_VALUE_BYTES`].
pub(crate) fn clip(value: &str) -> &str {
    if value.len() <= MAX_LABEL_VALUE_BYTES {
        return value;
    }
    let ends = (0..=MAX_LABEL_VALUE_BYTES).rev();
    ends.filter_map(|end| value.get(..end)).next().unwrap_or_default()
}

/// Iterates over the pairs of rendered labels, unescaped.
pub(crate) fn pairs(rendered: &str) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    escaped_pairs(rendered).map(|(name, value)| (unquoted(name), escape::unescape(value)))
}

fn escaped_pairs(rendered: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = rendered;
    std::iter::from_fn(move || {
        let (name, tail) = split_name(rest)?;
        let tail = tail.strip_prefix('"')?;
        let end = closing_quote(tail)?;
        let value = tail.get(..end)?;
        rest = tail.get(end + 1..)?.trim_start_matches(',');
        Some((name, value))
    })
}

/// Splits rendered labels after the first name and the `=` that follows it.
#[inline]
fn split_name(rendered: &str) -> Option<(&str, &str)> {
    match rendered.strip_prefix('"') {
        None => rendered.split_once('='),
        Some(quoted) => split_quoted_name(rendered, quoted),
    }
}

#[cold]
fn split_quoted_name<'t>(rendered: &'t str, quoted: &str) -> Option<(&'t str, &'t str)> {
    let (name, tail) = rendered.split_at_checked(closing_quote(quoted)? + 2)?;
    Some((name, tail.strip_prefix('=')?))
}

pub(crate) fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })
}
