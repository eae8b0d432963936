//! Runs models.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use loom::model::Builder;

/// Runs a model in all orders that can make a difference.
pub(crate) fn check(model: impl Fn() + Send + Sync + 'static) {
    run(Builder::new(), model);
}

/// Runs a model in all orders in which threads are interrupted at most `interruptions` times in
/// total. Three threads, or two with many accesses, have too many orders otherwise.
pub(crate) fn check_some(interruptions: usize, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound.get_or_insert(interruptions);
    run(builder, model);
}

fn run(mut builder: Builder, model: impl Fn() + Send + Sync + 'static) {
    builder.max_branches = 20_000;
    let orders = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&orders);
    builder.check(move || {
        count.fetch_add(1, Ordering::Relaxed);
        model();
    });
    println!("{} orders", orders.load(Ordering::Relaxed));
}
