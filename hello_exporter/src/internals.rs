//! The items of the core that the server uses in addition to the public ones.
//!
//! The files of `server` import from the public modules, from
//! [`encode::Format`](crate::encode::Format), and from here. There are five groups:
//!
//! - **An author's code** runs under [`catch`], or [`catch_async`] if it is asynchronous, so that a
//!   panic loses only its own samples. Values that it returns are kept in a [`Guarded`]. If such a
//!   value panics when it is dropped, a [`DropLog`] catches and logs the panic.
//! - **A scrape with collectors of its own.** Sources and probes are registered as a
//!   [`Registrable`] with their [`Declarations`]. A [`Provider`] hands a [`ScrapeCollector`] of
//!   each to the scrape.
//! - **Responses**: an [`Exposition`] is written to, a [`BodyEncoder`] keeps the buffers and
//!   compressors of an endpoint, and [`query_pairs`] reads a query.
//! - **Runs**: a [`SingleFlight`] shares a [`Run`] between all who need it.
//! - **Small helpers**: [`lock`], [`read`] and [`write`] for locks that outlive a panic;
//!   [`write_whole`] replaces a file; [`system_roots`] are the authorities that the system trusts;
//!   [`metric_prefix`] makes the prefix of metrics from the name of a program.
//!
//! The server also uses a few private methods of public types: `Registry::encode_request` encodes a
//! scrape with a provider, `Registry::plan` and `Registry::encode_planned` do so in two steps,
//! `Registrable::never_blocks` marks a collector of this library, `Registry::sibling` returns
//! another registry with the same counters of dropped series, `Registry::families_of` returns a
//! collector's family names, `Registry::health` returns the counters of dropped series,
//! `FamilyEncoder::series` counts written series, `Registry::scope_with` adds a prefix and labels,
//! `Registry::describe_to` adds the families to a schema, `Registry::show_only` leaves out
//! families, `Registry::deprecated` lists deprecated ones, `Scope::last` exposes families after all
//! others, `Scope::add` registers a [`Registrable`], `RegisterError::other` names the other
//! collector of a clash, `Response::encode` makes a response, and `Response::has_encoding_error`
//! returns whether it is not as requested.

pub(crate) use crate::collect::live::{InMemory, Liveness};
pub(crate) use crate::encode::Exposition;
pub(crate) use crate::name::prefix::metric_prefix;
pub(crate) use crate::panic::asynchronous::{catch_async, note_location};
pub(crate) use crate::panic::{DropLog, Guarded, Panic, PanicState, catch, panic_message};
pub(crate) use crate::registry::Addition;
pub(crate) use crate::registry::collectors::ScrapeCollector;
pub(crate) use crate::registry::of_server::ScrapePlan;
pub(crate) use crate::registry::origin::{
    CollectorName, Declarations, FOREIGN_REGISTRY, Registrable, assert_live,
};
pub(crate) use crate::registry::scrape::{Provider, ScrapeRequest};
pub(crate) use crate::registry::shown::ShownFamilies;
pub(crate) use crate::registry::textfile::write_whole;
pub(crate) use crate::respond::body::BodyEncoder;
pub(crate) use crate::respond::query::query_pairs;
pub(crate) use crate::schema::SchemaBuilder;
pub(crate) use crate::single_flight::{Joined, Run, SingleFlight};
pub(crate) use crate::sync::{lock, read, write};
pub(crate) use crate::system_roots::system_roots;
