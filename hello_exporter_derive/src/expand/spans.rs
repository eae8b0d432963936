//! The spans that the compiler underlines for a mistake in a field.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::Type;

/// Writes the path of an item of `Metric` for a type.
///
/// Every use of a field's type has this form, and spans the type from its first token to its last.
/// So the compiler reports a type that is not a metric only once, at the type.
pub(super) fn of_metric(krate: &TokenStream, ty: &impl ToTokens, item: &str) -> TokenStream {
    item_of(ty, respanned(&quote!(#krate::collect::Metric), Ends::of(ty).first), item)
}

/// Writes the path of an item of `Declared` for the type of a flattened field.
pub(super) fn of_declared(krate: &TokenStream, ty: &impl ToTokens, item: &str) -> TokenStream {
    item_of(ty, respanned(&quote!(#krate::collect::Declared), Ends::of(ty).first), item)
}

/// Writes the path of the function that makes a metric of a type.
pub(super) fn make(krate: &TokenStream, ty: &Type) -> TokenStream {
    let Ends { first, last } = Ends::of(ty);
    let making = of_metric(krate, ty, "Making");
    let make = respanned(&quote!(#krate::collect::Make), first);
    let function = Ident::new("make", last);
    quote_spanned!(first=> <#making as #make<#ty>>::#function)
}

/// Writes the path of the function that makes a flattened collector.
pub(super) fn new_of(krate: &TokenStream, ty: &Type) -> TokenStream {
    let Ends { first, last } = Ends::of(ty);
    let new = of_declared(krate, ty, "New");
    let make = respanned(&quote!(#krate::__private::MakeNew), first);
    let function = Ident::new("make", last);
    quote_spanned!(first=> <#new as #make<#ty>>::#function)
}

pub(super) fn item_of(ty: &impl ToTokens, path: TokenStream, item: &str) -> TokenStream {
    let Ends { first, last } = Ends::of(ty);
    let item = Ident::new(item, last);
    quote_spanned!(first=> <#ty as #path>::#item)
}

/// The spans of the first and the last token. The compiler underlines all code from one to the
/// other. Stable Rust has no other way to join spans.
#[derive(Clone, Copy)]
pub(super) struct Ends {
    pub(super) first: Span,
    pub(super) last: Span,
}

impl Ends {
    pub(super) fn of(tokens: &impl ToTokens) -> Self {
        let mut tokens = tokens.to_token_stream().into_iter();
        let first = tokens.next();
        let last = tokens.last().or_else(|| first.clone());
        let close = |token: TokenTree| match token {
            TokenTree::Group(group) => group.span_close(),
            other => other.span(),
        };
        Self {
            first: first.map_or_else(Span::call_site, |token| token.span()),
            last: last.map_or_else(Span::call_site, close),
        }
    }

    pub(super) fn both(span: Span) -> Self {
        Self { first: span, last: span }
    }
}

/// Writes a call of a hidden function. If it fails, the compiler underlines the code between
/// `ends`.
pub(super) fn call(
    krate: &TokenStream,
    function: &str,
    arguments: TokenStream,
    ends: Ends,
) -> TokenStream {
    let krate = respanned(krate, ends.first);
    let function = Ident::new(function, ends.first);
    let mut arguments = Group::new(Delimiter::Parenthesis, arguments);
    arguments.set_span(ends.last);
    quote_spanned!(ends.first=> #krate::__private::#function #arguments)
}

/// Returns the same tokens with another span.
pub(super) fn respanned(tokens: &TokenStream, span: Span) -> TokenStream {
    let respan = |mut token: TokenTree| {
        // `$crate` resolves in the macro that wrote the struct.
        let is_dollar_crate = matches!(&token, TokenTree::Ident(ident) if ident == "$crate");
        token.set_span(if is_dollar_crate { token.span().located_at(span) } else { span });
        token
    };
    tokens.clone().into_iter().map(respan).collect()
}
