//! Finds public types and traits that no other public item mentions.

use std::collections::BTreeSet;

use serde_json::Value;

use super::rustdoc::Rustdoc;
use super::surface::{Item, Surface};

/// Returns the paths of the types and traits that no other public item mentions: no function,
/// field, bound, alias, associated type or constant.
///
/// A type's own items and impls do not count, except those that construct it: constants and
/// functions without a receiver that return it, and a public tuple constructor. Generic arguments
/// in an impl header do not count either: with them, every marker type would be reached.
pub(super) fn unreached(surface: &Surface) -> BTreeSet<String> {
    let reached: BTreeSet<u64> =
        surface.items.iter().flat_map(|item| reached_by(surface.rustdoc, item)).collect();
    let is_type = |item: &&Item| matches!(item.entry.kind, "struct" | "enum" | "union" | "trait");
    let types = surface.items.iter().filter(is_type);
    let unreached = types.filter(|item| !reached.contains(&item.entry.id));
    unreached.map(|item| item.path.join("::")).collect()
}

/// Returns the types and traits that an item reaches: those it mentions, but its owner only if the
/// item constructs it.
fn reached_by(rustdoc: &Rustdoc, item: &Item) -> BTreeSet<u64> {
    let mut reached: BTreeSet<u64> =
        mentions(rustdoc, item).into_iter().flat_map(|value| ids_in(value, item.owner)).collect();
    reached.remove(&item.owner);
    reached.extend(is_constructor(item).then_some(item.owner));
    if let Some(ty) = item.entry.inner["for"]["resolved_path"]["id"].as_u64() {
        reached.remove(&ty);
    }
    reached
}

/// Returns the parts of an item's description in which mentions count.
fn mentions<'r>(rustdoc: &'r Rustdoc, item: &Item<'r>) -> Vec<&'r Value> {
    let inner = item.entry.inner;
    let kind = &inner["kind"];
    let parts = match item.entry.kind {
        "impl" => [&inner["items"], &Value::Null],
        "variant" => [&kind["tuple"], &kind["struct"]["fields"]],
        _ => return vec![inner, item.inherent_impl().map_or(&Value::Null, |of| &of["generics"])],
    };
    let parts = parts.into_iter().flat_map(|ids| rustdoc.entries(ids)).map(|part| part.inner);
    parts.chain([&inner["generics"]]).collect()
}

/// Returns whether an item constructs its owner.
fn is_constructor(item: &Item) -> bool {
    let inner = item.entry.inner;
    let constructs =
        |value| item.inherent_impl().is_some() && ids_in(value, item.owner).contains(&item.owner);
    match item.entry.kind {
        // The name of a tuple struct is a function unless a field is private.
        "struct" => {
            inner["kind"]["tuple"].as_array().is_some_and(|fields| !fields.contains(&Value::Null))
        }
        "assoc_const" => constructs(inner),
        "function" => inner["sig"]["inputs"][0][0] != "self" && constructs(&inner["sig"]["output"]),
        _ => false,
    }
}

/// Returns the ids of the types and traits in part of a description. `Self` counts as `own`.
fn ids_in(value: &Value, own: u64) -> BTreeSet<u64> {
    match value {
        Value::Array(values) => values.iter().flat_map(|value| ids_in(value, own)).collect(),
        Value::Object(object) => {
            let is_own = object.get("generic").is_some_and(|name| name == "Self");
            let id = object.get("path").and(object.get("id")).and_then(Value::as_u64);
            let inner = object.values().flat_map(|value| ids_in(value, own));
            inner.chain(id).chain(is_own.then_some(own)).collect()
        }
        _ => BTreeSet::new(),
    }
}
