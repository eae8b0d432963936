//! `expire_after`: series disappear once nothing updates them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::time::Duration;

use hello_exporter::testing::{PausedClock, assert_exposition};
use hello_exporter::{Collector, Counter, CounterVec, Family, GaugeVec, HistogramVec, Labels};
use hello_exporter_tests::{exposition, registry_of, until};

const TEN_MINUTES: Duration = Duration::from_secs(600);

#[derive(Labels)]
struct Peer<'a> {
    peer: &'a str,
}

#[derive(Collector)]
struct Peers {
    #[metric(help = "Blocks.", expire_after = "10m")]
    blocks_total: Family<Peer<'static>, Counter<f64>>,

    #[metric(help = "Requests.", labels = ["peer"], expire_after = TEN_MINUTES)]
    requests: GaugeVec<1, i64>,

    #[metric(help = "Sizes.", labels = ["peer"], expire_after = "10m", buckets = [1, 8])]
    sizes: HistogramVec<1>,

    #[metric(help = "Times.", labels = ["peer"], expire_after = "10m", buckets = [1], native)]
    times: HistogramVec<1>,

    #[metric(help = "Others.", labels = ["peer"])]
    others_total: CounterVec<1>,
}

impl Peers {
    fn update(&self, peer: &str) {
        self.blocks_total.with(Peer { peer }).inc_by(1.5);
        self.requests.with([peer]).inc();
        self.sizes.with([peer]).observe(2.5);
        self.times.with([peer]).observe(2.5);
        self.others_total.with([peer]).inc();
    }
}

#[test]
fn series_without_updates_disappear_and_start_again_at_zero() {
    let clock = PausedClock::new();
    let peers = Peers::new();
    peers.update("north");
    peers.update("south");
    clock.advance(TEN_MINUTES * 3);
    assert_exposition(
        &peers,
        r#"
        # HELP blocks_total Blocks.
        # TYPE blocks_total counter
        blocks_total{peer="north"} 1.5
        blocks_total{peer="south"} 1.5
        # HELP others_total Others.
        # TYPE others_total counter
        others_total{peer="north"} 1
        others_total{peer="south"} 1
        # HELP requests Requests.
        # TYPE requests gauge
        requests{peer="north"} 1
        requests{peer="south"} 1
        # HELP sizes Sizes.
        # TYPE sizes histogram
        sizes_bucket{peer="north",le="1"} 0
        sizes_bucket{peer="north",le="8"} 1
        sizes_bucket{peer="north",le="+Inf"} 1
        sizes_sum{peer="north"} 2.5
        sizes_count{peer="north"} 1
        sizes_bucket{peer="south",le="1"} 0
        sizes_bucket{peer="south",le="8"} 1
        sizes_bucket{peer="south",le="+Inf"} 1
        sizes_sum{peer="south"} 2.5
        sizes_count{peer="south"} 1
        # HELP times Times.
        # TYPE times histogram
        times_bucket{peer="north",le="1"} 0
        times_bucket{peer="north",le="+Inf"} 1
        times_sum{peer="north"} 2.5
        times_count{peer="north"} 1
        times_bucket{peer="south",le="1"} 0
        times_bucket{peer="south",le="+Inf"} 1
        times_sum{peer="south"} 2.5
        times_count{peer="south"} 1
        "#,
    );

    clock.advance(TEN_MINUTES / 2);
    peers.update("south");
    clock.advance(TEN_MINUTES / 2);
    let south = r#"
        # HELP blocks_total Blocks.
        # TYPE blocks_total counter
        blocks_total{peer="south"} 3
        # HELP others_total Others.
        # TYPE others_total counter
        others_total{peer="north"} 1
        others_total{peer="south"} 2
        # HELP requests Requests.
        # TYPE requests gauge
        requests{peer="south"} 2
        # HELP sizes Sizes.
        # TYPE sizes histogram
        sizes_bucket{peer="south",le="1"} 0
        sizes_bucket{peer="south",le="8"} 2
        sizes_bucket{peer="south",le="+Inf"} 2
        sizes_sum{peer="south"} 5
        sizes_count{peer="south"} 2
        # HELP times Times.
        # TYPE times histogram
        times_bucket{peer="south",le="1"} 0
        times_bucket{peer="south",le="+Inf"} 2
        times_sum{peer="south"} 5
        times_count{peer="south"} 2
        "#;
    assert_exposition(&peers, south);
    assert_eq!((peers.sizes.len(), peers.times.len(), peers.others_total.len()), (1, 1, 2));

    clock.advance(TEN_MINUTES);
    peers.requests.with(["north"]).dec();
    assert_exposition(
        &peers,
        r#"
        # HELP others_total Others.
        # TYPE others_total counter
        others_total{peer="north"} 1
        others_total{peer="south"} 2
        # HELP requests Requests.
        # TYPE requests gauge
        requests{peer="north"} -1
        "#,
    );
}

#[derive(Collector)]
struct Levels {
    #[metric(help = "Levels.", labels = ["x"], expire_after = "32s", max_series = 2)]
    levels: GaugeVec<1>,
}

const HEAD: &str = "# HELP levels Levels.\n# TYPE levels gauge\n";

