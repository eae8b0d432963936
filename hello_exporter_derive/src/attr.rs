//! From attributes to the model.
//!
//! The arguments of an attribute are separated first and read one by one, so that a mistake in one
//! does not hide mistakes in the next. If an argument is given twice, the first one counts.

mod arguments;
mod duration;
mod labels;
mod native;

pub(crate) use labels::{label_enum, label_struct};

use proc_macro2::{Literal, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::token::Bracket;
use syn::{
    Attribute, Data, DeriveInput, Expr, ExprLit, Fields, Ident, Lit, LitStr, Meta, Token, bracketed,
};

use crate::errors::Errors;
use crate::model::{
    Buckets, Collector, ConstLabel, Field, FieldKind, Help, LabelList, Limit, Metric, MetricType,
    Name,
};
use arguments::{Argument, arguments, parse_each, until_comma};

const COLLECTOR_ARGUMENTS: &[&str] =
    &["namespace", "subsystem", "const_labels", "utf8", "no_new", "crate"];
const METRIC_ARGUMENTS: &[&str] = &[
    "name",
    "help",
    "labels",
    "const_labels",
    "counter",
    "gauge",
    "untyped",
    "unit",
    "buckets",
    "native",
    "max_series",
    "expire_after",
    "renamed_from",
    "deprecated",
    "flatten",
    "prefix",
    "skip",
];

/// Reads a struct as far as it can be read.
pub(crate) fn collector(input: &DeriveInput, errors: &mut Errors) -> Collector {
    let mut collector = Collector {
        vis: input.vis.clone(),
        ident: input.ident.clone(),
        generics: input.generics.clone(),
        krate: quote!(::hello_exporter),
        namespace: None,
        subsystem: None,
        const_labels: Vec::new(),
        utf8: false,
        no_new: false,
        fields: Vec::new(),
    };
    for argument in arguments(&input.attrs, "collector", COLLECTOR_ARGUMENTS, errors) {
        collector_argument(&mut collector, argument, errors);
    }
    collector.fields = fields(input, errors);
    collector
}

fn collector_argument(collector: &mut Collector, argument: Argument, errors: &mut Errors) {
    match argument.name.as_str() {
        "namespace" => collector.namespace = argument.value(string, errors),
        "subsystem" => collector.subsystem = argument.value(string, errors),
        "const_labels" => collector.const_labels = const_labels(argument, errors),
        "utf8" => {
            collector.utf8 = true;
            argument.flag(errors);
        }
        "no_new" => {
            collector.no_new = true;
            argument.flag(errors);
        }
        "crate" => {
            if let Some(path) = argument.value(path, errors) {
                collector.krate = path;
            }
        }
        _ => {}
    }
}

fn fields(input: &DeriveInput, errors: &mut Errors) -> Vec<Field> {
    let problem = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => {
                return fields.named.iter().filter_map(|each| field(each, errors)).collect();
            }
            _ => {
                "a collector needs named fields, one for each metric: `struct Name { field: Type }`"
            }
        },
        Data::Enum(_) => {
            "an enum cannot be a collector, use a struct with one field for each metric"
        }
        Data::Union(_) => {
            "a union cannot be a collector, use a struct with one field for each metric"
        }
    };
    errors.push(input.ident.span(), problem);
    Vec::new()
}

fn field(field: &syn::Field, errors: &mut Errors) -> Option<Field> {
    let ident = field.ident.clone()?;
    let before = errors.count();
    let arguments = arguments(&field.attrs, "metric", METRIC_ARGUMENTS, errors);
    let has = |name: &str| arguments.iter().any(|argument| argument.name == name);
    let kind = if has("skip") {
        let [] = only("skip", [], arguments, errors);
        FieldKind::Skip
    } else if has("flatten") {
        let [prefix] = only("flatten", ["prefix"], arguments, errors);
        FieldKind::Flatten(prefix.and_then(|prefix| prefix.value(string, errors)).map(Name::from))
    } else {
        FieldKind::Metric(Box::new(metric(&ident, &field.attrs, arguments, errors)))
    };
    let is_readable = errors.count() == before;
    Some(Field { ident, ty: field.ty.clone(), kind, is_readable, is_valid: is_readable })
}

/// Returns the arguments `names`, the only ones that have an effect together with `flag`. Reports
/// the others.
fn only<const N: usize>(
    flag: &str,
    names: [&str; N],
    arguments: Vec<Argument>,
    errors: &mut Errors,
) -> [Option<Argument>; N] {
    let mut found = names.map(|_| None);
    for argument in arguments {
        let position = names.iter().position(|name| *name == argument.name);
        match position.and_then(|position| found.get_mut(position)) {
            Some(slot) => *slot = Some(argument),
            None if argument.name == flag => {
                argument.flag(errors);
            }
            None => {
                let Argument { name, span, .. } = argument;
                let message = format!("`{name}` has no effect with `{flag}`, remove one of them");
                errors.push(span, message);
            }
        }
    }
    found
}

