//! Compiler messages for mistakes that depend on a type parameter.
//!
//! A constant that mentions a type parameter is evaluated only when a build uses it with a type:
//! `cargo check` passes, but `cargo build` fails.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::path::Path;
use std::process::Command;

use hello_exporter_tests::{build_library, text};
use tempfile::TempDir;

const PROGRAM: &str = r#"
use hello_exporter::collect::Init;
use hello_exporter::{Collector, CounterVec, Family, Labels, Registry};

DECLARATION

fn main() {
    Registry::new().register(Generic::<TYPE>::new()).unwrap();
}
"#;

/// Compiles a program up to the output `emit`, and returns the compiler's messages.
fn messages(declaration: &str, ty: &str, emit: &str) -> String {
    let directory = TempDir::new().unwrap();
    let source = directory.path().join("main.rs");
    let program = PROGRAM.replace("DECLARATION", declaration).replace("TYPE", ty);
    std::fs::write(&source, program).unwrap();
    let output = rustc(&source, &build_library()).arg(format!("--emit={emit}")).output().unwrap();
    let stderr = text(&output.stderr);
    assert_eq!(output.status.success(), !stderr.contains("error"), "{stderr}");
    stderr
}

/// Compiles a program up to the output `emit`, and returns the first error and the text that it
/// underlines.
fn compile(declaration: &str, ty: &str, emit: &str) -> Option<(String, String)> {
    let stderr = messages(declaration, ty, emit);
    let error = stderr.lines().find(|line| line.starts_with("error"))?;
    let underline = stderr.lines().position(|line| line.contains("^^")).unwrap();
    let lines: Vec<&str> = stderr.lines().collect();
    let (line, marks) = (lines[underline - 1], lines[underline]);
    let start = marks.find('^').unwrap();
    let end = marks.rfind("^").unwrap();
    Some((error.to_owned(), line[start..=end].to_owned()))
}

fn rustc(source: &Path, library: &Path) -> Command {
    let mut rustc = Command::new("rustc");
    rustc
        .args(["--edition=2024", "--crate-type=bin", "-Awarnings", "-o"])
        .arg(source.with_extension("out"))
        .arg(format!("--extern=hello_exporter={}", library.display()))
        .arg(format!("-Ldependency={}", library.parent().unwrap().join("deps").display()))
        .arg(source);
    rustc
}

const LABELS: &str = r#"
#[derive(Collector)]
struct Generic<T: Init> {
    /// As many labels as the type has.
    #[metric(labels = ["x"])]
    field: T,
}
"#;

#[test]
fn generic_field_with_the_right_labels_compiles() {
    assert_eq!(compile(LABELS, "CounterVec<1>", "obj"), None);
}

#[test]
fn build_rejects_a_wrong_number_of_labels() {
    assert_eq!(compile(LABELS, "CounterVec<2>", "metadata"), None);
    let error = "error[E0080]: evaluation panicked: a metric of this type has 2 labels, but `labels` \
                 names 1";
    let found = compile(LABELS, "CounterVec<2>", "obj");
    assert_eq!(found, Some((error.to_owned(), "[\"x\"]".to_owned())));
}

#[test]
fn build_rejects_a_wrong_type_word() {
    let declaration = LABELS.replace("labels = [\"x\"]", "counter");
    let error = "error[E0080]: evaluation panicked: a metric of this type is a gauge by itself, \
                 `counter` is for plain values";
    let found = compile(&declaration, "hello_exporter::Gauge", "obj");
    assert_eq!(found, Some((error.to_owned(), "counter".to_owned())));
}

#[test]
fn build_rejects_labels_with_other_names() {
    let declaration = r#"
#[derive(Labels)]
struct Key { host: u8 }

#[derive(Labels)]
struct Other { path: u8 }

#[derive(Collector)]
struct Generic<T: Init> {
    /// A family.
    family: Family<Key, hello_exporter::Counter>,
    /// Anything.
    any: T,
}

impl<T: Init> Generic<T> {
    fn update(&self) {
        self.family.with(Other { path: 1 }).inc();
    }
}

#[unsafe(no_mangle)]
fn used(generic: &Generic<f64>) {
    generic.update();
}
"#;
    let (error, _) = compile(declaration, "f64", "obj").unwrap();
    let expected = "error[E0080]: evaluation panicked: these labels are not those of the family";
    assert_eq!(error, expected);
}

#[test]
fn build_rejects_registered_plain_values() {
    let declaration = r#"
#[derive(Collector)]
struct Generic<T: Init> {
    /// A value.
    field: T,
}
"#;
    for live in ["hello_exporter::Gauge", "Option<std::sync::atomic::AtomicU64>"] {
        assert_eq!(compile(declaration, live, "obj"), None, "{live}");
    }
    assert_eq!(compile(declaration, "f64", "metadata"), None);
    let error = "error[E0080]: evaluation panicked: a struct of plain values never changes once it \
                 is registered; register a function that makes it: `register_fn(|| …)`";
    for plain in ["f64", "Option<std::time::Duration>"] {
        let messages = messages(declaration, plain, "obj");
        assert!(messages.starts_with(&format!("{error}\n")), "{messages}");
        // The compiler shows the call.
        let call = format!("Registry::new().register(Generic::<{plain}>::new()).unwrap();");
        assert!(messages.contains(&call), "{messages}");
    }
}
