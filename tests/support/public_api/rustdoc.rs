//! Runs rustdoc to describe a crate in JSON, and finds items in the description.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::process::{cargo, without_cargo_env};
use crate::repository::data;

/// The description of one crate, in the format of the crate `rustdoc-types`, version [`FORMAT`].
#[derive(Debug)]
pub(super) struct Rustdoc(Value);

/// The version of the format that the pinned toolchain writes.
const FORMAT: u64 = 57;

/// The arguments that make rustdoc write JSON.
const JSON: [&str; 4] = ["-Z", "unstable-options", "--output-format", "json"];

impl Rustdoc {
    /// Describes the library of a package of this workspace, with its default features.
    pub(super) fn of_package(name: &str) -> Self {
        let mut rustdoc = cargo();
        rustdoc.args(["rustdoc", "--quiet", "--package", name, "--lib", "--"]).args(JSON);
        run(rustdoc.env("RUSTDOC", program()));
        Self::read(&target_directory().join("doc").join(name).with_extension("json"))
    }

    /// Describes a crate that is one source file without dependencies.
    pub(super) fn of_source(source: &Path) -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let mut rustdoc = without_cargo_env(program());
        rustdoc.arg("--edition=2024").arg(source).args(JSON).arg("-o").arg(directory.path());
        run(&mut rustdoc);
        let name = source.file_name().expect("a source file");
        Self::read(&directory.path().join(name).with_extension("json"))
    }

    fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).expect("rustdoc has written the file");
        let json: Value = serde_json::from_str(&text).expect("rustdoc writes JSON");
        assert_eq!(json["format_version"], FORMAT, "this reader knows another version");
        Self(json)
    }

    /// Returns the crate root.
    pub(super) fn root(&self) -> Entry<'_> {
        self.0["root"].as_u64().and_then(|id| self.entry(id)).expect("the root is described")
    }

    /// Returns the description of an item, or `None` for one that is hidden or of another crate.
    pub(super) fn entry(&self, id: u64) -> Option<Entry<'_>> {
        let item = self.0["index"].get(id.to_string())?;
        let (kind, inner) = item["inner"].as_object()?.iter().next()?;
        let name = item["name"].as_str().unwrap_or_default();
        Some(Entry { id, name, kind, inner, attributes: &item["attrs"] })
    }

    /// Returns the described items among these.
    pub(super) fn entries<'r>(&'r self, ids: &'r Value) -> impl Iterator<Item = Entry<'r>> {
        array(ids).iter().filter_map(Value::as_u64).filter_map(|id| self.entry(id))
    }

    /// Returns the path at which an item is defined, in this crate or another.
    pub(super) fn definition(&self, id: u64) -> Vec<&str> {
        let path = &self.0["paths"][id.to_string()]["path"];
        array(path).iter().filter_map(Value::as_str).collect()
    }

    /// Returns the kind of an item of this crate or another, such as `struct`.
    pub(super) fn kind(&self, id: u64) -> &str {
        self.0["paths"][id.to_string()]["kind"].as_str().unwrap_or("item")
    }

    /// Returns whether this crate defines an item.
    pub(super) fn is_local(&self, id: u64) -> bool {
        self.0["paths"][id.to_string()]["crate_id"] == 0
    }
}

/// One described item.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'r> {
    pub(super) id: u64,
    /// Empty for an impl and a re-export.
    pub(super) name: &'r str,
    /// The kind of the item, such as `struct`.
    pub(super) kind: &'r str,
    /// The part of the description that depends on the kind.
    pub(super) inner: &'r Value,
    attributes: &'r Value,
}

impl Entry<'_> {
    /// Returns whether a derive wrote this impl.
    pub(super) fn is_derived(&self) -> bool {
        self.has("automatically_derived")
    }

    /// Returns whether later versions may add fields or variants.
    pub(super) fn is_non_exhaustive(&self) -> bool {
        self.has("non_exhaustive")
    }

    fn has(&self, attribute: &str) -> bool {
        array(self.attributes).iter().any(|one| one == attribute)
    }
}

/// Returns the elements of an array; `null` has none.
pub(super) fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Returns the path of the rustdoc that accepts unstable options.
fn program() -> PathBuf {
    data("public_api/rustdoc")
}

fn target_directory() -> PathBuf {
    let output =
        cargo().args(["metadata", "--no-deps", "--format-version=1"]).output().expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    metadata["target_directory"].as_str().map(PathBuf::from).expect("cargo names its directory")
}

fn run(command: &mut Command) {
    let status = command.status().expect("the program starts");
    assert!(status.success(), "{command:?}: {status}");
}
