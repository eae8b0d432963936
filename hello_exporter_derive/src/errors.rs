//! Collects every mistake, so that one compilation shows them all.

use proc_macro2::{Span, TokenStream};

#[derive(Default)]
pub(crate) struct Errors {
    all: Vec<syn::Error>,
}

impl Errors {
    pub(crate) fn push(&mut self, span: Span, message: impl std::fmt::Display) {
        self.push_error(syn::Error::new(span, message));
    }

    pub(crate) fn push_error(&mut self, error: syn::Error) {
        self.all.push(error);
    }

    /// Returns the number of mistakes so far.
    pub(crate) fn count(&self) -> usize {
        self.all.len()
    }

    /// Returns the value, or records the mistake and returns `None`.
    pub(crate) fn record<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.all.push(error)).ok()
    }

    /// Returns all mistakes as code, if there are any.
    pub(crate) fn into_compile_errors(self) -> Option<TokenStream> {
        let compile_errors = self.all.iter().map(syn::Error::to_compile_error);
        (!self.all.is_empty()).then(|| compile_errors.collect())
    }
}
