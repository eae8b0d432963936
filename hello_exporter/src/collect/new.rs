//! Whether `new()` of a collector takes parameters.

/// A collector that can be made without parameters, e.g. by a `new()` that takes none.
pub trait New {
    /// Returns the collector with every metric at its initial value.
    fn make() -> Self;
}

/// Makes the initial value of a flattened struct, see
/// [`Declared::New`](crate::collect::Declared::New).
#[diagnostic::on_unimplemented(
    message = "`new()` cannot make a `{T}`",
    label = "its own `new()` takes parameters, or does not exist",
    note = "leave `new()` out of the outer struct too, with `#[collector(no_new)]`"
)]
pub trait MakeNew<T> {
    /// Returns the struct with every metric at its initial value.
    fn make() -> T;
}

/// [`Declared::New`](crate::collect::Declared::New) of a collector that implements [`New`].
pub struct WithNew;

/// [`Declared::New`](crate::collect::Declared::New) of any other collector.
pub struct WithoutNew;

impl<T: New> MakeNew<T> for WithNew {
    fn make() -> T {
        T::make()
    }
}
