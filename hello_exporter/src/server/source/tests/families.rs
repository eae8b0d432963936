//! The families of sources in an exposition.

use std::io::Read;
use std::sync::atomic::AtomicU32;

use super::*;
use crate::LabelValue;
use crate::collect::new::WithoutNew;
use crate::collect::{Collect, Declared, Desc, Describe, FamilyEncoder, MetricType};
use crate::metric::DynamicFamilies;

/// A label value that panics.
struct Grumpy;

impl LabelValue for Grumpy {
    type Buffer = ();

    fn as_label<'a>(&'a self, (): &'a mut ()) -> &'a str {
        panic!("no comment")
    }
}

#[actix_web::test]
async fn source_whose_metrics_panic_is_left_out_as_a_whole() {
    #[derive(hello_exporter_derive::Collector)]
    #[collector(crate = crate)]
    struct Half {
        /// Before the panic.
        half_a: u64,
        #[metric(help = "Panics.", labels = ["x"])]
        half_b: Vec<([Grumpy; 1], u64)>,
    }

    pause();
    let mut sources = Sources::new(Registry::new());
    let half = || async { Ok::<_, Infallible>(Half { half_a: 1, half_b: vec![([Grumpy], 2)] }) };
    add(&mut sources, "half", async_fn(half));
    let counts = Arc::new(Counts::default());
    let good = move || {
        let value = Good { value: 1, _alive: Alive::new(&counts) };
        async { Ok::<_, Infallible>(value) }
    };
    add(&mut sources, "good", async_fn(good));
    let sources = on_runtime(sources);
    let failures = || {
        let last = |status: Status| status.last.map(|last| last.failure);
        sources.statuses().into_iter().map(last).collect::<Vec<_>>()
    };
    assert_eq!(failures(), [None, None]);
    assert_eq!(
        scrape(Metrics::of_sources(Arc::clone(&sources)), "1").await.0,
        "good 1\n\
         x_scrape_collector_success{collector=\"half\"} 0\n\
         x_scrape_collector_success{collector=\"good\"} 1\n"
    );
    assert_eq!(failures(), [Some(Some(FailureKind::Panic)), Some(None)]);
}

/// A body that is compressed while it is written begins again without the source.
#[actix_web::test]
async fn large_source_whose_metrics_panic_is_left_out_of_gzip() {
    #[derive(hello_exporter_derive::Collector)]
    #[collector(crate = crate)]
    struct Large {
        #[metric(help = "Before the panic.", labels = ["x"])]
        large_a: Vec<([String; 1], u64)>,
        #[metric(help = "Panics.", labels = ["x"])]
        large_b: Vec<([Grumpy; 1], u64)>,
    }

    pause();
    let mut sources = Sources::new(Registry::new());
    let runs = AtomicU32::new(0);
    let large = move || {
        let is_fourth = runs.fetch_add(1, Ordering::Relaxed) == 3;
        let large_a = (0..20_000).map(|at| ([format!("label value {at}")], at)).collect();
        let large_b = if is_fourth { vec![([Grumpy], 2)] } else { Vec::new() };
        async { Ok::<_, Infallible>(Large { large_a, large_b }) }
    };
    add(&mut sources, "large", async_fn(large));
    let metrics = endpoint(sources);
    for is_whole in [true, true, true, false, true] {
        let request = TestRequest::get().uri("/metrics").insert_header(("Accept-Encoding", "gzip"));
        let response = metrics.clone().scrape(request.to_http_request()).await;
        let body = to_bytes(response.into_body()).await.unwrap();
        let mut text = String::new();
        flate2::read::GzDecoder::new(&*body).read_to_string(&mut text).unwrap();
        let series = text.lines().filter(|line| line.starts_with("large_a{")).count();
        assert_eq!(series, if is_whole { 20_000 } else { 0 });
        let success =
            format!("x_scrape_collector_success{{collector=\"large\"}} {}\n", u8::from(is_whole));
        assert!(text.contains(&success), "{}", text.lines().last().unwrap());
    }
}

/// A collector whose `describe` panics.
struct Secretive;

impl Describe for Secretive {
    fn describe(&self) -> Vec<Desc> {
        panic!("no comment")
    }
}

impl Collect for Secretive {
    fn collect(&self, _: usize, encoder: &mut FamilyEncoder<'_>) {
        encoder.value(1);
    }
}

impl Declared for Secretive {
    const FAMILIES: usize = 1;
    const HAS_DYNAMIC: bool = true;
    type New = WithoutNew;

    fn declared() -> Vec<Desc> {
        vec![Desc::new("secretive", "Help.", MetricType::Gauge)]
    }
}

