//! Messages for a family that is updated as if it were one series.
//!
//! The methods are named like the updates of a series, and calls to them do not compile. They exist
//! because the compiler's own message, "no method named `inc` found", does not mention `with`.

use super::{Counter, Family, Gauge, Histogram};

/// A metric that is one series. No family implements it.
#[diagnostic::on_unimplemented(
    message = "a metric with labels is updated through one of its series",
    label = "choose the series first: `.with([…])`, or `.with(…)` with a label struct",
    note = "for example `requests.with([\"GET\"]).inc()`"
)]
pub trait OneSeries {}

impl<L, T> Family<L, Counter<T>> {
    #[doc(hidden)]
    pub fn inc(&self)
    where
        Self: OneSeries,
    {
    }

    #[doc(hidden)]
    pub fn inc_by<A>(&self, _: A)
    where
        Self: OneSeries,
    {
    }
}

impl<L, T> Family<L, Gauge<T>> {
    #[doc(hidden)]
    pub fn set<A>(&self, _: A)
    where
        Self: OneSeries,
    {
    }

    #[doc(hidden)]
    pub fn inc(&self)
    where
        Self: OneSeries,
    {
    }

    #[doc(hidden)]
    pub fn dec(&self)
    where
        Self: OneSeries,
    {
    }

    #[doc(hidden)]
    pub fn add<A>(&self, _: A)
    where
        Self: OneSeries,
    {
    }

    #[doc(hidden)]
    pub fn sub<A>(&self, _: A)
    where
        Self: OneSeries,
    {
    }
}

impl<L> Family<L, Histogram> {
    #[doc(hidden)]
    pub fn observe<A>(&self, _: A)
    where
        Self: OneSeries,
    {
    }

    #[doc(hidden)]
    pub fn start_timer(&self)
    where
        Self: OneSeries,
    {
    }
}
