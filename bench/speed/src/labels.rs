//! The labels and values of the measurements, the same in the same order for all contenders.

use fastrand::Rng;

/// Values of the labels `method`, `path` and `code`.
pub type Labels = [String; 3];

/// Values of the labels `method` and `path`.
pub type Pair = [String; 2];

pub const METHODS: [&str; 8] =
    ["method0", "method1", "method2", "method3", "method4", "method5", "method6", "method7"];
pub const CODES: [&str; 8] = ["200", "201", "204", "301", "400", "404", "500", "503"];

/// The constant label.
pub const SERVICE: (&str, &str) = ("service", "checkout");

/// The upper bounds of every histogram, without `+Inf`.
pub const BUCKETS: [f64; 12] =
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// Prefix of every path: every sample contains it once.
pub const PATH: &str = "/api/v1/resource/";

/// Returns a generator with the same seed for every run.
pub fn rng() -> Rng {
    Rng::with_seed(0x005E_EDED)
}

/// Returns `number` distinct label sets, in random order; four share a path.
pub fn label_sets(number: usize) -> Vec<Labels> {
    label_sets_by_path(number, 4)
}

/// Returns `number` label sets, each with a path of its own, in random order.
pub fn label_sets_with_own_paths(number: usize) -> Vec<Labels> {
    label_sets_by_path(number, 1)
}

/// Returns `number` label sets, in random order; each path is in the 64 sets of all methods and
/// codes.
pub fn label_sets_with_shared_paths(number: usize) -> Vec<Labels> {
    label_sets_by_path(number, METHODS.len() * CODES.len())
}

fn label_sets_by_path(number: usize, sets_of_a_path: usize) -> Vec<Labels> {
    shuffled((0..number).map(|at| {
        let code = CODES[at / METHODS.len() % CODES.len()];
        [method(at), path(at / sets_of_a_path), code.to_owned()]
    }))
}

/// Returns `number` distinct pairs, in random order.
pub fn pairs(number: usize) -> Vec<Pair> {
    shuffled((0..number).map(|at| [method(at), path(at / METHODS.len())]))
}

/// Returns values for every bucket, uniformly distributed on a logarithmic scale.
pub fn observations(number: usize) -> Vec<f64> {
    let mut rng = rng();
    (0..number).map(|_| 0.002 * 20_000_f64.powf(rng.f64())).collect()
}

fn method(at: usize) -> String {
    METHODS[at % METHODS.len()].to_owned()
}

fn path(number: usize) -> String {
    format!("{PATH}{}", 100_000 + number)
}

fn shuffled<T>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut values: Vec<T> = values.collect();
    rng().shuffle(&mut values);
    values
}
