//! Writes each public item as one line.

use serde_json::Value;

use super::render::{Render, after, header, text};
use super::rustdoc::{Entry, array};
use super::surface::{Item, Reexport, Surface};

/// Writes the lines of a surface.
#[derive(Debug)]
pub(super) struct Lines<'s, 'r> {
    surface: &'s Surface<'r>,
    render: Render<'s, 'r>,
}

impl<'s, 'r> Lines<'s, 'r> {
    pub(super) fn new(surface: &'s Surface<'r>) -> Self {
        Self { surface, render: Render(surface) }
    }

    /// Returns one line per item, sorted by path, so that a type's parts follow it.
    pub(super) fn all(&self) -> Vec<String> {
        let items = self.surface.items.iter().map(|item| (&item.path, self.item(item)));
        let reexports = self.surface.reexports.iter();
        let reexports = reexports.map(|reexport| (&reexport.path, self.reexport(reexport)));
        let mut lines: Vec<(&Vec<String>, String)> = items.chain(reexports).collect();
        lines.sort();
        lines.into_iter().map(|(_, line)| line).collect()
    }

    fn item(&self, item: &Item) -> String {
        let Entry { kind, inner, .. } = item.entry;
        let path = self.path(item);
        let line = match kind {
            "function" => self.function(item, &path),
            "struct_field" => format!("pub {path}: {}", self.render.ty(inner)),
            "variant" => format!("{path}{}", self.variant(&inner["kind"])),
            "assoc_type" => format!("type {}", self.bounded(path, inner)),
            "assoc_const" => {
                let word = visibility(item, !inner["value"].is_null());
                format!("{word} const {path}: {}", self.constant(inner, &inner["value"]))
            }
            "impl" => self.implementation(inner),
            _ => format!("pub {}", self.declaration(kind, path, inner)),
        };
        let attribute = if item.entry.is_non_exhaustive() { "#[non_exhaustive] " } else { "" };
        format!("{attribute}{line}")
    }

    /// Writes an item that is declared in a module.
    fn declaration(&self, kind: &str, path: String, inner: &Value) -> String {
        let ty = || self.render.ty(&inner["type"]);
        match kind {
            "module" => format!("mod {path}"),
            "macro" => format!("macro {path}! {}", arms(inner)),
            "constant" => {
                format!("const {path}: {}", self.constant(inner, &inner["const"]["value"]))
            }
            "static" => format!("static {path}: {}", ty()),
            "type_alias" => format!("type {path}{} = {}", self.generics(inner), ty()),
            "struct" => format!("struct {}{}", self.bounded(path, inner), shape(&inner["kind"])),
            "trait" if inner["is_unsafe"] == true => {
                format!("unsafe trait {}", self.bounded(path, inner))
            }
            _ => format!("{kind} {}", self.bounded(path, inner)),
        }
    }

    /// Writes the type of a constant, and its value where rustdoc knows one.
    fn constant(&self, inner: &Value, value: &Value) -> String {
        let value = value.as_str().filter(|value| *value != "_").unwrap_or_default();
        format!("{}{}", self.render.ty(&inner["type"]), after(" = ", value))
    }

    /// Writes a path with generic parameters, bounds and `where` clauses.
    fn bounded(&self, path: String, inner: &Value) -> String {
        let bounds = after(": ", &self.render.bounds(&inner["bounds"]));
        format!("{path}{}{bounds}{}", self.generics(inner), self.clauses(inner))
    }

    /// Writes an item's path. In an inherent impl, the path contains the type with the impl's
    /// generic arguments.
    fn path(&self, item: &Item) -> String {
        match (item.inherent_impl(), item.path.split_first(), item.path.last()) {
            (Some(of), Some((root, _)), Some(name)) => {
                format!("{root}::{}::{name}", self.render.ty(&of["for"]))
            }
            _ => item.path.join("::"),
        }
    }

    fn function(&self, item: &Item, path: &str) -> String {
        let inner = item.entry.inner;
        let word = visibility(item, inner["has_body"] == true);
        let header = header(&inner["header"]);
        let inputs = array(&inner["sig"]["inputs"]).iter().map(|input| self.input(input));
        let inputs = inputs.collect::<Vec<_>>().join(", ");
        let output = self.render.output(&inner["sig"]["output"]);
        let (generics, clauses) = (self.generics(inner), self.function_clauses(item));
        format!("{word} {header}fn {path}{generics}({inputs}){output}{clauses}")
    }

