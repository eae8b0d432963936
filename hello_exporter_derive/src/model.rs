//! A declaration and its spans.

use proc_macro2::{Span, TokenStream};
use syn::{Generics, Ident, LitStr, Type, Visibility};

/// A struct that derives `Collector`.
pub(crate) struct Collector {
    pub(crate) vis: Visibility,
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    /// The path to `hello_exporter`.
    pub(crate) krate: TokenStream,
    pub(crate) namespace: Option<LitStr>,
    pub(crate) subsystem: Option<LitStr>,
    pub(crate) const_labels: Vec<ConstLabel>,
    /// Whether names can be any UTF-8 text.
    pub(crate) utf8: bool,
    pub(crate) no_new: bool,
    pub(crate) fields: Vec<Field>,
}

/// A field with a name.
pub(crate) struct Field {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    pub(crate) kind: FieldKind,
    /// Whether all of its attributes could be read. If not, missing arguments are not reported.
    pub(crate) is_readable: bool,
    /// Whether it follows the rules of a single field that depend on the tokens alone.
    pub(crate) is_valid: bool,
}

pub(crate) enum FieldKind {
    Metric(Box<Metric>),
    /// Another collector, and the prefix of its names.
    Flatten(Option<Name>),
    Skip,
}

/// The declaration in the attributes of a field.
pub(crate) struct Metric {
    /// The given name, or the name of the field.
    pub(crate) name: Name,
    pub(crate) help: Option<Help>,
    /// A doc comment that is not a literal.
    pub(crate) unreadable_doc: Option<Span>,
    pub(crate) labels: Option<LabelList>,
    pub(crate) const_labels: Vec<ConstLabel>,
    pub(crate) metric_type: Option<MetricType>,
    pub(crate) unit: Option<Name>,
    pub(crate) buckets: Option<Buckets>,
    pub(crate) native: Option<Native>,
    pub(crate) max_series: Option<Limit>,
    pub(crate) expire_after: Option<Limit>,
    /// The old name, under which the metric is exposed as well.
    pub(crate) renamed_from: Option<Name>,
    /// The advice: a replacement for the metric.
    pub(crate) deprecated: Option<Help>,
}

/// A string from a literal or an identifier.
#[derive(Clone)]
pub(crate) struct Name {
    pub(crate) value: String,
    pub(crate) span: Span,
}

/// A text of the HELP line.
pub(crate) struct Help {
    pub(crate) text: String,
    pub(crate) span: Span,
}

/// `labels = ["hostname"]`.
pub(crate) struct LabelList {
    pub(crate) names: Vec<Name>,
    pub(crate) span: Span,
}

/// `hello = "world"`.
#[derive(Clone)]
pub(crate) struct ConstLabel {
    pub(crate) name: Name,
    /// A constant expression of type `&'static str`.
    pub(crate) value: TokenStream,
}

/// `counter`, `gauge` or `untyped`.
pub(crate) struct MetricType {
    pub(crate) word: Ident,
}

/// `buckets = [0.1, 1.0]`, or an expression.
pub(crate) struct Buckets {
    /// Where the argument is.
    pub(crate) span: Span,
    /// An array, or a reference to a slice, of floats.
    pub(crate) expr: TokenStream,
    /// The bounds, if they are literals.
    pub(crate) literals: Option<Vec<(f64, Span)>>,
}

/// `native`, or `native(factor = 1.1, min_reset = "1h")`.
pub(crate) struct Native {
    /// Where the argument is.
    pub(crate) span: Span,
    pub(crate) factor: Option<Number>,
    /// A constant expression of type `u32`.
    pub(crate) max_buckets: Option<TokenStream>,
    pub(crate) zero_threshold: Option<Number>,
    pub(crate) max_zero_threshold: Option<Number>,
    /// In milliseconds.
    pub(crate) min_reset: Option<u64>,
}

