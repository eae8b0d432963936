//! Compares the same exporter, written with several libraries.

use std::error::Error;

use http_speed::SERIES;

use crate::measured::{self, Contest, Done};
use crate::server::Program;

const OURS: &str = "hello_exporter";
const GO: &str = "client_golang";

/// The environment variable that makes the Go server use a registry of its own.
const BARE: &str = "BARE";

/// Returns the contest of servers with this number of series; with 0, of exporters of the metrics
/// `a` and `b` of README.md, of which ours is the product's own program.
fn contest(series: usize) -> Result<Contest, Box<dyn Error>> {
    let ours = if series == 0 { OURS } else { "serve_hello_exporter" };
    let program = |name: &'static str, file: &str| -> Result<_, Box<dyn Error>> {
        let mut program = Program::built(file)?;
        program.environment.push((SERIES, series.to_string()));
        Ok((name, program))
    };
    Ok(Contest {
        contenders: vec![
            program(OURS, ours)?,
            program(GO, GO)?,
            program("metrics", "serve_metrics")?,
        ],
        yardstick: GO,
        check: Box::new(move |text| is_whole(text, series)),
        _backend: None,
    })
}

/// Returns the contest of exporters of `a` and `b` without metrics of their process. Ours still has
/// `<exporter>_build_info`.
fn bare_contest() -> Result<Contest, Box<dyn Error>> {
    let mut contest = contest(0)?;
    for (name, program) in &mut contest.contenders {
        match *name {
            OURS => program.arguments.push("--web.disable-exporter-metrics".to_owned()),
            GO => program.environment.push((BARE, "1".to_owned())),
            _ => {}
        }
    }
    contest.check = Box::new(|text| is_whole(text, 0) && !text.contains("process_"));
    Ok(contest)
}

/// Whether every series is there, or, with 0, `a` and `b`.
fn is_whole(text: &str, series: usize) -> bool {
    let samples = |prefix| text.lines().filter(|line| line.starts_with(prefix)).count();
    match series {
        0 => (samples("a 1"), samples("b{hello=\"world\",hostname=\"Hi\"} 2")) == (1, 1),
        series => samples("requests_total{") == series,
    }
}

pub fn scrape(name: &str, series: usize) -> Done {
    measured::scrape(name, contest(series)?)
}

/// Measures scrapes of `a` and `b` alone, with gzip.
pub fn bare_scrape(name: &str) -> Done {
    measured::scrape(name, bare_contest()?)
}

/// Measures scrapes of `a` and `b` alone, without compression.
pub fn bare_uncompressed_scrape(name: &str) -> Done {
    measured::uncompressed_scrape(name, bare_contest()?)
}

pub fn start(name: &str) -> Done {
    measured::start(name, contest(0)?)
}

pub fn resident(name: &str, series: usize) -> Done {
    measured::resident(name, contest(series)?)
}
