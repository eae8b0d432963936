//! Writes types, bounds and generic parameters as Rust does.

use serde_json::Value;

use super::rustdoc::array;
use super::surface::Surface;

/// Writes what a surface's items mention.
#[derive(Clone, Copy, Debug)]
pub(super) struct Render<'s, 'r>(pub(super) &'s Surface<'r>);

impl Render<'_, '_> {
    /// Writes a type.
    pub(super) fn ty(self, ty: &Value) -> String {
        let Some((kind, inner)) = ty.as_object().and_then(|object| object.iter().next()) else {
            return "_".to_owned();
        };
        match kind.as_str() {
            "primitive" if inner == "never" => "!".to_owned(),
            "generic" | "primitive" => text(inner),
            "resolved_path" => self.path(inner),
            "tuple" => self.tuple(inner),
            "slice" => format!("[{}]", self.ty(inner)),
            "array" => format!("[{}; {}]", self.ty(&inner["type"]), text(&inner["len"])),
            "impl_trait" => format!("impl {}", self.bounds(inner)),
            "dyn_trait" => self.object(inner),
            "borrowed_ref" => self.reference(inner),
            "raw_pointer" => {
                let mutability = if inner["is_mutable"] == true { "mut" } else { "const" };
                format!("*{mutability} {}", self.ty(&inner["type"]))
            }
            "qualified_path" => self.qualified(inner),
            "function_pointer" => self.function_pointer(inner),
            other => format!("{other} {inner}"),
        }
    }

    fn tuple(self, types: &Value) -> String {
        match array(types) {
            [single] => format!("({},)", self.ty(single)),
            _ => format!("({})", self.list(types, |ty| self.ty(ty))),
        }
    }

    fn function_pointer(self, inner: &Value) -> String {
        let of = for_all(&self.parameters(&inner["generic_params"]));
        let header = header(&inner["header"]);
        let inputs = self.list(&inner["sig"]["inputs"], |input| self.ty(&input[1]));
        format!("{of}{header}fn({inputs}){}", self.output(&inner["sig"]["output"]))
    }

    /// Writes a reference. Several bounds after `&` are in parentheses.
    fn reference(self, inner: &Value) -> String {
        let lifetime = inner["lifetime"].as_str().map(|name| format!("{name} "));
        let mutability = if inner["is_mutable"] == true { "mut " } else { "" };
        let ty = self.ty(&inner["type"]);
        let is_sum = ty.starts_with("dyn ") && ty.contains(" + ");
        let ty = if is_sum { format!("({ty})") } else { ty };
        format!("&{}{mutability}{ty}", lifetime.unwrap_or_default())
    }

    fn object(self, inner: &Value) -> String {
        let traits = array(&inner["traits"]).iter().map(|bound| self.trait_bound(bound));
        let lifetime = inner["lifetime"].as_str().map(str::to_owned);
        format!("dyn {}", traits.chain(lifetime).collect::<Vec<_>>().join(" + "))
    }

    /// Writes a path to an associated type, in the short form if it belongs to `Self` or a
    /// parameter.
    fn qualified(self, inner: &Value) -> String {
        let (ty, name) = (self.ty(&inner["self_type"]), text(&inner["name"]));
        let arguments = self.arguments(&inner["args"]);
        match inner["trait"]["path"].as_str() {
            None | Some("") => format!("{ty}::{name}{arguments}"),
            Some(_) => format!("<{ty} as {}>::{name}{arguments}", self.path(&inner["trait"])),
        }
    }

    /// Writes a type or trait with its arguments.
    pub(super) fn path(self, path: &Value) -> String {
        format!("{}{}", self.name(path), self.arguments(&path["args"]))
    }

    /// Writes the name of a type or trait.
    ///
    /// An item of this crate is named by its public path without the crate's name. An item of the
    /// standard library is named by the last segment of its path, after the module for an `Error`
    /// and an alias of `Result`. Any other item is named by its crate and the last segment.
    fn name(self, path: &Value) -> String {
        let Some(id) = path["id"].as_u64() else { return text(&path["path"]) };
        if let Some(name) = self.0.names.get(&id) {
            return name.clone();
        }
        match self.0.rustdoc.definition(id).as_slice() {
            [_, local @ ..] if self.0.rustdoc.is_local(id) => local.join("::"),
            ["alloc" | "core" | "std", module, .., name @ ("Error" | "Result")]
                if *module != "result" =>
            {
                format!("{module}::{name}")
            }
            ["alloc" | "core" | "std", .., name] => (*name).to_owned(),
            [foreign, .., name] => format!("{foreign}::{name}"),
            _ => text(&path["path"]),
        }
    }

    fn arguments(self, arguments: &Value) -> String {
        let angle = &arguments["angle_bracketed"];
        let written = array(&angle["args"]).iter().map(|argument| self.argument(argument));
        let constraints = array(&angle["constraints"]).iter().map(|one| self.constraint(one));
        let all: Vec<String> = written.chain(constraints).collect();
        let parenthesized = &arguments["parenthesized"];
        if !parenthesized.is_null() {
            let inputs = self.list(&parenthesized["inputs"], |input| self.ty(input));
            return format!("({inputs}){}", self.output(&parenthesized["output"]));
        }
        if all.is_empty() { String::new() } else { format!("<{}>", all.join(", ")) }
    }

