//! Facts as labels.

use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, RwLock};

use crate::collect::{Declaration, FieldError, Init, LabelShape, Made, Metric};
use crate::desc::{Desc, MetricType};
use crate::encode::{FamilyEncoder, Sample};
use crate::labels::{self, ClosedValues, LabelNames, Labels, RenderedLabels};
use crate::sync::{read, write};

/// Facts as labels, e.g. the version of a program: an
/// [info](https://prometheus.io/docs/specs/om/open_metrics_spec/#info) of OpenMetrics, whose value
/// is always 1.
///
/// Its name ends in `_info`. An info without facts, its initial state, is not exposed.
///
/// ```
/// use hello_exporter::{Collector, Info, Labels, testing};
///
/// #[derive(Labels)]
/// struct Release {
///     version: String,
/// }
///
/// #[derive(Collector)]
/// struct Server {
///     /// Release of the server.
///     #[metric(name = "server_info")]
///     release: Info<Release>,
/// }
///
/// let server = Server::new();
/// server.release.set(Release { version: "7.2".to_owned() });
/// testing::assert_exposition(
///     &server,
///     r#"
///     ## HELP server_info Release of the server.
///     ## TYPE server_info gauge
///     server_info{version="7.2"} 1
///     "#,
/// );
/// ```
pub struct Info<L> {
    label_names: LabelNames,
    rendered: RwLock<Option<Arc<str>>>,
    labels: PhantomData<fn() -> L>,
}

impl<L: Labels> Info<L> {
    /// Makes an info without facts. `L` is a struct with
    /// [`#[derive(Labels)]`](macro@crate::Labels), which names the labels.
    pub fn new() -> Self {
        const { assert!(L::NAMES.is_some(), "the labels of an `Info` need names") };
        Self::with_names(L::NAMES.unwrap_or_default().iter().map(AsRef::as_ref))
    }

    /// Makes an info with these facts, for a struct that is made at every scrape.
    ///
    /// ```
    /// use hello_exporter::{Collector, Info, Labels, testing};
    ///
    /// #[derive(Labels)]
    /// struct Release {
    ///     version: String,
    /// }
    ///
    /// #[derive(Collector)]
    /// struct Server {
    ///     /// Release of the server.
    ///     server_info: Info<Release>,
    /// }
    ///
    /// let release = Release { version: "7.2".to_owned() };
    /// testing::assert_exposition(
    ///     &Server { server_info: Info::of(release) },
    ///     r#"
    ///     ## HELP server_info Release of the server.
    ///     ## TYPE server_info gauge
    ///     server_info{version="7.2"} 1
    ///     "#,
    /// );
    /// ```
    pub fn of(labels: L) -> Self {
        let info = Self::new();
        info.set(labels);
        info
    }

    /// Sets the facts, and replaces the previous ones.
    pub fn set<K: Labels>(&self, labels: K) {
        const { labels::assert_same::<L, K>() };
        let render = |values: &[&str]| {
            let is_complete = values.len() == self.label_names.len();
            is_complete.then(|| self.label_names.render(values))
        };
        if let Some(rendered) = labels.with_values(render) {
            self.replace(Some(rendered.into()));
        }
    }

    /// Removes the facts, so that nothing is exposed.
    pub fn clear(&self) {
        self.replace(None);
    }

    fn replace(&self, rendered: Option<Arc<str>>) {
        *write(&self.rendered) = rendered;
    }

    fn with_names<'n>(label_names: impl Iterator<Item = &'n str>) -> Self {
        let label_names = LabelNames::new(label_names);
        Self { label_names, rendered: RwLock::default(), labels: PhantomData }
    }
}

impl<L: Labels> Default for Info<L> {
    fn default() -> Self {
        Self::new()
    }
}

impl<L> fmt::Debug for Info<L> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Info").field("rendered", &self.rendered).finish_non_exhaustive()
    }
}

impl<L: Labels> Metric for Info<L> {
    const TYPE: Option<MetricType> = Some(MetricType::Info);
    const LABELS: LabelShape = LabelShape::of::<L>();
    const VALUES: &'static [ClosedValues] = L::VALUES;
    const NEVER_BLOCKS: bool = true;
    type Making = Made;

    fn collect(&self, encoder: &mut FamilyEncoder<'_>) {
        let rendered = read(&self.rendered).clone();
        let names = self.label_names.iter();
        if let Some(labels) = rendered.filter(|_| encoder.begin_rendered(MetricType::Info, names)) {
            encoder.rendered(RenderedLabels(labels.as_bytes()), &Sample::from(1_u64));
        }
    }

    fn verify(&self, desc: &Desc) -> Result<(), FieldError> {
        FieldError::check_labels(self.label_names.iter(), desc)
    }
}

impl<L: Labels> Init for Info<L> {
    fn init(declaration: &Declaration) -> Self {
        Self::with_names(declaration.label_names())
    }
}
