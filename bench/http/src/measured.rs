//! Measurements of servers of any kind.

use std::any::Any;
use std::error::Error;
use std::thread;
use std::time::{Duration, Instant};

use figures::{Entrant, Group, Measurement};
use speed::measure;

use crate::server::{Program, Server};

pub type Done = Result<(), Box<dyn Error>>;

/// Servers that are compared.
pub struct Contest {
    /// The name of each in the tables, and its program. The first is ours.
    pub contenders: Vec<(&'static str, Program)>,
    /// The name of the one that ours is compared with, round by round.
    pub yardstick: &'static str,
    /// Whether an exposition has the expected samples.
    pub check: Box<dyn Fn(&str) -> bool>,
    /// A server that has to run during the measurement.
    pub _backend: Option<Box<dyn Any>>,
}

/// The header line of a client that accepts gzip.
const GZIP: &str = "Accept-Encoding: gzip\r\n";

/// Measures the server's processor time for a scrape with gzip.
pub fn scrape(name: &str, contest: Contest) -> Done {
    scrape_accepting(name, "processor time of a scrape with gzip", GZIP, contest)
}

/// Measures the server's processor time for a scrape without compression.
pub fn uncompressed_scrape(name: &str, contest: Contest) -> Done {
    scrape_accepting(name, "processor time of a scrape without compression", "", contest)
}

fn scrape_accepting(name: &str, title: &str, header: &'static str, contest: Contest) -> Done {
    contest.measure(name, title, "us", |program| {
        let server = Server::start(program)?;
        let mut nanoseconds = measure::nanoseconds(1, move |times| {
            let scrapes = scrapes(&server, header, times);
            scrapes.unwrap_or_else(|error| panic!("a scrape failed: {error}"))
        });
        Ok(Box::new(move || Ok(nanoseconds()? / 1e3)))
    })
}

/// Scrapes over one connection, and returns the processor time of the server.
fn scrapes(server: &Server, header: &str, times: usize) -> Result<Duration, Box<dyn Error>> {
    let mut connection = server.connect()?;
    let before = server.processor_time()?;
    for _ in 0..times {
        connection.scrape_accepting(header)?;
    }
    Ok(server.processor_time()? - before)
}

/// Measures the time from the start of the process to the end of its first response.
pub fn start(name: &str, contest: Contest) -> Done {
    let title = "from start to the first scrape";
    contest.measure(name, title, "ms", |program| {
        let program = program.clone();
        Ok(Box::new(move || {
            let start = Instant::now();
            let server = Server::start(&program)?;
            let elapsed = start.elapsed();
            drop(server);
            Ok(elapsed.as_secs_f64() * 1e3)
        }))
    })
}

/// The number of scrapes before resident memory is read, and the time to wait after them.
const SCRAPES: usize = 10;
const REST: Duration = Duration::from_millis(200);

/// Measures resident memory after a few scrapes.
pub fn resident(name: &str, contest: Contest) -> Done {
    let title = format!("resident memory at rest, after {SCRAPES} scrapes with gzip");
    contest.measure(name, &title, "KiB", |program| {
        let program = program.clone();
        Ok(Box::new(move || {
            let server = Server::start(&program)?;
            scrapes(&server, GZIP, SCRAPES)?;
            thread::sleep(REST);
            Ok((server.resident_bytes()? >> 10) as f64)
        }))
    })
}

type Measure = Box<dyn FnMut() -> Measurement>;

impl Contest {
    /// Measures each program with the measurement that `measure` makes for it, and prints how ours
    /// compares with the yardstick.
    fn measure(
        self,
        name: &str,
        title: &str,
        unit: &'static str,
        measure: impl Fn(&Program) -> Result<Measure, Box<dyn Error>>,
    ) -> Done {
        let mut entrants = Vec::new();
        for (at, (contender, program)) in self.contenders.iter().enumerate() {
            self.check(contender, program)?;
            let measure = measure(program)?;
            entrants.push(match at {
                0 => Entrant::own(contender, measure),
                _ => Entrant::peer(contender, measure),
            });
        }
        let ours = self.contenders[0].0;
        let group = Group { name: name.to_owned(), title: format!("{name}: {title}"), unit };
        let figure = format!("{name}_to_{}", self.yardstick);
        group.measure(entrants)?.ratio(&figure, ours, self.yardstick);
        Ok(())
    }

    fn check(&self, contender: &str, program: &Program) -> Done {
        let text = Server::start(program)?.connect()?.scrape()?.text()?;
        if (self.check)(&text) {
            Ok(())
        } else {
            Err(format!("{contender} does not expose what is measured:\n{text}").into())
        }
    }
}
