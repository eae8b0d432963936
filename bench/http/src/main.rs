//! Measures whole servers over HTTP: processor time of a scrape, memory, start-up. An argument chooses the
//! groups whose names contain it.

mod client;
mod server;

use std::error::Error;
use std::thread;
use std::time::{Duration, Instant};

use figures::{Entrant, Group, Measurement};
use speed::measure;

use server::Server;

type Done = Result<(), Box<dyn Error>>;

/// What a server is called in the tables, and its program.
type Contender = (&'static str, &'static str);

const OURS: &str = "hello_exporter";
const GO: &str = "client_golang";
const PEERS: [Contender; 2] = [(GO, "client_golang"), ("metrics", "serve_metrics")];

/// Ours of the tutorial is the product's own program.
const TUTORIAL: [Contender; 3] = [(OURS, "hello_exporter"), PEERS[0], PEERS[1]];
const FAMILY: [Contender; 3] = [(OURS, "serve_hello_exporter"), PEERS[0], PEERS[1]];

/// The name of a group, and what measures and prints it under that name.
type Measured = (&'static str, fn(&str) -> Done);

const GROUPS: [Measured; 7] = [
    ("http_scrape_tutorial", |name| scrape(name, TUTORIAL, 0)),
    ("http_scrape_1000", |name| scrape(name, FAMILY, 1_000)),
    ("http_scrape_100000", |name| scrape(name, FAMILY, 100_000)),
    ("http_start_tutorial", start),
    ("http_resident_tutorial", |name| resident(name, TUTORIAL, 0)),
    ("http_resident_1000", |name| resident(name, FAMILY, 1_000)),
    ("http_resident_100000", |name| resident(name, FAMILY, 100_000)),
];

fn main() -> Done {
    let part = std::env::args().nth(1).unwrap_or_default();
    for (name, measure) in GROUPS.iter().filter(|(name, _)| name.contains(&part)) {
        measure(name)?;
    }
    Ok(())
}

/// Processor time of the server for a scrape with gzip.
fn scrape(name: &str, contenders: [Contender; 3], series: usize) -> Done {
    let title = "processor time of a scrape with gzip";
    measured(name, title, "us", contenders, |program| {
        let server = Server::start(program, series)?;
        check(&server, series)?;
        let mut nanoseconds = measure::nanoseconds(1, move |times| {
            scrapes(&server, times).unwrap_or_else(|error| panic!("a scrape failed: {error}"))
        });
        Ok(Box::new(move || Ok(nanoseconds()? / 1e3)))
    })
}

/// Scrapes over one connection, and gives the processor time of the server.
fn scrapes(server: &Server, times: usize) -> Result<Duration, Box<dyn Error>> {
    let mut connection = server.connect()?;
    let before = server.processor_time()?;
    for _ in 0..times {
        connection.scrape()?;
    }
    Ok(server.processor_time()? - before)
}

/// Every series is there, or the tutorial's two.
fn check(server: &Server, series: usize) -> Done {
    let text = server.connect()?.scrape()?.text()?;
    let samples = |prefix| text.lines().filter(|line| line.starts_with(prefix)).count();
    match series {
        0 => assert_eq!((samples("a 1"), samples("b{hello=\"world\",hostname=\"Hi\"} 2")), (1, 1)),
        series => assert_eq!(samples("requests_total{"), series),
    }
    Ok(())
}

/// From the start of the process to the end of its first answer.
fn start(name: &str) -> Done {
    let title = "from start to the first scrape";
    measured(name, title, "ms", TUTORIAL, |program| {
        Ok(Box::new(move || {
            let start = Instant::now();
            let server = Server::start(program, 0)?;
            let elapsed = start.elapsed();
            drop(server);
            Ok(elapsed.as_secs_f64() * 1e3)
        }))
    })
}

/// How often a server is scraped before it is at rest.
const SCRAPES: usize = 10;
const REST: Duration = Duration::from_millis(200);

/// Resident memory after a few scrapes.
fn resident(name: &str, contenders: [Contender; 3], series: usize) -> Done {
    let title = format!("resident memory at rest, after {SCRAPES} scrapes with gzip");
    measured(name, &title, "KiB", contenders, |program| {
        Ok(Box::new(move || {
            let server = Server::start(program, series)?;
            scrapes(&server, SCRAPES)?;
            thread::sleep(REST);
            Ok((server.resident_bytes()? >> 10) as f64)
        }))
    })
}

/// Measures what `measure` makes of each program, and how ours compares with Go.
fn measured(
    name: &str,
    title: &str,
    unit: &'static str,
    contenders: [Contender; 3],
    measure: impl Fn(&'static str) -> Result<Box<dyn FnMut() -> Measurement>, Box<dyn Error>>,
) -> Done {
    let entrants = contenders.map(|(contender, program)| {
        let measure = measure(program)?;
        Ok(match contender {
            OURS => Entrant::own(contender, measure),
            peer => Entrant::peer(peer, measure),
        })
    });
    let entrants: Result<Vec<Entrant>, Box<dyn Error>> = entrants.into_iter().collect();
    let group = Group { name: name.to_owned(), title: format!("{name}: {title}"), unit };
    group.measure(entrants?)?.ratio(&format!("{name}_to_{GO}"), OURS, GO);
    Ok(())
}