impl Native {
    /// Returns the thresholds and their names.
    pub(crate) fn thresholds(&self) -> impl Iterator<Item = (&'static str, &Number)> {
        let Self { zero_threshold, max_zero_threshold, .. } = self;
        let thresholds =
            [("zero_threshold", zero_threshold), ("max_zero_threshold", max_zero_threshold)];
        thresholds.into_iter().filter_map(|(name, number)| Some((name, number.as_ref()?)))
    }
}

/// A number.
pub(crate) struct Number {
    /// A constant expression of type `f64`.
    pub(crate) expr: TokenStream,
    /// Its value, if it is a literal.
    pub(crate) literal: Option<f64>,
    pub(crate) span: Span,
}

/// A limit on the series of a family: `max_series = 1000`, or `expire_after = "10m"`.
pub(crate) struct Limit {
    /// Where the argument is.
    pub(crate) span: Span,
    /// A constant expression, of type `usize` for `max_series` and `Duration` for `expire_after`.
    pub(crate) expr: TokenStream,
}

impl Collector {
    pub(crate) fn metrics(&self) -> impl Iterator<Item = (&Field, &Metric)> {
        self.fields.iter().filter_map(|field| match &field.kind {
            FieldKind::Metric(metric) => Some((field, &**metric)),
            _ => None,
        })
    }

    /// Returns the flattened collectors and their prefixes.
    pub(crate) fn flattened(&self) -> impl Iterator<Item = (&Field, Option<&Name>)> {
        self.fields.iter().filter_map(|field| match &field.kind {
            FieldKind::Flatten(prefix) => Some((field, prefix.as_ref())),
            _ => None,
        })
    }

    /// Returns the skipped fields, which are parameters of `new()`.
    pub(crate) fn skipped(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| matches!(field.kind, FieldKind::Skip))
    }

    /// Returns the constant labels of a metric, those of the struct first.
    pub(crate) fn const_labels_of<'m>(
        &'m self,
        metric: &'m Metric,
    ) -> impl Iterator<Item = &'m ConstLabel> {
        self.const_labels.iter().chain(&metric.const_labels)
    }

    /// Returns the namespace and the subsystem, each followed by `_`.
    pub(crate) fn prefix(&self) -> String {
        let prefixes = [&self.namespace, &self.subsystem].into_iter().flatten();
        prefixes.map(|prefix| prefix.value() + "_").collect()
    }

    /// Returns the name with namespace and subsystem.
    pub(crate) fn full_name(&self, metric: &Metric) -> String {
        self.prefix() + &metric.name.value
    }

    /// Returns whether the derive writes `new()`. A struct that borrows has none.
    pub(crate) fn has_new(&self) -> bool {
        !self.no_new && !self.borrows()
    }

    /// Returns whether the struct has a lifetime.
    pub(crate) fn borrows(&self) -> bool {
        self.generics.lifetimes().next().is_some()
    }
}

/// A struct that derives `Labels`.
pub(crate) struct LabelStruct {
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    pub(crate) krate: TokenStream,
    /// Whether names can be any UTF-8 text.
    pub(crate) utf8: bool,
    /// The fields that are labels.
    pub(crate) labels: Vec<Label>,
    /// Whether it is an enum, which is a mistake.
    pub(crate) is_enum: bool,
}

/// A field of a label struct.
pub(crate) struct Label {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    pub(crate) name: Name,
}

/// An enum that derives `LabelValue`.
pub(crate) struct LabelEnum {
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    pub(crate) krate: TokenStream,
    /// The variants and the value of each.
    pub(crate) variants: Vec<(Ident, Name)>,
}

impl From<LitStr> for Name {
    fn from(literal: LitStr) -> Self {
        Self { value: literal.value(), span: literal.span() }
    }
}

impl From<&Ident> for Name {
    fn from(ident: &Ident) -> Self {
        let text = ident.to_string();
        let value = text.strip_prefix("r#").unwrap_or(&text).to_owned();
        Self { value, span: ident.span() }
    }
}
