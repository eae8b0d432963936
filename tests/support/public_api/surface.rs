//! Finds the public items of a crate and the paths that name them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::Value;

use super::rustdoc::{Entry, Rustdoc};

/// The public items of a crate.
#[derive(Debug)]
pub(super) struct Surface<'r> {
    pub(super) rustdoc: &'r Rustdoc,
    /// Each under the shortest path that names it.
    pub(super) items: Vec<Item<'r>>,
    pub(super) reexports: Vec<Reexport>,
    /// The paths of `items`, without the crate's name.
    pub(super) names: BTreeMap<u64, String>,
}

/// One public item.
#[derive(Debug)]
pub(super) struct Item<'r> {
    pub(super) path: Vec<String>,
    pub(super) entry: Entry<'r>,
    /// The type or trait that it belongs to. An item of a module is its own owner.
    pub(super) owner: u64,
    /// The trait or inherent impl that contains it.
    pub(super) holder: Option<Entry<'r>>,
}

impl<'r> Item<'r> {
    /// Returns the description of the inherent impl that contains the item.
    pub(super) fn inherent_impl(&self) -> Option<&'r Value> {
        self.holder.filter(|holder| holder.kind == "impl").map(|holder| holder.inner)
    }
}

/// Another name of an item, or the name of an item of another crate.
#[derive(Debug)]
pub(super) struct Reexport {
    pub(super) path: Vec<String>,
    /// Missing for a primitive type.
    pub(super) id: Option<u64>,
}

impl<'r> Surface<'r> {
    /// Walks through the modules of a crate, breadth first.
    pub(super) fn of(rustdoc: &'r Rustdoc) -> Self {
        let (items, reexports) = (Vec::new(), Vec::new());
        let mut surface = Self { rustdoc, items, reexports, names: BTreeMap::new() };
        let root = rustdoc.root();
        let mut walk =
            Walk { surface: &mut surface, modules: VecDeque::new(), globs: BTreeSet::new() };
        walk.modules.push_back((vec![root.name.to_owned()], root));
        walk.run();
        surface.forget_unnameable_impls();
        surface
    }

    /// Returns the names at the crate root that are not modules.
    pub(super) fn root_names(&self) -> BTreeSet<String> {
        let is_module = |item: &&Item| item.entry.kind == "module";
        let items = self.items.iter().filter(|item| !is_module(item)).map(|item| &item.path);
        let paths = items.chain(self.reexports.iter().map(|reexport| &reexport.path));
        let at_root = paths.filter(|path| path.len() == 2);
        at_root.filter_map(|path| path.last().cloned()).collect()
    }

    /// Returns the paths of the modules.
    pub(super) fn modules(&self) -> BTreeSet<String> {
        let modules = self.items.iter().filter(|item| item.entry.kind == "module");
        modules.map(|module| module.path.join("::")).collect()
    }

    /// Removes impls for types of this crate that have no public name.
    fn forget_unnameable_impls(&mut self) {
        let Self { rustdoc, items, names, .. } = self;
        items.retain(|item| {
            let id = item.entry.inner["for"]["resolved_path"]["id"].as_u64();
            item.entry.kind != "impl"
                || id.is_none_or(|id| names.contains_key(&id) || !rustdoc.is_local(id))
        });
    }
}

/// The walk through the modules.
struct Walk<'s, 'r> {
    surface: &'s mut Surface<'r>,
    /// The modules that are still to be read, with their paths.
    modules: VecDeque<(Vec<String>, Entry<'r>)>,
    /// The globs that have been followed: their path, and the module that they name.
    globs: BTreeSet<(Vec<String>, u64)>,
}

impl<'r> Walk<'_, 'r> {
    fn run(&mut self) {
        while let Some((path, module)) = self.modules.pop_front() {
            for entry in self.surface.rustdoc.entries(&module.inner["items"]) {
                match entry.kind {
                    "use" => self.follow(&path, entry.inner),
                    _ => self.add(below(&path, entry.name), entry),
                }
            }
        }
    }