fn metric(
    ident: &Ident,
    attrs: &[Attribute],
    arguments: Vec<Argument>,
    errors: &mut Errors,
) -> Metric {
    let mut metric = Metric {
        name: Name::from(ident),
        help: doc_comment(attrs),
        unreadable_doc: attrs.iter().find_map(unreadable_doc),
        labels: None,
        const_labels: Vec::new(),
        metric_type: None,
        unit: None,
        buckets: None,
        native: None,
        max_series: None,
        expire_after: None,
        renamed_from: None,
        deprecated: None,
    };
    for argument in arguments {
        metric_argument(&mut metric, argument, errors);
    }
    metric
}

fn metric_argument(metric: &mut Metric, argument: Argument, errors: &mut Errors) {
    match argument.name.as_str() {
        "name" => {
            if let Some(name) = argument.value(string, errors) {
                metric.name = name.into();
            }
        }
        "help" => {
            if let Some(help) = argument.value(string, errors) {
                metric.help = Some(Help { text: help.value(), span: help.span() });
            }
        }
        "labels" => metric.labels = argument.value(LabelList::parse, errors),
        "const_labels" => metric.const_labels = const_labels(argument, errors),
        "counter" | "gauge" | "untyped" => metric_type(metric, argument, errors),
        "unit" => metric.unit = argument.value(string, errors).map(Name::from),
        "buckets" => {
            let span = argument.span;
            metric.buckets = argument.value(|input| buckets(input, span), errors);
        }
        "native" => metric.native = Some(native::native(argument, errors)),
        "max_series" => {
            let span = argument.span;
            metric.max_series = argument.value(|input| max_series(input, span), errors);
        }
        "expire_after" => {
            let span = argument.span;
            metric.expire_after = argument.value(|input| expire_after(input, span), errors);
        }
        "renamed_from" => metric.renamed_from = argument.value(string, errors).map(Name::from),
        "deprecated" => deprecated(metric, argument, errors),
        "prefix" => errors.push(argument.span, "`prefix` is for a field with `flatten`"),
        _ => {}
    }
}

fn metric_type(metric: &mut Metric, argument: Argument, errors: &mut Errors) {
    let word = Ident::new(&argument.name, argument.span);
    if !argument.flag(errors) {
        return;
    }
    match &metric.metric_type {
        Some(first) => errors.push(
            word.span(),
            format!("`{word}` contradicts `{}`, a metric has one type", first.word),
        ),
        None => metric.metric_type = Some(MetricType { word }),
    }
}

fn deprecated(metric: &mut Metric, argument: Argument, errors: &mut Errors) {
    let advice = argument.value(string, errors);
    metric.deprecated = advice.map(|advice| Help { text: advice.value(), span: advice.span() });
}

/// Reads the path after `crate =`.
fn path(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let start = input.span();
    match input.call(syn::Path::parse_mod_style) {
        Ok(path) => Ok(path.into_token_stream()),
        Err(_) => Err(syn::Error::new(start, "expected a path: `crate = path`, without quotes")),
    }
}

/// Reads a string literal. The message for anything else shows the syntax.
fn string(input: ParseStream<'_>) -> syn::Result<LitStr> {
    if input.peek(LitStr) {
        input.parse()
    } else {
        Err(input.error("expected a string literal: `\"…\"`"))
    }
}

impl Parse for LabelList {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if !input.peek(Bracket) {
            return Err(input.error("expected a list of string literals: `[\"…\"]`"));
        }
        let content;
        let brackets = bracketed!(content in input);
        let names = content.parse_terminated(string, Token![,])?;
        let span = brackets.span.join();
        Ok(Self { names: names.into_iter().map(Name::from).collect(), span })
    }
}

