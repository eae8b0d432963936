//! Measures contenders in interleaved rounds, and prints a table and one machine-readable line per
//! figure: `name value unit ratio-to-best-peer spread`.

use std::error::Error;
use std::time::{Duration, Instant};

/// The least number of rounds: one that the machine disturbs does not move the median.
const ROUNDS: usize = 7;

/// The least time that the rounds take together. A shared machine can be slow for seconds on end,
/// so quick operations get more rounds.
const TIME: Duration = Duration::from_secs(5);

/// One measurement of one round, in the unit of its group.
pub type Measurement = Result<f64, Box<dyn Error>>;

/// Figures that are measured together and printed as one table.
pub struct Group {
    /// Prefix of the names of its figures.
    pub name: String,
    pub title: String,
    pub unit: &'static str,
}

/// A contender and its measurement.
pub struct Entrant {
    name: &'static str,
    is_peer: bool,
    measure: Box<dyn FnMut() -> Measurement>,
}

impl Entrant {
    /// Creates an entrant that ours is compared with.
    pub fn peer(name: &'static str, measure: impl FnMut() -> Measurement + 'static) -> Self {
        Self { name, is_peer: true, measure: Box::new(measure) }
    }

    /// Creates ours, or an entrant that does not count as a peer.
    pub fn own(name: &'static str, measure: impl FnMut() -> Measurement + 'static) -> Self {
        Self { is_peer: false, ..Self::peer(name, measure) }
    }
}

impl Group {
    /// Measures every entrant once in each round, one after the other, and prints the figures.
    pub fn measure(self, mut entrants: Vec<Entrant>) -> Result<Rounds, Box<dyn Error>> {
        let values = rounds(&mut entrants)?;
        let rows = entrants.iter().zip(values).map(|(Entrant { name, is_peer, .. }, values)| {
            let figure = Figure::of(values.clone());
            Row { name, is_peer: *is_peer, values, figure }
        });
        let rounds = Rounds { group: self, rows: rows.collect() };
        rounds.print();
        Ok(rounds)
    }
}

/// Returns the values of every entrant, one for each round.
fn rounds(entrants: &mut [Entrant]) -> Result<Vec<Vec<f64>>, Box<dyn Error>> {
    let start = Instant::now();
    let mut values = vec![Vec::new(); entrants.len()];
    let mut number = 0;
    while number < ROUNDS || start.elapsed() < TIME {
        for (entrant, values) in entrants.iter_mut().zip(&mut values) {
            values.push((entrant.measure)()?);
        }
        number += 1;
    }
    Ok(values)
}

/// The results of a group.
pub struct Rounds {
    group: Group,
    rows: Vec<Row>,
}

struct Row {
    name: &'static str,
    is_peer: bool,
    values: Vec<f64>,
    figure: Figure,
}

impl Rounds {
    /// Prints how `name` compares with `yardstick`: the median of the ratios of the rounds. Within
    /// a round, the machine is about equally fast for both.
    pub fn ratio(&self, figure: &str, name: &str, yardstick: &str) {
        let [of, to] = [name, yardstick].map(|name| self.values(name));
        let ratio = Figure::of(of.iter().zip(to).map(|(of, to)| of / to).collect());
        println!("{}\n", ratio.line(figure, "ratio", None));
    }

    fn values(&self, name: &str) -> &[f64] {
        self.rows.iter().find(|row| row.name == name).map_or(&[], |row| &row.values)
    }

    fn print(&self) {
        let Group { name: group, title, unit } = &self.group;
        let best = self.best_peer();
        let rounds = self.rows.first().map_or(0, |row| row.values.len());
        println!("{title}\n  {:<20}{unit:>9}  to best  spread", format!("{rounds} rounds"));
        for Row { name, figure, .. } in &self.rows {
            let Figure { median, spread } = figure;
            let ratio = ratio(*median, best);
            println!("  {name:<20}{:>9} {ratio:>8} {spread:>7.2}", digits(*median));
        }
        for Row { name, figure, .. } in &self.rows {
            println!("{}", figure.line(&format!("{group}_{name}"), unit, best));
        }
        println!();
    }

    fn best_peer(&self) -> Option<f64> {
        let peers = self.rows.iter().filter(|row| row.is_peer);
        peers.map(|row| row.figure.median).min_by(f64::total_cmp)
    }
}

/// A median, and the range of the rounds divided by it.
struct Figure {
    median: f64,
    spread: f64,
}

impl Figure {
    fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let median = values[values.len() / 2];
        Self { median, spread: (values[values.len() - 1] - values[0]) / median }
    }

    fn line(&self, name: &str, unit: &str, best_peer: Option<f64>) -> String {
        let Self { median, spread } = self;
        format!("{name} {} {unit} {} {spread:.2}", digits(*median), ratio(*median, best_peer))
    }
}

/// Formats the ratio to the best peer, or `-` without a peer.
fn ratio(value: f64, best_peer: Option<f64>) -> String {
    best_peer.map_or_else(|| String::from("-"), |best| digits(value / best))
}

/// Formats a number with four digits, at most three of them decimals; a larger one without
/// decimals.
fn digits(value: f64) -> String {
    let before = value.abs().max(1.0).log10() as usize + 1;
    format!("{value:.*}", 4_usize.saturating_sub(before))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figure_is_the_median_and_the_relative_range() {
        let figure = Figure::of(vec![30.0, 10.0, 20.0]);
        assert_eq!(figure.line("scrape", "ns", Some(40.0)), "scrape 20.00 ns 0.500 1.00");
        assert_eq!(figure.line("scrape", "ns", None), "scrape 20.00 ns - 1.00");
    }

    #[test]
    fn number_has_four_digits_and_at_most_three_decimals() {
        let texts = [0.5192, 2.8, 19.314, 344.21, 5160.4].map(digits);
        assert_eq!(texts, ["0.519", "2.800", "19.31", "344.2", "5160"]);
    }
}
