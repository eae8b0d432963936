//! The groups of figures. Those that measure time also check that every contender does its work.

mod aging;
pub mod compress;
pub mod create;
pub mod encode;
pub mod exposition;
pub mod increment;
pub mod observe;
pub mod scrape;

use std::error::Error;

use figures::{Entrant, Group, Rounds};

/// The result of a group, whose only errors are those of the machine.
pub type Done = Result<(), Box<dyn Error>>;

/// Measures and prints a group whose figures are nanoseconds for one unit, which its title names.
pub fn nanoseconds(
    name: &str,
    title: &str,
    entrants: impl IntoIterator<Item = Entrant>,
) -> Result<Rounds, Box<dyn Error>> {
    let (name, title) = (name.to_owned(), format!("{name}: {title}"));
    Group { name, title, unit: "ns" }.measure(entrants.into_iter().collect())
}
