//! From an operation to nanoseconds.

use std::time::{Duration, Instant};

use figures::{Entrant, Measurement};

use crate::contenders::Contender;

/// How long a measurement lasts at least, so that the clock and the start of a loop do not count.
const LEAST: Duration = Duration::from_millis(25);

/// How long `operation` takes.
pub fn time(operation: impl FnOnce()) -> Duration {
    let start = Instant::now();
    operation();
    start.elapsed()
}

/// A measurement of `run`, which repeats its operation as often as it is told, and returns how long that
/// took. An operation does something to as many `units`; the figure is that of one.
pub fn nanoseconds(
    units: usize,
    mut run: impl FnMut(usize) -> Duration,
) -> impl FnMut() -> Measurement {
    let times = calibrate(&mut run);
    move || Ok(run(times).as_nanos() as f64 / (times * units) as f64)
}

/// How often an operation is repeated. What it runs for that warms the operation up.
fn calibrate(run: &mut impl FnMut(usize) -> Duration) -> usize {
    let mut times = 1;
    loop {
        let elapsed = run(times);
        if elapsed >= LEAST {
            return times;
        }
        let missing = LEAST.as_secs_f64() / elapsed.as_secs_f64().max(1e-9);
        times = (times as f64 * missing.clamp(1.2, 100.0)).ceil() as usize;
    }
}

/// A contender with what is measured of it.
pub fn entrant<C: Contender>(measure: impl FnMut() -> Measurement + 'static) -> Entrant {
    if C::IS_PEER { Entrant::peer(C::NAME, measure) } else { Entrant::own(C::NAME, measure) }
}