/// Reads an array such as `[0.1, 1.0]`, whose literals may also be integers, or any other
/// expression.
fn buckets(input: ParseStream<'_>, span: Span) -> syn::Result<Buckets> {
    // A `&` is optional, because the expansion borrows the expression anyway.
    input.parse::<Option<Token![&]>>()?;
    let expr: TokenStream = input.parse()?;
    let literals = syn::parse2::<Floats>(expr.clone()).ok().map(|Floats(literals)| literals);
    let expr = match &literals {
        Some(literals) => {
            let floats = literals.iter().map(|(value, span)| float_tokens(*value, *span));
            quote!([#(#floats),*])
        }
        None => expr,
    };
    Ok(Buckets { span, expr, literals })
}

/// A list of numbers that are literals, with or without a `-`.
struct Floats(Vec<(f64, Span)>);

impl Parse for Floats {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let content;
        bracketed!(content in input);
        let floats = content.parse_terminated(float, Token![,])?;
        Ok(Self(floats.into_iter().collect()))
    }
}

fn float(input: ParseStream<'_>) -> syn::Result<(f64, Span)> {
    let sign = if input.parse::<Option<Token![-]>>()?.is_some() { -1.0 } else { 1.0 };
    let literal: Lit = input.parse()?;
    let value: f64 = match &literal {
        Lit::Float(float) => float.base10_parse()?,
        Lit::Int(int) => int.base10_parse()?,
        other => return Err(syn::Error::new(other.span(), "expected a number")),
    };
    Ok((sign * value, literal.span()))
}

/// Writes a number as a literal of type `f64`.
fn float_tokens(value: f64, span: Span) -> TokenStream {
    // `1e400` is read as infinity, which is no literal. A later check refuses it.
    let mut float = Literal::f64_suffixed(value.abs().min(f64::MAX));
    float.set_span(span);
    if value < 0.0 { quote!(-#float) } else { quote!(#float) }
}

fn max_series(input: ParseStream<'_>, span: Span) -> syn::Result<Limit> {
    let expr: TokenStream = input.parse()?;
    match syn::parse2::<Lit>(expr.clone()) {
        Ok(Lit::Int(int)) if int.base10_digits() == "0" => {
            Err(syn::Error::new(int.span(), "`max_series` is zero: no series could be made"))
        }
        Ok(Lit::Int(_)) | Err(_) => Ok(Limit { span, expr }),
        Ok(other) => Err(syn::Error::new(other.span(), "expected a number of series")),
    }
}

/// Reads a string literal with a duration, or an expression of type `Duration`.
fn expire_after(input: ParseStream<'_>, span: Span) -> syn::Result<Limit> {
    if !input.peek(Lit) {
        return Ok(Limit { span, expr: input.parse()? });
    }
    if !input.peek(LitStr) {
        return Err(input.error("expected a duration such as `\"10m\"`, or a constant `Duration`"));
    }
    let milliseconds = duration::duration(input)?;
    Ok(Limit { span, expr: quote!(::core::time::Duration::from_millis(#milliseconds)) })
}

/// Reads `const_labels(hello = "world", "k" = EXPR)`.
fn const_labels(argument: Argument, errors: &mut Errors) -> Vec<ConstLabel> {
    let tokens = argument.list(errors).unwrap_or_default();
    parse_each(tokens, errors)
}

impl Parse for ConstLabel {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = if input.peek(LitStr) {
            input.parse::<LitStr>()?.into()
        } else if input.peek(Ident::peek_any) {
            Name::from(&input.call(Ident::parse_any)?)
        } else {
            return Err(input.error("expected a label: `name = \"value\"`"));
        };
        let has_value = input.parse::<Option<Token![=]>>()?.is_some() && !input.is_empty();
        if !has_value {
            let message = format!("expected a value: `{} = \"…\"`", name.value);
            return Err(syn::Error::new(name.span, message));
        }
        Ok(Self { name, value: const_value(input)? })
    }
}

/// Reads a string literal or an expression. The compiler checks that the expression is a constant
/// string.
fn const_value(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    if !input.peek(Lit) {
        return until_comma(input);
    }
    match input.parse()? {
        Lit::Str(text) => Ok(text.into_token_stream()),
        other => Err(syn::Error::new(
            other.span(),
            "expected a string literal or a constant of type `&'static str`",
        )),
    }
}

/// Returns the doc comment of a field, with its lines and paragraphs joined by a space.
fn doc_comment(attrs: &[Attribute]) -> Option<Help> {
    let docs: Vec<LitStr> = attrs.iter().filter_map(doc_line).collect();
    let span = docs.first()?.span();
    let lines: Vec<String> = docs.iter().map(LitStr::value).collect();
    let text = lines.join("\n").split_whitespace().collect::<Vec<_>>().join(" ");
    Some(Help { text, span })
}

/// Returns the span of a doc comment that is not a string literal, e.g. one made by `concat!`.
fn unreadable_doc(attr: &Attribute) -> Option<Span> {
    match &attr.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") && doc_line(attr).is_none() => {
            Some(pair.value.span())
        }
        _ => None,
    }
}

fn doc_line(attr: &Attribute) -> Option<LitStr> {
    match &attr.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.clone()),
            _ => None,
        },
        _ => None,
    }
}
