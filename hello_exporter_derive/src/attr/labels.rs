//! The attributes of label structs and label enums: `#[label(…)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Data, DeriveInput, Fields, Ident};

use super::arguments::{Argument, arguments, one_of};
use super::{path, string};
use crate::errors::Errors;
use crate::model::{Label, LabelEnum, LabelStruct, Name};
use crate::rename::{Rename, Style};

/// Reads a struct that derives `Labels`.
pub(crate) fn label_struct(input: &DeriveInput, errors: &mut Errors) -> LabelStruct {
    let expected = ["rename_all", "utf8", "crate"];
    let container = container(&input.attrs, &expected, Rename::of_names(), errors);
    let Container { krate, rename, utf8 } = container;
    let labels = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => {
                let each = |field| label(field, rename, errors);
                fields.named.iter().filter_map(each).collect()
            }
            _ => refused(input, "labels need names: `struct Name { label: Type }`", errors),
        },
        _ => refused(
            input,
            "labels are a struct with one field for each label; an enum is a label value, with \
             `#[derive(LabelValue)]`",
            errors,
        ),
    };
    let is_enum = matches!(input.data, Data::Enum(_));
    let (ident, generics) = (input.ident.clone(), input.generics.clone());
    LabelStruct { ident, generics, krate, utf8, labels, is_enum }
}

/// Reads an enum that derives `LabelValue`.
pub(crate) fn label_enum(input: &DeriveInput, errors: &mut Errors) -> LabelEnum {
    let expected = ["rename_all", "crate"];
    let container = container(&input.attrs, &expected, Rename::all(), errors);
    let Container { krate, rename, .. } = container;
    let variants = match &input.data {
        Data::Enum(data) => {
            let each = |variant| self::variant(variant, rename, errors);
            data.variants.iter().filter_map(each).collect()
        }
        _ => refused(
            input,
            "a label value is an enum with one variant for each value; a struct of labels takes \
             `#[derive(Labels)]`",
            errors,
        ),
    };
    LabelEnum { ident: input.ident.clone(), generics: input.generics.clone(), krate, variants }
}

fn refused<T>(input: &DeriveInput, problem: &str, errors: &mut Errors) -> Vec<T> {
    errors.push(input.ident.span(), problem);
    Vec::new()
}

struct Container {
    krate: TokenStream,
    rename: Option<Rename>,
    utf8: bool,
}

fn container(
    attrs: &[Attribute],
    expected: &[&str],
    styles: &[Style],
    errors: &mut Errors,
) -> Container {
    let krate = quote!(::hello_exporter);
    let mut container = Container { krate, rename: None, utf8: false };
    for argument in arguments(attrs, "label", expected, errors) {
        match argument.name.as_str() {
            "rename_all" => container.rename = rename(argument, styles, errors),
            "utf8" => {
                container.utf8 = true;
                argument.flag(errors);
            }
            _ => {
                if let Some(path) = argument.value(path, errors) {
                    container.krate = path;
                }
            }
        }
    }
    container
}

fn rename(argument: Argument, styles: &[Style], errors: &mut Errors) -> Option<Rename> {
    let style = argument.value(string, errors)?;
    let rename = styles.iter().find(|(name, _)| *name == style.value()).map(|(_, rename)| *rename);
    if rename.is_none() {
        let names = styles.iter().map(|(name, _)| *name);
        let expected = one_of(names);
        errors
            .push(style.span(), format!("unknown style `{}`, expected {expected}", style.value()));
    }
    rename
}

fn label(field: &syn::Field, rename: Option<Rename>, errors: &mut Errors) -> Option<Label> {
    let ident = field.ident.clone()?;
    let mut name = renamed(&ident, rename);
    let mut is_skipped = false;
    for argument in arguments(&field.attrs, "label", &["name", "skip"], errors) {
        match argument.name.as_str() {
            "skip" => is_skipped = argument.flag(errors),
            _ => name = argument.value(string, errors).map_or(name, Name::from),
        }
    }
    (!is_skipped).then(|| Label { ident, ty: field.ty.clone(), name })
}

fn variant(
    variant: &syn::Variant,
    rename: Option<Rename>,
    errors: &mut Errors,
) -> Option<(Ident, Name)> {
    let mut name = renamed(&variant.ident, Some(rename.unwrap_or(Rename::SNAKE)));
    for argument in arguments(&variant.attrs, "label", &["name"], errors) {
        name = argument.value(string, errors).map_or(name, Name::from);
    }
    if !matches!(variant.fields, Fields::Unit) {
        let problem = "a variant of a label value has no fields: its name is the value";
        errors.push(variant.ident.span(), problem);
        return None;
    }
    Some((variant.ident.clone(), name))
}

fn renamed(ident: &Ident, rename: Option<Rename>) -> Name {
    let name = Name::from(ident);
    match rename {
        Some(rename) => Name { value: rename.apply(&name.value), ..name },
        None => name,
    }
}
