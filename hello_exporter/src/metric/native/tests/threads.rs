//! Many threads at once.

use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::thread;

use super::model::assert_counted;
use super::*;

const THREADS: usize = 8;
const OBSERVATIONS: usize = 100_000;

/// Returns the values of a thread. Their range grows, so that the histogram is widened on the way.
fn values(thread: usize) -> Vec<f64> {
    let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ thread as u64);
    let value = |at: usize| {
        let decades = 12.0 * at as f64 / OBSERVATIONS as f64;
        let sign = if random.next().is_multiple_of(5) { -1.0 } else { 1.0 };
        sign * 10.0_f64.powf(decades * (random.fraction() - 0.5))
    };
    (0..OBSERVATIONS).map(value).collect()
}

#[test]
fn no_observation_is_lost_during_reads_and_widenings() {
    for factor in [1.003, 1.1] {
        let options = NativeBuckets::new().factor(factor).max_buckets(30).max_zero_threshold(0.1);
        let histogram = histogram(options);
        let values: Vec<Vec<f64>> = (0..THREADS).map(values).collect();
        let running = AtomicUsize::new(THREADS);
        thread::scope(|scope| {
            for values in &values {
                let (histogram, running) = (&histogram, &running);
                scope.spawn(move || {
                    for value in values {
                        histogram.observe(*value);
                    }
                    running.fetch_sub(1, Ordering::Release);
                });
            }
            let (mut scratch, mut previous) = (NativeScratch::default(), 0);
            while running.load(Ordering::Acquire) > 0 {
                histogram.read(&mut scratch, &mut Vec::new());
                let point = scratch.point();
                assert!(point.count >= previous);
                assert_eq!(in_buckets(point), point.count);
                assert!(scratch.populated() <= 30);
                previous = point.count;
            }
        });
        assert_eq!(histogram.count(), (THREADS * OBSERVATIONS) as u64);
        assert!(histogram.is_zero_widened() && histogram.schema() < options.schema);
        assert_counted(&read(&histogram), &values.concat());
    }
}

#[test]
fn no_observation_is_counted_twice_during_resets() {
    let histogram = histogram(NativeBuckets::default().max_buckets(30));
    let (discarded, running) = (AtomicU64::new(0), AtomicUsize::new(4));
    thread::scope(|scope| {
        for thread in 0..4 {
            let (histogram, running) = (&histogram, &running);
            scope.spawn(move || {
                for value in values(thread) {
                    histogram.observe(value);
                }
                running.fetch_sub(1, Ordering::Release);
            });
        }
        while running.load(Ordering::Acquire) > 0 {
            discarded.fetch_add(histogram.count(), Ordering::Relaxed);
            reset(&histogram, Instant::now());
        }
    });
    let observations = (4 * OBSERVATIONS) as u64;
    assert!(discarded.into_inner() + histogram.count() <= observations);
    let scratch = read(&histogram);
    assert_eq!(in_buckets(scratch.point()), scratch.point().count);
    assert_eq!(load::<u64>(&histogram.populated), scratch.populated() as u64);
    reset(&histogram, Instant::now());
    assert_eq!(histogram.count(), 0);
}
