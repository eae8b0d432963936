//! The arguments of an attribute, one by one.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Attribute, Ident, Meta, Token, parenthesized};

use crate::errors::Errors;

/// `name`, `name = …` or `name(…)`.
pub(super) struct Argument {
    pub(super) name: String,
    pub(super) span: Span,
    form: Form,
}

enum Form {
    Flag,
    Value(TokenStream),
    List(TokenStream),
}

/// The arguments of all attributes called `attribute`, each name once.
pub(super) fn arguments(
    attrs: &[Attribute],
    attribute: &str,
    expected: &[&str],
    errors: &mut Errors,
) -> Vec<Argument> {
    let mut arguments: Vec<Argument> = Vec::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident(attribute)) {
        for tokens in split(tokens_of(attr, attribute, errors)) {
            let Some(argument) = errors.note(syn::parse2::<Argument>(tokens)) else {
                continue;
            };
            let Argument { name, span, .. } = &argument;
            if !expected.contains(&name.as_str()) {
                errors.push(
                    *span,
                    format!("unknown argument `{name}`, expected {}", one_of(expected)),
                );
            } else if arguments.iter().any(|other| other.name == *name) {
                errors.push(*span, format!("`{name}` is given twice"));
            } else {
                arguments.push(argument);
            }
        }
    }
    arguments
}

fn one_of(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    format!("one of {}", words.join(", "))
}

fn tokens_of(attr: &Attribute, attribute: &str, errors: &mut Errors) -> TokenStream {
    match &attr.meta {
        Meta::Path(_) => TokenStream::new(),
        Meta::List(list) => list.tokens.clone(),
        Meta::NameValue(pair) => {
            let message = format!("expected arguments in parentheses: `#[{attribute}(…)]`");
            errors.push(pair.span(), message);
            TokenStream::new()
        }
    }
}

/// Cuts at the commas. Commas in brackets are inside of groups, and not seen here.
pub(super) fn split(tokens: TokenStream) -> Vec<TokenStream> {
    let mut parts: Vec<TokenStream> = Vec::new();
    let mut part = TokenStream::new();
    for token in tokens {
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == ',' => {
                parts.push(std::mem::take(&mut part));
            }
            _ => part.extend([token]),
        }
    }
    parts.push(part);
    parts.retain(|part| !part.is_empty());
    parts
}

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if !input.peek(Ident::peek_any) {
            return Err(input.error("expected the name of an argument"));
        }
        let ident = input.call(Ident::parse_any)?;
        let form = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            Form::Value(input.parse()?)
        } else if input.peek(syn::token::Paren) {
            let content;
            parenthesized!(content in input);
            Form::List(content.parse()?)
        } else {
            Form::Flag
        };
        if !input.is_empty() {
            return Err(input.error("expected `,`"));
        }
        Ok(Self { name: ident.unraw().to_string(), span: ident.span(), form })
    }
}

impl Argument {
    /// The value behind `=`, as `parse` reads it.
    pub(super) fn value<T>(
        self,
        parse: impl FnOnce(ParseStream<'_>) -> syn::Result<T>,
        errors: &mut Errors,
    ) -> Option<T> {
        match self.form {
            Form::Value(tokens) if !tokens.is_empty() => {
                let whole = |input: ParseStream<'_>| {
                    let value = parse(input)?;
                    match input.is_empty() {
                        true => Ok(value),
                        false => Err(input.error("expected `,`")),
                    }
                };
                errors.note(whole.parse2(tokens))
            }
            _ => {
                errors.push(self.span, format!("expected a value: `{} = …`", self.name));
                None
            }
        }
    }

    /// The tokens in parentheses.
    pub(super) fn list(self, errors: &mut Errors) -> Option<TokenStream> {
        match self.form {
            Form::List(tokens) => Some(tokens),
            _ => {
                let Self { name, span, .. } = self;
                errors.push(span, format!("expected a list in parentheses: `{name}(…)`"));
                None
            }
        }
    }

    /// True, unless something follows the name.
    pub(super) fn flag(self, errors: &mut Errors) -> bool {
        let alone = matches!(self.form, Form::Flag);
        if !alone {
            errors.push(self.span, format!("`{}` takes no value", self.name));
        }
        alone
    }
}