#[test]
fn series_expires_at_the_first_scrape_after_its_time() {
    let clock = PausedClock::new();
    let levels = Levels::new();
    let first = format!("{HEAD}levels{{x=\"a\"}} 1");
    levels.levels.with(["a"]).set(1.0);
    // Each row is the time since the one before, and whether the scrape then shows the series.
    for (seconds, is_exposed) in [(60.0, true), (31.0, true), (0.5, true), (0.5, false)] {
        clock.advance(Duration::from_secs_f64(seconds));
        assert_exposition(&levels, if is_exposed { &first } else { "" });
    }
    levels.levels.with(["a"]).set(1.0);
    assert_exposition(&levels, &first);
    clock.advance(Duration::from_secs(32));
    assert_exposition(&levels, "");
}

#[test]
fn every_update_keeps_a_series_and_reads_do_not() {
    let clock = PausedClock::new();
    let levels = Levels::new();
    let (level, pinned) = (levels.levels.with(["a"]), levels.levels.with(["a"]).pin());
    let updates: [&dyn Fn(); 6] = [
        &|| level.set(1.0),
        &|| level.add(0.0),
        &|| level.init(),
        &|| pinned.set(1.0),
        &|| pinned.init(),
        &|| drop(levels.levels.with(["a"]).inc_guard()),
    ];
    level.set(1.0);
    for (at, update) in updates.iter().enumerate() {
        assert_exposition(&levels, &format!("{HEAD}levels{{x=\"a\"}} 1"));
        clock.advance(Duration::from_secs(31));
        update();
        clock.advance(Duration::from_secs(1));
        assert_eq!(levels.levels.len(), 1, "after update {at}");
    }
    assert_exposition(&levels, &format!("{HEAD}levels{{x=\"a\"}} 1"));
    clock.advance(Duration::from_secs(32));
    assert_eq!((level.get(), pinned.get(), levels.levels.iter().count()), (1.0, 1.0, 1));
    assert_exposition(&levels, "");
    assert_eq!((level.get(), pinned.get(), levels.levels.iter().count()), (0.0, 0.0, 0));
}

#[test]
fn series_with_a_guard_does_not_expire() {
    let clock = PausedClock::new();
    let levels = Levels::new();
    let guards = [(); 2].map(|()| levels.levels.with(["a"]).inc_guard());
    let mut left = 2;
    for guard in guards {
        for _ in 0..3 {
            assert_exposition(&levels, &format!("{HEAD}levels{{x=\"a\"}} {left}"));
            clock.advance(Duration::from_secs(1000));
        }
        drop(guard);
        left -= 1;
    }
    assert_exposition(&levels, &format!("{HEAD}levels{{x=\"a\"}} 0"));
    clock.advance(Duration::from_secs(32));
    assert_exposition(&levels, "");
}

#[test]
fn guard_of_a_removed_series_does_not_keep_the_next_one() {
    let clock = PausedClock::new();
    let levels = Levels::new();
    let guard = levels.levels.with(["a"]).inc_guard();
    assert!(levels.levels.remove(["a"]));
    levels.levels.with(["a"]).set(5.0);
    drop(guard);
    assert_exposition(&levels, &format!("{HEAD}levels{{x=\"a\"}} 4"));
    clock.advance(Duration::from_secs(32));
    assert_exposition(&levels, "");
}

#[test]
fn expired_series_do_not_count_for_max_series_even_without_scrapes() {
    let clock = PausedClock::new();
    let levels = Levels::new();
    for x in ["a", "b", "c"] {
        levels.levels.with([x]).set(1.0);
    }
    assert_eq!((levels.levels.len(), levels.levels.with(["c"]).get()), (2, 0.0));
    // The attempt to create `d` is the first one to look for updates.
    clock.advance(Duration::from_secs(32));
    levels.levels.with(["d"]).set(1.0);
    assert_eq!((levels.levels.len(), levels.levels.with(["d"]).get()), (2, 0.0));
    clock.advance(Duration::from_secs(32));
    levels.levels.with(["e"]).set(1.0);
    assert_eq!((levels.levels.len(), levels.levels.with(["e"]).get()), (1, 1.0));
}

#[test]
fn expire_after_of_the_run_time_keeps_max_series() {
    let clock = PausedClock::new();
    let mut levels = Levels::new();
    levels.levels = levels.levels.expire_after(TEN_MINUTES);
    for x in ["a", "b", "c"] {
        levels.levels.with([x]).set(1.0);
    }
    let both = format!("{HEAD}levels{{x=\"a\"}} 1\nlevels{{x=\"b\"}} 1");
    assert_exposition(&levels, &both);
    clock.advance(TEN_MINUTES - Duration::from_millis(1));
    assert_exposition(&levels, &both);
    clock.advance(Duration::from_millis(1));
    assert_exposition(&levels, "");

    levels.levels = levels.levels.expire_after(Duration::ZERO);
    levels.levels.with(["a"]).set(1.0);
    for _ in 0..3 {
        assert_exposition(&levels, &format!("{HEAD}levels{{x=\"a\"}} 1"));
        clock.advance(TEN_MINUTES * 1000);
    }
}

#[test]
fn series_expires_by_the_real_clock() {
    let peers = CounterVec::new(["peer"]).expire_after(Duration::from_millis(1));
    let waiting = Waiting { peers_total: peers };
    waiting.peers_total.with(["north"]).inc();
    let registry = registry_of(waiting);
    until(|| exposition(&registry).is_empty());
}

#[derive(Collector)]
struct Waiting {
    #[metric(help = "Peers.", labels = ["peer"])]
    peers_total: CounterVec<1>,
}