    fn argument(self, argument: &Value) -> String {
        match (argument["lifetime"].as_str(), argument.get("type")) {
            (Some(lifetime), _) => lifetime.to_owned(),
            (_, Some(ty)) => self.ty(ty),
            _ => argument["const"]["expr"].as_str().unwrap_or("_").to_owned(),
        }
    }

    fn constraint(self, constraint: &Value) -> String {
        let name = format!("{}{}", text(&constraint["name"]), self.arguments(&constraint["args"]));
        match constraint["binding"].get("equality") {
            Some(term) => format!("{name} = {}", self.argument(term)),
            None => format!("{name}: {}", self.bounds(&constraint["binding"]["constraint"])),
        }
    }

    /// Writes bounds, joined by `+`.
    pub(super) fn bounds(self, bounds: &Value) -> String {
        let bounds = array(bounds).iter().map(|bound| {
            let trait_bound = &bound["trait_bound"];
            if trait_bound.is_null() {
                bound["outlives"].as_str().map_or_else(|| captures(bound), str::to_owned)
            } else {
                self.trait_bound(trait_bound)
            }
        });
        bounds.collect::<Vec<_>>().join(" + ")
    }

    fn trait_bound(self, bound: &Value) -> String {
        let of = for_all(&self.parameters(&bound["generic_params"]));
        let modifier = if bound["modifier"] == "maybe" { "?" } else { "" };
        format!("{modifier}{of}{}", self.path(&bound["trait"]))
    }

    /// Writes generic parameters with their bounds and defaults, but no parameter of `impl Trait`.
    pub(super) fn parameters(self, parameters: &Value) -> Vec<String> {
        let is_written = |one: &&Value| one["kind"]["type"]["is_synthetic"] != true;
        let written = array(parameters).iter().filter(is_written);
        written.map(|one| self.parameter(one)).collect()
    }

    /// Writes a generic parameter as it is declared.
    fn parameter(self, parameter: &Value) -> String {
        let (name, kind) = (text(&parameter["name"]), &parameter["kind"]);
        if let Some(of) = kind.get("const") {
            let default = after(" = ", of["default"].as_str().unwrap_or_default());
            return format!("const {name}: {}{default}", self.ty(&of["type"]));
        }
        let default = &kind["type"]["default"];
        let default = if default.is_null() { String::new() } else { self.ty(default) };
        format!("{name}{}{}", after(": ", &self.bounds_of(kind)), after(" = ", &default))
    }

    /// Writes the bounds in the declarations of generic parameters as predicates.
    pub(super) fn parameter_bounds(self, parameters: &Value) -> Vec<String> {
        let bounds = array(parameters).iter().map(|one| (one, self.bounds_of(&one["kind"])));
        let bounds = bounds.filter(|(_, bounds)| !bounds.is_empty());
        bounds.map(|(one, bounds)| format!("{}: {bounds}", text(&one["name"]))).collect()
    }

    /// Writes the bounds of a lifetime or a type parameter.
    fn bounds_of(self, kind: &Value) -> String {
        let outlives: Vec<_> = array(&kind["lifetime"]["outlives"]).iter().map(text).collect();
        [outlives.join(" + "), self.bounds(&kind["type"]["bounds"])].concat()
    }

    /// Writes the predicates of `where` clauses.
    pub(super) fn predicates(self, predicates: &Value) -> Vec<String> {
        let predicates = array(predicates).iter().map(|predicate| {
            let (bound, lifetime) =
                (&predicate["bound_predicate"], &predicate["lifetime_predicate"]);
            if let Some(name) = lifetime["lifetime"].as_str() {
                let outlives: Vec<_> = array(&lifetime["outlives"]).iter().map(text).collect();
                return format!("{name}: {}", outlives.join(" + "));
            }
            let of = for_all(&self.parameters(&bound["generic_params"]));
            format!("{of}{}: {}", self.ty(&bound["type"]), self.bounds(&bound["bounds"]))
        });
        predicates.collect()
    }

    /// Writes the return type of a function.
    pub(super) fn output(self, output: &Value) -> String {
        if output.is_null() { String::new() } else { format!(" -> {}", self.ty(output)) }
    }

    fn list(self, values: &Value, write: impl Fn(&Value) -> String) -> String {
        array(values).iter().map(write).collect::<Vec<_>>().join(", ")
    }
}

/// Writes the words before `fn`.
pub(super) fn header(header: &Value) -> String {
    let words = [("is_const", "const "), ("is_async", "async "), ("is_unsafe", "unsafe ")];
    let words: String =
        words.iter().filter(|(key, _)| header[key] == true).map(|(_, word)| *word).collect();
    match header["abi"].as_object().and_then(|abi| abi.keys().next()) {
        Some(abi) => format!("{words}extern \"{abi}\" "),
        None => words,
    }
}

/// Writes `use<…>`, which lists what an `impl Trait` captures.
fn captures(bound: &Value) -> String {
    let name = |one: &Value| text(one.get("param").or(one.get("lifetime")).unwrap_or(one));
    let names: Vec<_> = array(&bound["use"]).iter().map(name).collect();
    format!("use<{}>", names.join(", "))
}

fn for_all(parameters: &[String]) -> String {
    if parameters.is_empty() { String::new() } else { format!("for<{}> ", parameters.join(", ")) }
}

/// Returns `text` with `before` prepended, unless it is empty.
pub(super) fn after(before: &str, text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("{before}{text}") }
}

/// Returns the text of a JSON string.
pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
