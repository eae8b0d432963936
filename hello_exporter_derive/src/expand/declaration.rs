//! The declaration of one metric: the arguments of its attribute as a constant.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use super::spans::{Ends, call, of_metric};
use super::{const_labels, variant};
use crate::model::{Buckets, Collector, Field, Help, Metric, Native};

pub(super) fn declaration(collector: &Collector, field: &Field, metric: &Metric) -> TokenStream {
    let krate = &collector.krate;
    let of_type = of_metric(krate, &field.ty, "FACTS");
    let name = collector.full_name(metric);
    let help = metric.help.as_ref().map(|help| help.text.as_str()).unwrap_or_default();
    let declared = declared_type(krate, metric);
    let unit = option(metric.unit.as_ref().map(|unit| unit.value.to_token_stream()));
    let labels = metric.labels.iter().flat_map(|list| &list.names).map(|name| &name.value);
    let const_labels = const_labels(krate, collector.const_labels_of(metric));
    let buckets = option(metric.buckets.as_ref().map(|buckets| constant_buckets(krate, buckets)));
    let native = metric.native.as_ref().map(|native| with_native(krate, native));
    let max_series = option(metric.max_series.as_ref().map(|max| max.expr.clone()));
    let expire_after = metric.expire_after.iter().map(|limit| &limit.expr);
    let status = status(collector, metric);
    let declaration = quote! {
        #krate::__private::declaration(
            #name,
            #status,
            #help,
            #of_type,
            #declared,
            #unit,
            &[#(#krate::__private::Cow::Borrowed(#labels)),*],
            #const_labels,
            (#buckets, #max_series),
        )
        #native
        #(.with_expire_after(#expire_after))*
    };
    match collector.utf8 {
        true => quote!(#krate::__private::utf8(#declaration)),
        false => declaration,
    }
}

/// Writes whether the metric has an old name or will be removed.
fn status(collector: &Collector, metric: &Metric) -> TokenStream {
    let krate = &collector.krate;
    let private = quote!(#krate::__private);
    match (&metric.renamed_from, &metric.deprecated) {
        (Some(old), _) => {
            let old = collector.prefix() + &old.value;
            quote!(#private::renamed_from(#old))
        }
        (None, Some(Help { text, .. })) => quote!(#private::deprecated(#text)),
        (None, None) => quote!(#private::CURRENT),
    }
}

/// Writes the call that adds the buckets of a native histogram to a declaration.
fn with_native(krate: &TokenStream, native: &Native) -> TokenStream {
    let setter = |name: &str, value: &TokenStream| {
        let name = Ident::new(name, Span::call_site());
        quote!(.#name(#value))
    };
    let factor = native.factor.iter().map(|it| setter("factor", &it.expr));
    let max_buckets = native.max_buckets.iter().map(|it| setter("max_buckets", it));
    let thresholds = native.thresholds().map(|(name, it)| setter(name, &it.expr));
    let min_reset = native.min_reset.iter().map(|milliseconds| {
        let duration = quote!(::core::time::Duration::from_millis(#milliseconds));
        setter("min_reset", &duration)
    });
    quote! {
        .with_native(
            #krate::metric::NativeBuckets::new()
                #(#factor)* #(#max_buckets)* #(#thresholds)* #(#min_reset)*
        )
    }
}

fn option(value: Option<TokenStream>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}

/// Writes the metric type that the attribute sets.
pub(super) fn declared_type(krate: &TokenStream, metric: &Metric) -> TokenStream {
    option(metric.metric_type.as_ref().map(|metric_type| {
        let variant = variant(&metric_type.word);
        quote!(#krate::collect::MetricType::#variant)
    }))
}

/// Writes an array or a slice as a slice that lives as long as the program. The compiler reports
/// any other type at the expression.
pub(super) fn constant_buckets(krate: &TokenStream, buckets: &Buckets) -> TokenStream {
    let expr = &buckets.expr;
    let Ends { first, .. } = Ends::of(expr);
    let slice = quote_spanned!(first=> const { &#expr });
    call(krate, "bounds", slice, Ends::of(expr))
}
