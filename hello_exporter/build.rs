//! Passes the version of the compiler to the library, for `<exporter>_build_info`.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=RUSTC");
    let version = rustc_version().unwrap_or_else(|| "unknown".to_owned());
    println!("cargo::rustc-env=HELLO_EXPORTER_RUST_VERSION={version}");
}

/// Returns the version, e.g. `1.95.0` from `rustc 1.95.0 (59807616e 2026-04-14)`.
fn rustc_version() -> Option<String> {
    let output = Command::new(env::var_os("RUSTC")?).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.split_whitespace().nth(1).map(str::to_owned)
}
