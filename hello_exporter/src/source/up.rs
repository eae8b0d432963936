//! Whether what is asked has answered, under a name that the author gives.

use std::borrow::Cow;
use std::sync::Arc;

use super::scraper::Scraped;
use crate::desc::{Desc, MetricType};
use crate::encode::FamilyEncoder;
use crate::registry::Momentary;

/// A gauge that is 1 where there is an answer, and 0 where there is none.
pub(crate) fn up_desc(
    name: impl Into<Cow<'static, str>>,
    help: impl Into<Cow<'static, str>>,
) -> Desc {
    Desc::new(name, help, MetricType::Gauge)
}

/// The sample of [`up_desc`].
pub(crate) fn up(is_up: bool) -> Scraped {
    Arc::new(Up(is_up))
}

struct Up(bool);

impl Momentary for Up {
    fn collect(&self, _: usize, encoder: &mut FamilyEncoder<'_>) {
        encoder.value(self.0);
    }
}
