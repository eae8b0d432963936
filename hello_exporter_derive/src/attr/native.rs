//! `native`: the buckets of a native histogram.

use proc_macro2::TokenStream;
use syn::parse::{ParseStream, Parser};

use super::arguments::{Argument, read_each};
use super::duration::duration;
use super::{float, float_tokens};
use crate::errors::Errors;
use crate::model::{Native, Number};

const ARGUMENTS: &[&str] =
    &["factor", "max_buckets", "zero_threshold", "max_zero_threshold", "min_reset"];

/// Reads `native`, or `native(factor = 1.1, min_reset = "1h")`.
pub(super) fn native(argument: Argument, errors: &mut Errors) -> Native {
    let mut native = Native {
        span: argument.span,
        factor: None,
        max_buckets: None,
        zero_threshold: None,
        max_zero_threshold: None,
        min_reset: None,
    };
    let Some(tokens) = argument.optional_list(errors) else { return native };
    let mut arguments = Vec::new();
    read_each(tokens, ARGUMENTS, &mut arguments, errors);
    for argument in arguments {
        native_argument(&mut native, argument, errors);
    }
    native
}

fn native_argument(native: &mut Native, argument: Argument, errors: &mut Errors) {
    match argument.name.as_str() {
        "factor" => native.factor = argument.value(number, errors),
        "max_buckets" => native.max_buckets = argument.value(|input| input.parse(), errors),
        "zero_threshold" => native.zero_threshold = argument.value(number, errors),
        "max_zero_threshold" => native.max_zero_threshold = argument.value(number, errors),
        "min_reset" => native.min_reset = argument.value(duration, errors),
        _ => {}
    }
}

/// Reads a number, or an expression of type `f64`.
fn number(input: ParseStream<'_>) -> syn::Result<Number> {
    let span = input.span();
    let expr: TokenStream = input.parse()?;
    match float.parse2(expr.clone()) {
        Ok((value, _)) => {
            Ok(Number { expr: float_tokens(value, span), literal: Some(value), span })
        }
        Err(_) => Ok(Number { expr, literal: None, span }),
    }
}
