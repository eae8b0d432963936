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

/// Reads the arguments of all attributes named `attribute`, each name once.
pub(super) fn arguments(
    attrs: &[Attribute],
    attribute: &str,
    expected: &[&str],
    errors: &mut Errors,
) -> Vec<Argument> {
    let mut arguments: Vec<Argument> = Vec::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident(attribute)) {
        let tokens = tokens_of(attr, attribute, errors);
        read_each(tokens, expected, &mut arguments, errors);
    }
    arguments
}

/// Appends the arguments in `tokens`, each name once.
pub(super) fn read_each(
    tokens: TokenStream,
    expected: &[&str],
    arguments: &mut Vec<Argument>,
    errors: &mut Errors,
) {
    for argument in parse_each::<Argument>(tokens, errors) {
        let Argument { name, span, .. } = &argument;
        if !expected.contains(&name.as_str()) {
            errors.push(
                *span,
                format!("unknown argument `{name}`, expected {}", one_of(expected.iter().copied())),
            );
        } else if arguments.iter().any(|other| other.name == *name) {
            errors.push(*span, format!("`{name}` is given twice"));
        } else {
            arguments.push(argument);
        }
    }
}

/// Returns a list of words for a message.
pub(super) fn one_of<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
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

/// Reads items that are separated by commas, one by one, so that a mistake in one does not hide
/// mistakes in the next.
pub(super) fn parse_each<T: Parse>(tokens: TokenStream, errors: &mut Errors) -> Vec<T> {
    let mut items = Vec::new();
    let each = |input: ParseStream<'_>| {
        while !input.is_empty() {
            match T::parse(input) {
                Ok(item) => {
                    items.push(item);
                    if !input.is_empty() && !input.peek(Token![,]) {
                        errors.push(input.span(), "expected `,`");
                    }
                }
                Err(error) => errors.push_error(error),
            }
            until_comma(input)?;
            input.parse::<Option<Token![,]>>()?;
        }
        Ok(())
    };
    // The mistakes are in `errors`. Reading the rest token by token does not fail.
    let _ = each.parse2(tokens);
    items
}

/// Reads all tokens before the next comma that is outside the angle brackets of a path.
pub(super) fn until_comma(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut tokens = TokenStream::new();
    let mut depth = 0_usize;
    while !input.is_empty() && (depth > 0 || !input.peek(Token![,])) {
        // `<` opens brackets at the start, after `::`, or within brackets. Elsewhere it is a
        // comparison.
        let opens = input.peek(Token![<]) && (depth > 0 || tokens.is_empty());
        let opens_after = input.peek(Token![::]) && input.peek3(Token![<]);
        if opens || opens_after {
            depth += 1;
        } else if depth > 0 && input.peek(Token![>]) {
            depth -= 1;
        }
        let count = if opens_after { 3 } else { 1 };
        for _ in 0..count {
            tokens.extend([input.parse::<TokenTree>()?]);
        }
    }
    Ok(tokens)
}

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if !input.peek(Ident::peek_any) {
            return Err(input.error("expected the name of an argument"));
        }
        let ident = input.call(Ident::parse_any)?;
        let form = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            Form::Value(until_comma(input)?)
        } else if input.peek(syn::token::Paren) {
            let content;
            parenthesized!(content in input);
            Form::List(content.parse()?)
        } else if input.peek(Token![:]) {
            return Err(input.error("expected `=`"));
        } else {
            Form::Flag
        };
        Ok(Self { name: ident.unraw().to_string(), span: ident.span(), form })
    }
}

impl Argument {
    /// Reads the value after `=` with `parse`.
    pub(super) fn value<T>(
        self,
        parse: impl FnOnce(ParseStream<'_>) -> syn::Result<T>,
        errors: &mut Errors,
    ) -> Option<T> {
        match self.form {
            Form::Value(tokens) if !tokens.is_empty() => {
                let whole = |input: ParseStream<'_>| {
                    let value = parse(input)?;
                    if input.is_empty() { Ok(value) } else { Err(input.error("expected `,`")) }
                };
                errors.record(whole.parse2(tokens))
            }
            _ => {
                errors.push(self.span, format!("expected a value: `{} = …`", self.name));
                None
            }
        }
    }

    /// Returns the tokens in parentheses, or reports that they are missing.
    pub(super) fn list(self, errors: &mut Errors) -> Option<TokenStream> {
        match self.form {
            Form::List(tokens) => Some(tokens),
            _ => {
                let Self { name, span, .. } = self;
                let message = format!("expected a list in parentheses: `{name}(name = \"value\")`");
                errors.push(span, message);
                None
            }
        }
    }

    /// Returns the tokens in parentheses, if there are any. Reports a value after `=`.
    pub(super) fn optional_list(self, errors: &mut Errors) -> Option<TokenStream> {
        match self.form {
            Form::Flag => None,
            Form::List(tokens) => Some(tokens),
            Form::Value(_) => {
                let Self { name, span, .. } = self;
                errors.push(span, format!("expected `{name}` alone, or options: `{name}(…)`"));
                None
            }
        }
    }

    /// Returns whether the name stands alone. Reports anything that follows it.
    pub(super) fn flag(self, errors: &mut Errors) -> bool {
        let alone = matches!(self.form, Form::Flag);
        if !alone {
            errors.push(self.span, format!("`{}` takes no value", self.name));
        }
        alone
    }
}
