//! The page at `/`, shown by a browser.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::net::SocketAddr;

use hello_exporter_tests::http::{get, get_with, request};
use hello_exporter_tests::{Browser, Exporter, Screen, build_example};
use serde_json::{Value, json};

const DESKTOP: Screen = Screen { width: 1280, height: 900, is_mobile: false, scheme: "light" };
const DARK: Screen = Screen { scheme: "dark", ..DESKTOP };
const PHONE: Screen = Screen { width: 360, height: 740, is_mobile: true, scheme: "light" };
const SMALLEST: Screen = Screen { width: 280, ..PHONE };

/// Starts the exporter and scrapes all enabled sources but one twice. In the second scrape, the
/// source `forklifts_and_everything_else_that_moves` hangs.
fn scraped() -> Exporter {
    let program = build_example("hello_exporter_tests", "landing");
    let exporter = Exporter::start_program(&program, &[]);
    for _ in 0..2 {
        scrape(exporter.address);
    }
    exporter
}

fn scrape(address: SocketAddr) {
    let path = "/metrics?exclude[]=climate";
    let response = get_with(address, path, "X-Prometheus-Scrape-Timeout-Seconds: 2");
    assert_eq!(response.status, 200);
}

/// Returns the collectors of a page: name, state, and the rest of the text without its digits.
fn collectors(page: &str) -> Vec<[String; 3]> {
    let (_, tail) = page.split_once("<ul class=\"card collectors\">\n").unwrap();
    let (list, _) = tail.split_once("</ul>").unwrap();
    list.lines().map(collector).collect()
}

fn collector(line: &str) -> [String; 3] {
    let mut texts = Vec::new();
    let mut rest = line;
    while let Some((text, tail)) = rest.split_once('<') {
        texts.push(text.trim());
        rest = tail.split_once('>').unwrap().1;
    }
    let texts: Vec<&str> = texts.into_iter().filter(|text| !text.is_empty()).collect();
    let without_numbers =
        texts.get(2..).unwrap_or_default().join(" ").replace(|it: char| it.is_ascii_digit(), "");
    [texts[0].to_owned(), texts[1].to_owned(), without_numbers]
}

#[test]
fn page_shows_results_of_collectors_and_runs_none() {
    let program = build_example("hello_exporter_tests", "landing");
    let exporter = Exporter::start_program(&program, &[]);
    for _ in 0..3 {
        let page = get(exporter.address, "/").body;
        let states: Vec<String> =
            collectors(&page).into_iter().map(|[_, state, _]| state).collect();
        assert_eq!(states[..7], ["Not run yet"; 7]);
    }
    scrape(exporter.address);
    scrape(exporter.address);
    let page = get(exporter.address, "/").body;
    let shown = collectors(&page);
    let shown: Vec<[&str; 2]> = shown.iter().map(|[name, state, _]| [&**name, &**state]).collect();
    assert_eq!(
        shown,
        [
            ["stock", "Works"],
            ["orders", "Works"],
            ["robots", "Fails"],
            ["conveyor-belts", "Panics"],
            ["gate", "Times out"],
            ["forklifts_and_everything_else_that_moves", "Running"],
            ["climate", "Not run yet"],
            ["audit", "Disabled"],
        ]
    );
    let orders = &collectors(&page)[1][2];
    assert!(orders.starts_with("last run  s ago, took ") && orders.ends_with(", cached for  h"));
    let disabled = &collectors(&page)[7][2];
    assert_eq!(disabled, "--collector.audit enables it");
    assert!(!page.contains("secret") && !page.contains("digit"), "{page}");
}

#[test]
fn page_has_a_strict_policy_and_is_not_cached() {
    let plain = Exporter::start(&[]);
    let with_probes = scraped();
    for (exporter, forms) in [(&plain, "'none'"), (&with_probes, "'self'")] {
        let get = get(exporter.address, "/");
        let head = request(exporter.address, "HEAD", "/");
        let policy = format!(
            "default-src 'none'; style-src '{}'; img-src data:; base-uri 'none'; form-action {forms}; \
             frame-ancestors 'none'",
            style_hash(&get.body)
        );
        for response in [&get, &head] {
            assert_eq!(response.status, 200);
            assert_eq!(response.header("content-type"), Some("text/html; charset=utf-8"));
            assert_eq!(response.header("content-security-policy"), Some(&*policy));
            assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
            assert_eq!(response.header("referrer-policy"), Some("no-referrer"));
            assert_eq!(response.header("cache-control"), Some("no-store"));
        }
        assert_eq!(head.body, "");
        assert!(!get.body.contains("<script") && !get.body.contains("://"), "{}", get.body);
    }
}

/// Returns the source expression with which a policy permits the page's style.
fn style_hash(page: &str) -> String {
    let (_, tail) = page.split_once("<style>").unwrap();
    let (style, _) = tail.split_once("</style>").unwrap();
    let digest = ring::digest::digest(&ring::digest::SHA256, style.as_bytes());
    format!("sha256-{}", base64::Engine::encode(&base64::engine::general_purpose::STANDARD, digest))
}

/// Returns the background color of the page, as `rgb(…)`.
fn background(browser: &mut Browser) -> Value {
    browser.evaluate("getComputedStyle(document.body).backgroundColor")
}

#[test]
fn browser_shows_the_page_on_every_screen() {
    let exporter = scraped();
    let url = format!("http://{}/", exporter.address);
    let mut browser = Browser::start();
    for (screen, colour) in [
        (DESKTOP, "rgb(245, 246, 248)"),
        (DARK, "rgb(17, 21, 27)"),
        (PHONE, "rgb(245, 246, 248)"),
        (SMALLEST, "rgb(245, 246, 248)"),
    ] {
        browser.open(&url, screen);
        assert_eq!(browser.console(), [""; 0], "{screen:?}");
        assert_eq!(browser.requests(), [&*url], "{screen:?}");
        assert_eq!(background(&mut browser), colour, "{screen:?}");
        // No content is wider than the screen.
        let widths = browser.evaluate("[document.documentElement.scrollWidth, innerWidth]");
        assert_eq!(widths, json!([screen.width, screen.width]));
        let title =
            browser.evaluate("document.title + ': ' + document.querySelector('h1').innerText");
        assert_eq!(title, "warehouse_exporter: warehouse_exporter");
        keep(&mut browser, screen);
    }
}

/// Saves a picture of the page in the directory `SCREENSHOTS`, to inspect a change of its style.
fn keep(browser: &mut Browser, screen: Screen) {
    if let Some(directory) = std::env::var_os("SCREENSHOTS") {
        let Screen { width, scheme, .. } = screen;
        let path = std::path::Path::new(&directory).join(format!("{width}-{scheme}.png"));
        let picture = browser.screenshot();
        let engine = &base64::engine::general_purpose::STANDARD;
        std::fs::write(path, base64::Engine::decode(engine, picture).unwrap()).unwrap();
    }
}

#[test]
fn probe_form_leads_to_its_response() {
    let exporter = scraped();
    let url = format!("http://{}/", exporter.address);
    let mut browser = Browser::start();
    browser.open(&url, PHONE);
    let submit = "document.querySelector('[name=target]').value = 'a:1'; \
                  document.querySelector('[name=module]').value = 'tcp_connect'; \
                  document.querySelector('form').submit()";
    let shown = browser.follow(submit);
    assert_eq!(shown, format!("{url}probe?target=a%3A1&module=tcp_connect"));
    let text = browser.evaluate("document.body.innerText");
    assert!(text.as_str().unwrap().contains("probe_success 1"), "{text}");
}
