//! Measures in interleaved rounds, and prints a table and one machine-readable line per figure:
//! `name value unit ratio-to-best-peer spread`.

use std::error::Error;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

const ROUNDS: usize = 7;

/// Ours first, then the peers.
const KINDS: [&str; 3] = ["derive", "prometheus", "vise"];

fn main() -> Result<(), Box<dyn Error>> {
    for (what, arguments) in [("check", &["check"][..]), ("build", &["build"])] {
        compile_time(what, arguments)?;
    }
    Ok(())
}

/// How long the struct of 200 metrics takes to compile, its dependencies being compiled already.
fn compile_time(what: &str, arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    for kind in KINDS {
        compile(kind, arguments)?;
    }
    let mut times = [const { Vec::new() }; KINDS.len()];
    for _ in 0..ROUNDS {
        for (kind, times) in KINDS.iter().zip(&mut times) {
            touch(kind)?;
            times.push(compile(kind, arguments)?);
        }
    }
    let figures = times.map(Figure::of);
    let best_peer =
        figures.iter().skip(1).map(|figure| figure.median).fold(f64::INFINITY, f64::min);
    println!("compile time of 200 metrics, cargo {what}, median of {ROUNDS} rounds");
    for (kind, figure) in KINDS.iter().zip(&figures) {
        println!("  {kind:<12}{:>8.3} s", figure.median);
    }
    for (kind, Figure { median, spread }) in KINDS.iter().zip(&figures) {
        println!("compile_200_{what}_{kind} {median:.3} s {:.2} {spread:.2}", median / best_peer);
    }
    println!();
    Ok(())
}

/// A median, and the whole range of the rounds as a part of it.
struct Figure {
    median: f64,
    spread: f64,
}

impl Figure {
    fn of(times: Vec<Duration>) -> Self {
        let mut seconds: Vec<f64> = times.iter().map(Duration::as_secs_f64).collect();
        seconds.sort_by(f64::total_cmp);
        let median = seconds[seconds.len() / 2];
        Self { median, spread: (seconds[seconds.len() - 1] - seconds[0]) / median }
    }
}

fn compile(kind: &str, arguments: &[&str]) -> Result<Duration, Box<dyn Error>> {
    let start = Instant::now();
    let status = Command::new("cargo")
        .args(arguments)
        .args(["--quiet", "--package", &format!("compile_time_{kind}")])
        .env("CARGO_INCREMENTAL", "0")
        .current_dir(workspace())
        .status()?;
    match status.success() {
        true => Ok(start.elapsed()),
        false => Err(format!("compile_time_{kind} does not compile").into()),
    }
}

fn touch(kind: &str) -> Result<(), Box<dyn Error>> {
    let source = workspace().join("compile_time").join(kind).join("src/lib.rs");
    Ok(std::fs::File::options().append(true).open(source)?.set_modified(SystemTime::now())?)
}

fn workspace() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
