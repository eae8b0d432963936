//! Sources that do not wait.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::scraper::{Ran, Scraper, called};
use crate::collect::Declared;
use crate::unbuilt::BoxError;

/// A source of a function that does not wait, and runs while no other one of these does: see [`in_turn`].
#[derive(Debug)]
pub struct InTurn<C> {
    function: C,
    turns: &'static Turns,
}

/// Makes a source of a function that reads what is there at once, such as files in `/proc`.
///
/// A blocking function runs on a thread of its own, beside all others, as it has to where it may wait. Many that do not
/// wait would wake as many threads at the same moment, which takes time and memory, and an exporter of a host would find
/// itself in `procs_running`. Functions that run in turn come after one another, mostly on one thread; they are sources
/// in all else, and the duration of one begins with its turn. One that waits after all holds the others up for a quarter of
/// a second; then they do not wait for it any longer.
///
/// ```
/// use hello_exporter::{Collector, Exporter, source::in_turn};
/// use std::io;
///
/// #[derive(Collector)]
/// struct Load {
///     /// Load average of the last minute.
///     load1: f64,
/// }
///
/// fn load() -> io::Result<Load> {
///     let text = std::fs::read_to_string("/proc/loadavg")?;
///     let load1 = text.split(' ').next().and_then(|number| number.parse().ok());
///     Ok(Load { load1: load1.ok_or(io::ErrorKind::InvalidData)? })
/// }
///
/// let exporter = Exporter::new("host_exporter").source("load", in_turn(load));
/// # let _ = exporter;
/// ```
pub fn in_turn<C, M, E>(function: C) -> InTurn<C>
where
    C: Fn() -> Result<M, E> + Send + Sync + 'static,
{
    InTurn { function, turns: &TURNS }
}

/// Whose turn it is.
#[derive(Debug)]
struct Turns {
    current: Mutex<()>,
    /// How long one waits for its turn: whoever has it may never give it back.
    patience: Duration,
}

/// Those of the whole program.
static TURNS: Turns = Turns::new(Duration::from_millis(250));

impl Turns {
    const fn new(patience: Duration) -> Self {
        Self { current: Mutex::const_new(()), patience }
    }
}

impl<C, M, E> Scraper for InTurn<C>
where
    C: Fn() -> Result<M, E> + Send + Sync + 'static,
    M: Declared + Send + Sync + 'static,
    E: Into<BoxError> + 'static,
{
    fn start(self: Arc<Self>, runtime: &Handle) -> JoinHandle<Ran> {
        runtime.spawn(async move {
            let _turn = timeout(self.turns.patience, self.turns.current.lock()).await;
            let started = Some(Instant::now());
            Ran { result: called(&self.function), started }
        })
    }
}
