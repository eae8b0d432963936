//! The declaration of a field, and how a field can differ from it.

use std::time::Duration;

use crate::desc::Desc;
use crate::desc::contract::Bounds;
use crate::metric::NativeBuckets;

/// The declaration of a field of a struct that derives [`Collector`](crate::Collector): the family,
/// and the options of its metric.
#[derive(Clone, Debug)]
pub struct Declaration {
    desc: Desc,
    buckets: Option<&'static [f64]>,
    native: Option<NativeBuckets>,
    max_series: Option<usize>,
    expire_after: Option<Duration>,
}

impl Declaration {
    /// Returns the declaration of a field of this family, without options.
    pub const fn new(desc: Desc) -> Self {
        Self { desc, buckets: None, native: None, max_series: None, expire_after: None }
    }

    /// Returns the declaration of a field of this family, with options.
    pub(crate) const fn with_options(
        desc: Desc,
        buckets: Option<&'static [f64]>,
        max_series: Option<usize>,
    ) -> Self {
        Self { desc, buckets, native: None, max_series, expire_after: None }
    }

    /// Permits any UTF-8 text as the names of the family.
    pub(crate) const fn utf8(mut self) -> Self {
        self.desc.permit_utf8();
        self
    }

    /// Returns the family.
    pub fn desc(&self) -> &Desc {
        &self.desc
    }

    /// Returns the upper bounds of a histogram's buckets.
    pub fn buckets(&self) -> Option<&'static [f64]> {
        self.buckets
    }

    /// Sets the native buckets of a histogram. The derive calls this.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_native(self, native: NativeBuckets) -> Self {
        // `..self` would drop a part of `self` in a constant.
        let mut declared = self;
        declared.native = Some(native);
        let contract = declared.desc.contract_mut();
        contract.is_native = true;
        if declared.buckets.is_none() {
            contract.buckets = Bounds(&[]);
        }
        declared
    }

    /// Returns the native buckets of a histogram.
    pub fn native(&self) -> Option<&NativeBuckets> {
        self.native.as_ref()
    }

    /// Returns the maximum number of series of a family with labels.
    pub fn max_series(&self) -> Option<usize> {
        self.max_series
    }

    /// Sets the time after which a series that is not updated expires. The derive calls this.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_expire_after(self, expire_after: Duration) -> Self {
        let mut declared = self;
        declared.expire_after = Some(expire_after);
        declared
    }

    /// Returns the time after which a series of a family with labels is removed if it is not
    /// updated.
    pub fn expire_after(&self) -> Option<Duration> {
        self.expire_after
    }

    /// Returns the label names of the family.
    pub(crate) fn label_names(&self) -> impl Iterator<Item = &str> {
        self.desc.labels().iter().map(AsRef::as_ref)
    }
}

/// A field that differs from the declaration in its attribute.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("field of metric `{metric}` {problem}")]
pub struct FieldError {
    metric: String,
    problem: String,
}

impl FieldError {
    /// Returns the error of the field of `desc`. Its message is "field of metric", the name of the
    /// metric, and `problem`.
    pub(crate) fn new(desc: &Desc, problem: impl Into<String>) -> Self {
        Self { metric: desc.name().to_owned(), problem: problem.into() }
    }

    /// Returns an error if the metric's own label names differ from those of `desc`.
    pub(crate) fn check_labels<'n>(
        own: impl Iterator<Item = &'n str>,
        desc: &Desc,
    ) -> Result<(), Self> {
        let own: Vec<&str> = own.collect();
        if own == desc.labels() {
            return Ok(());
        }
        let problem = format!("was made with labels {own:?}, but declares {:?}", desc.labels());
        Err(Self::new(desc, problem))
    }
}
