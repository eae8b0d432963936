//! Lists the public items of a crate by the paths that its users can write.

mod lines;
mod reach;
mod render;
mod rustdoc;
mod surface;

use std::collections::BTreeSet;
use std::path::Path;

use lines::Lines;
use rustdoc::Rustdoc;
use surface::Surface;

/// The public items of a crate.
#[derive(Debug)]
pub struct PublicApi {
    /// The crate's name.
    pub name: String,
    /// One item a line, sorted by path.
    pub lines: Vec<String>,
    /// The names at the crate root that are not modules. A trait and its derive are one name.
    pub root_names: BTreeSet<String>,
    /// Paths of the public modules.
    pub modules: BTreeSet<String>,
    /// Paths of the types and traits that no other public item mentions.
    pub unreached: BTreeSet<String>,
}

impl PublicApi {
    /// Reads the library of a package of this workspace, with its default features.
    pub fn of_package(name: &str) -> Self {
        Self::of(&Rustdoc::of_package(name))
    }

    /// Reads a crate that is one source file without dependencies.
    pub fn of_source(source: &Path) -> Self {
        Self::of(&Rustdoc::of_source(source))
    }

    fn of(rustdoc: &Rustdoc) -> Self {
        let surface = Surface::of(rustdoc);
        Self {
            name: rustdoc.root().name.to_owned(),
            lines: Lines::new(&surface).all(),
            root_names: surface.root_names(),
            modules: surface.modules(),
            unreached: reach::unreached(&surface),
        }
    }

    /// Returns the listing: a line of counts, then one item a line.
    pub fn listing(&self) -> String {
        let (names, modules) = (self.root_names.len(), self.modules.len());
        let counts = format!("# {}: {names} names at the root, {modules} modules", self.name);
        let lines = std::iter::once(&counts).chain(&self.lines);
        lines.map(|line| format!("{line}\n")).collect()
    }
}
