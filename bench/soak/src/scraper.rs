//! A thread that scrapes in all formats and codings in turn, and checks each exposition.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use crate::client::Client;
use crate::exposition::Exposition;
use crate::request::{self, Request};
use crate::server::Server;
use crate::{BoxError, Shared};

const PAUSE: Duration = Duration::from_millis(5);

/// The number of scrapes after which a scraper opens a new connection.
const SCRAPES_OF_CONNECTION: u64 = 100;

/// The families whose samples never decrease.
const GROWING: [&str; 5] = [
    "soak_kept_total",
    "soak_kept_size_count",
    "soak_kept_size_bucket",
    "soak_kept_native_count",
    "soak_run_updates_total",
];

pub struct Scraper {
    address: SocketAddr,
    client: Option<Client>,
    requests: Vec<Request>,
    scrapes: u64,
    /// The samples of the families in `GROWING` in the last scrape.
    last: HashMap<String, f64>,
}

/// Returns the samples of the run, `soak_run_*`, without this prefix.
pub fn samples_of_run(exposition: &Exposition) -> BTreeMap<String, f64> {
    let samples = exposition.samples.iter();
    let samples = samples
        .filter_map(|(series, value)| Some((series.strip_prefix("soak_run_")?.to_owned(), *value)));
    samples.collect()
}

impl Scraper {
    pub fn new(id: usize, server: &Server) -> Self {
        let mut requests: Vec<Request> = request::all().collect();
        let middle = requests.len() / 2;
        requests.rotate_left(id * middle);
        Self { address: server.address, client: None, requests, scrapes: 0, last: HashMap::new() }
    }

    /// Scrapes until the end of the run.
    pub fn run(mut self, shared: &Shared) {
        while !shared.is_over() {
            match self.scrape() {
                Ok(exposition) => {
                    shared.scrapes.fetch_add(1, Ordering::Relaxed);
                    *shared.last.lock().unwrap() = samples_of_run(&exposition);
                }
                Err(error) => {
                    shared.fail("scrape", &error);
                    self.client = None;
                }
            }
            thread::sleep(PAUSE);
        }
    }

    /// Scrapes in the next format and coding.
    pub fn scrape(&mut self) -> Result<Exposition, BoxError> {
        let request = self.requests[self.scrapes as usize % self.requests.len()];
        self.scrape_as(request).map_err(|error| format!("{request}: {error}").into())
    }

    /// Scrapes, and checks that no sample of the families in `GROWING` decreases.
    pub fn scrape_as(&mut self, request: Request) -> Result<Exposition, BoxError> {
        if self.scrapes.is_multiple_of(SCRAPES_OF_CONNECTION) {
            self.client = None;
        }
        self.scrapes += 1;
        let client = match &mut self.client {
            Some(client) => client,
            none => none.insert(Client::connect(self.address)?),
        };
        let exposition = request.read(&client.send("GET", "/metrics", &request.headers())?)?;
        let growing = exposition
            .samples
            .iter()
            .filter(|(series, _)| GROWING.contains(&series.split('{').next().unwrap_or_default()));
        let growing: HashMap<String, f64> =
            growing.map(|(series, value)| (series.clone(), *value)).collect();
        for (series, before) in &self.last {
            let value = growing.get(series);
            if value.is_none_or(|value| value < before) {
                return Err(format!("{series} is {value:?} after {before}").into());
            }
        }
        self.last = growing;
        Ok(exposition)
    }
}