#[actix_web::test]
async fn source_whose_metrics_panic_in_describe_is_left_out_as_a_whole() {
    pause();
    let mut sources = Sources::new(Registry::new());
    add(&mut sources, "secretive", async_fn(|| async { Ok::<_, Infallible>(Secretive) }));
    let sources = on_runtime(sources);
    assert_eq!(
        scrape(Metrics::of_sources(Arc::clone(&sources)), "1").await.0,
        "x_scrape_collector_success{collector=\"secretive\"} 0\n"
    );
    let last = sources.statuses().remove(0).last.map(|last| last.failure);
    assert_eq!(last, Some(Some(FailureKind::Panic)));
}

#[actix_web::test]
async fn up_metric_exposes_the_success_of_its_source() {
    pause();
    let mut sources = Sources::new(Registry::new());
    let up = |name: &'static str| {
        SourceOptions::new(name)
            .prefix("db_")
            .const_label("of", name)
            .up_metric("up", "Whether it answers.")
    };
    let counts = Arc::new(Counts::default());
    let good = move || {
        let value = Good { value: 1, _alive: Alive::new(&counts) };
        async { Ok::<_, Infallible>(value) }
    };
    let hanging = || async {
        std::future::pending::<()>().await;
        Err::<Hanging, _>("unreachable")
    };
    let failing = || async { Err::<Failing, _>("the backend is on fire") };
    add(&mut sources, up("good"), async_fn(good));
    add(&mut sources, up("hanging"), async_fn(hanging));
    add(&mut sources, up("failing"), async_fn(failing));
    assert_eq!(
        scrape(endpoint(sources), "1").await.0,
        "db_good{of=\"good\"} 1\n\
         db_up{of=\"good\"} 1\n\
         db_up{of=\"hanging\"} 0\n\
         db_up{of=\"failing\"} 0\n\
         x_scrape_collector_success{collector=\"good\"} 1\n\
         x_scrape_collector_success{collector=\"hanging\"} 0\n\
         x_scrape_collector_success{collector=\"failing\"} 0\n"
    );
}

#[actix_web::test]
async fn dynamic_families_have_the_prefix_and_labels_of_their_source() {
    pause();
    let mut sources = Sources::new(Registry::new());
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let families = move || {
        let run = counted.fetch_add(1, Ordering::Relaxed);
        let mut families = DynamicFamilies::new();
        families.gauge(format!("run_{run}"), "Help.").value(run);
        async move { if run == 2 { Err("not this time") } else { Ok(families) } }
    };
    let options = SourceOptions::new("field").prefix("kernel_").const_label("of", "here");
    add(&mut sources, options, async_fn(families));
    let metrics = endpoint(sources);
    let good = "x_scrape_collector_success{collector=\"field\"} 1\n";
    let first = "kernel_run_0{of=\"here\"} 0\n".to_owned() + good;
    assert_eq!(scrape(metrics.clone(), "1").await.0, first);
    // A query can name a family that no scrape has had yet.
    let named = TestRequest::get().uri("/metrics?name[]=kernel_run_1&name[]=kernel_run_0");
    let response = metrics.clone().scrape(named.to_http_request()).await;
    let body = to_bytes(response.into_body()).await.unwrap();
    assert_eq!(
        body,
        "# HELP kernel_run_1 Help.\n# TYPE kernel_run_1 gauge\nkernel_run_1{of=\"here\"} 1\n"
    );
    let failed = "x_scrape_collector_success{collector=\"field\"} 0\n";
    assert_eq!(scrape(metrics.clone(), "1").await.0, failed);
    let last = "kernel_run_3{of=\"here\"} 3\n".to_owned() + good;
    assert_eq!(scrape(metrics, "1").await.0, last);
}

#[actix_web::test]
async fn two_instances_of_one_source_share_a_family() {
    pause();
    let mut sources = Sources::new(Registry::new());
    for pool in ["read", "write"] {
        let options = SourceOptions::new(pool).prefix("db_").const_label("pool", pool);
        let counts = Arc::new(Counts::default());
        let source = move || {
            let value = Good { value: 7, _alive: Alive::new(&counts) };
            async { Ok::<_, Infallible>(value) }
        };
        add(&mut sources, options, async_fn(source));
    }
    assert_eq!(
        scrape(endpoint(sources), "1").await.0,
        "db_good{pool=\"read\"} 7\n\
         db_good{pool=\"write\"} 7\n\
         x_scrape_collector_success{collector=\"read\"} 1\n\
         x_scrape_collector_success{collector=\"write\"} 1\n"
    );
}
