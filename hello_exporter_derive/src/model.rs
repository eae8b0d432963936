//! What was declared, with its spans.

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
    pub(crate) no_new: bool,
    pub(crate) fields: Vec<Field>,
}

/// A field with a name.
pub(crate) struct Field {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    /// `None` for a field that is no metric.
    pub(crate) metric: Option<Metric>,
}

/// What the attributes of a field declare.
pub(crate) struct Metric {
    /// The name as given, or the field's.
    pub(crate) name: Name,
    pub(crate) help: Option<Help>,
    pub(crate) labels: Option<LabelList>,
    pub(crate) const_labels: Vec<ConstLabel>,
    pub(crate) metric_type: Option<MetricType>,
}

/// A string from a literal or an identifier.
#[derive(Clone)]
pub(crate) struct Name {
    pub(crate) value: String,
    pub(crate) span: Span,
}

/// A HELP text.
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

impl Collector {
    pub(crate) fn metrics(&self) -> impl Iterator<Item = (&Field, &Metric)> {
        self.fields.iter().filter_map(|field| Some((field, field.metric.as_ref()?)))
    }

    /// The constant labels of a metric, those of the struct first.
    pub(crate) fn const_labels_of<'m>(
        &'m self,
        metric: &'m Metric,
    ) -> impl Iterator<Item = &'m ConstLabel> {
        self.const_labels.iter().chain(&metric.const_labels)
    }

    /// The name with namespace and subsystem.
    pub(crate) fn full_name(&self, metric: &Metric) -> String {
        let prefixes = [&self.namespace, &self.subsystem].into_iter().flatten();
        let mut name: String = prefixes.map(|prefix| prefix.value() + "_").collect();
        name.push_str(&metric.name.value);
        name
    }

    /// Whether the struct has a lifetime: then it cannot be made by `new()`.
    pub(crate) fn borrows(&self) -> bool {
        self.generics.lifetimes().next().is_some()
    }
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