    /// Adds the item or items that a `pub use` names.
    fn follow(&mut self, path: &[String], import: &'r Value) {
        let id = import["id"].as_u64();
        let target = id.and_then(|id| self.surface.rustdoc.entry(id));
        let name = import["name"].as_str().unwrap_or_default();
        match (target, import["is_glob"] == true) {
            (Some(module), true) if module.kind == "module" => {
                if self.globs.insert((path.to_vec(), module.id)) {
                    self.modules.push_front((path.to_vec(), module));
                }
            }
            (Some(target), true) => {
                for variant in self.surface.rustdoc.entries(&target.inner["variants"]) {
                    self.add(below(path, variant.name), variant);
                }
            }
            (Some(target), false) => self.add(below(path, name), target),
            (None, is_glob) => {
                let path = below(path, if is_glob { "*" } else { name });
                self.surface.reexports.push(Reexport { path, id });
            }
        }
    }

    /// Adds an item of a module, and its parts. An item that already has a name becomes a
    /// re-export. So does a variant, because its enum names it.
    fn add(&mut self, path: Vec<String>, entry: Entry<'r>) {
        if entry.kind == "variant" || self.surface.names.contains_key(&entry.id) {
            return self.surface.reexports.push(Reexport { path, id: Some(entry.id) });
        }
        let (rustdoc, inner) = (self.surface.rustdoc, entry.inner);
        match entry.kind {
            "module" => self.modules.push_back((path.clone(), entry)),
            "struct" => {
                let kind = &inner["kind"];
                self.add_parts(&path, entry, &kind["tuple"], None);
                self.add_parts(&path, entry, &kind["plain"]["fields"], None);
            }
            "union" => self.add_parts(&path, entry, &inner["fields"], None),
            "enum" => self.add_parts(&path, entry, &inner["variants"], None),
            "trait" => self.add_parts(&path, entry, &inner["items"], Some(entry)),
            _ => {}
        }
        for implementation in rustdoc.entries(&inner["impls"]) {
            self.add_impl_of_type(&path, entry, implementation);
        }
        for implementation in rustdoc.entries(&inner["implementations"]) {
            self.add_part(below(&path, IMPL), entry, implementation, None);
        }
        self.add_part(path, entry, entry, None);
    }

    /// Adds the public items of an inherent impl, or an impl of a foreign trait as one item.
    ///
    /// Leaves out blanket impls, `Debug`, and impls that the compiler or a derive wrote. Leaves out
    /// impls of this crate's own traits too: `add` finds them under the trait.
    fn add_impl_of_type(&mut self, path: &[String], owner: Entry<'r>, entry: Entry<'r>) {
        let inner = entry.inner;
        if inner["trait"].is_null() {
            return self.add_parts(path, owner, &inner["items"], Some(entry));
        }
        let is_automatic = inner["is_synthetic"] == true || !inner["blanket_impl"].is_null();
        let is_debug = inner["trait"]["path"].as_str().is_some_and(|path| path.ends_with("Debug"));
        let id = inner["trait"]["id"].as_u64();
        let is_local = id.is_some_and(|id| self.surface.rustdoc.is_local(id));
        // rustdoc lists an impl under every type that it mentions, not only under its own type.
        let ty = inner["for"]["resolved_path"]["id"].as_u64();
        let is_other = ty.is_some_and(|ty| ty != owner.id);
        if !(is_automatic || is_debug || is_local || is_other || entry.is_derived()) {
            self.add_part(below(path, IMPL), owner, entry, None);
        }
    }

    fn add_parts(
        &mut self,
        path: &[String],
        owner: Entry<'r>,
        ids: &'r Value,
        holder: Option<Entry<'r>>,
    ) {
        for part in self.surface.rustdoc.entries(ids) {
            self.add_part(below(path, part.name), owner, part, holder);
        }
    }

    fn add_part(
        &mut self,
        path: Vec<String>,
        owner: Entry<'r>,
        entry: Entry<'r>,
        holder: Option<Entry<'r>>,
    ) {
        self.surface.names.insert(entry.id, path.get(1..).unwrap_or_default().join("::"));
        self.surface.items.push(Item { path, entry, owner: owner.id, holder });
    }
}

/// The last segment of an impl's path, which sorts after all names.
const IMPL: &str = "{impl}";

fn below(path: &[String], name: &str) -> Vec<String> {
    path.iter().cloned().chain([name.to_owned()]).collect()
}
