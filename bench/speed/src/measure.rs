//! Measures operations in nanoseconds.

use std::time::{Duration, Instant};

use figures::{Entrant, Measurement};

use crate::contenders::Contender;

/// The shortest measurement, so that the clock and the start of a loop do not matter.
const LEAST: Duration = Duration::from_millis(25);

/// Measures how long `operation` takes.
pub fn time(operation: impl FnOnce()) -> Duration {
    let start = Instant::now();
    operation();
    start.elapsed()
}

/// Returns a measurement of `run`, which repeats its operation the given number of times, and
/// returns how long that took. An operation processes `units`; the figure is that of one unit.
pub fn nanoseconds(
    units: usize,
    mut run: impl FnMut(usize) -> Duration,
) -> impl FnMut() -> Measurement {
    let times = calibrate(&mut run);
    move || Ok(run(times).as_nanos() as f64 / (times * units) as f64)
}

/// Returns how often to repeat an operation. The runs that find this out also warm it up.
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

/// Returns the entrant of a contender.
pub fn entrant<C: Contender>(measure: impl FnMut() -> Measurement + 'static) -> Entrant {
    match C::IS_PEER {
        true => Entrant::peer(C::NAME, measure),
        false => Entrant::own(C::NAME, measure),
    }
}
