//! Measures how long the declarations of `compile_time` take to compile.

use std::error::Error;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use figures::{Entrant, Group, Measurement};

/// The name of ours.
const DERIVE: &str = "derive";
const PEERS: [&str; 3] = ["prometheus", "vise", "fastmetrics"];

fn main() -> Result<(), Box<dyn Error>> {
    for (what, arguments) in [("check", &["check"][..]), ("build", &["build"])] {
        compile_time(what, arguments)?;
    }
    Ok(())
}

/// Measures how long the struct of 200 metrics takes to compile; its dependencies are compiled
/// before.
fn compile_time(what: &str, arguments: &'static [&str]) -> Result<(), Box<dyn Error>> {
    for kind in [DERIVE].into_iter().chain(PEERS) {
        compile(kind, arguments)?;
    }
    let mut entrants = vec![Entrant::own(DERIVE, move || recompile(DERIVE, arguments))];
    entrants.extend(PEERS.map(|kind| Entrant::peer(kind, move || recompile(kind, arguments))));
    let name = format!("compile_200_{what}");
    let title = format!("compile time of 200 metrics, cargo {what}");
    Group { name, title, unit: "s" }.measure(entrants)?;
    Ok(())
}

fn recompile(kind: &str, arguments: &[&str]) -> Measurement {
    touch(kind)?;
    Ok(compile(kind, arguments)?.as_secs_f64())
}

fn compile(kind: &str, arguments: &[&str]) -> Result<Duration, Box<dyn Error>> {
    let start = Instant::now();
    let status = Command::new("cargo")
        .args(arguments)
        .args(["--quiet", "--package", &format!("compile_time_{kind}")])
        .env("CARGO_INCREMENTAL", "0")
        .current_dir(workspace())
        .status()?;
    if status.success() {
        Ok(start.elapsed())
    } else {
        Err(format!("compile_time_{kind} does not compile").into())
    }
}

fn touch(kind: &str) -> Result<(), Box<dyn Error>> {
    let source = workspace().join("compile_time").join(kind).join("src/lib.rs");
    Ok(std::fs::File::options().append(true).open(source)?.set_modified(SystemTime::now())?)
}

fn workspace() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