    /// Writes the bounds of the inherent impl, then those of the function.
    fn function_clauses(&self, item: &Item) -> String {
        let generics = item.inherent_impl().map(|of| &of["generics"]);
        let bounds =
            generics.map_or_else(Vec::new, |of| self.render.parameter_bounds(&of["params"]));
        let all = generics.into_iter().chain([&item.entry.inner["generics"]]);
        let predicates = all.flat_map(|of| self.render.predicates(&of["where_predicates"]));
        after(" where ", &bounds.into_iter().chain(predicates).collect::<Vec<_>>().join(", "))
    }

    /// Writes a function parameter. A receiver is written in its short form, such as `&self`.
    fn input(&self, input: &Value) -> String {
        let (name, ty) = (text(&input[0]), self.render.ty(&input[1]));
        match (name.as_str(), ty.strip_suffix("Self")) {
            ("self", Some("")) => "self".to_owned(),
            ("self", Some(reference)) if reference.starts_with('&') => format!("{reference}self"),
            _ => format!("{name}: {ty}"),
        }
    }

    fn variant(&self, kind: &Value) -> String {
        let field = |id: &Value| id.as_u64().and_then(|id| self.surface.rustdoc.entry(id));
        if let Some(fields) = kind["tuple"].as_array() {
            let ty = |id| field(id).map_or("_".to_owned(), |field| self.render.ty(field.inner));
            return format!("({})", fields.iter().map(ty).collect::<Vec<_>>().join(", "));
        }
        let fields = array(&kind["struct"]["fields"]).iter().filter_map(field);
        let fields = fields.map(|field| format!("{}: {}", field.name, self.render.ty(field.inner)));
        let hidden = (kind["struct"]["has_stripped_fields"] == true).then(|| "..".to_owned());
        let fields = fields.chain(hidden).collect::<Vec<_>>().join(", ");
        if kind["struct"].is_null() { String::new() } else { format!(" {{ {fields} }}") }
    }

    fn implementation(&self, inner: &Value) -> String {
        let (generics, clauses) = (self.generics(inner), self.clauses(inner));
        let not = if inner["is_negative"] == true { "!" } else { "" };
        let (of, ty) = (self.render.path(&inner["trait"]), self.render.ty(&inner["for"]));
        format!("impl{generics} {not}{of} for {ty}{clauses}")
    }

    fn generics(&self, inner: &Value) -> String {
        let parameters = self.render.parameters(&inner["generics"]["params"]);
        if parameters.is_empty() { String::new() } else { format!("<{}>", parameters.join(", ")) }
    }

    fn clauses(&self, inner: &Value) -> String {
        let predicates = self.render.predicates(&inner["generics"]["where_predicates"]);
        after(" where ", &predicates.join(", "))
    }

    /// Writes a re-export.
    fn reexport(&self, reexport: &Reexport) -> String {
        let Reexport { path, id } = reexport;
        let path = path.join("::");
        let Some(id) = *id else { return format!("pub use {path}") };
        let rustdoc = self.surface.rustdoc;
        let source = match self.surface.names.get(&id) {
            Some(name) => format!("{}::{name}", rustdoc.root().name),
            None => rustdoc.definition(id).join("::"),
        };
        let kind = match rustdoc.kind(id) {
            "proc_derive" => "derive",
            "module" if !source.contains("::") => "crate",
            other => other,
        };
        format!("pub use {path}: {kind} {source}")
    }
}

/// Returns the first word of an item's line: `required` or `provided` in a trait, whose items are
/// as public as the trait, and `pub` elsewhere.
fn visibility(item: &Item, has_value: bool) -> &'static str {
    match item.holder {
        Some(holder) if holder.kind == "trait" && has_value => "provided",
        Some(holder) if holder.kind == "trait" => "required",
        _ => "pub",
    }
}

/// Returns the end of a struct's line: `;` for a unit struct, ` { .. }` if it has public and
/// private fields, else nothing.
fn shape(kind: &Value) -> &'static str {
    let plain = &kind["plain"];
    let is_mixed = plain["has_stripped_fields"] == true && !array(&plain["fields"]).is_empty();
    if kind == "unit" {
        ";"
    } else if is_mixed {
        " { .. }"
    } else {
        ""
    }
}

/// Returns the arms of a macro on one line.
fn arms(definition: &Value) -> String {
    let definition = text(definition);
    let arms = definition.find('{').map_or("", |start| &definition[start..]);
    arms.split_whitespace().collect::<Vec<_>>().join(" ")
}
