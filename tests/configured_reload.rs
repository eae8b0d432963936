//! Reloads of a configuration file.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use hello_exporter_tests::configured::{
    ConfigDirectory, all_versions, is_last_reload_successful, versions,
};
use hello_exporter_tests::http::{get, get_as, request};
use hello_exporter_tests::web_config::{SECRET, users};
use hello_exporter_tests::{Exporter, until, without_time};

const RELOADED: &str = "Reloaded the configuration";

const KEPT: &str = "Cannot use the changed configuration, keeping the previous one";

/// A file that cannot be used, as the `number`th of all.
fn break_file(directory: &ConfigDirectory, number: u32) -> &'static str {
    let version = format!("version: {number}\n");
    match number / 3 % 6 {
        0 => {
            directory.write(&format!("{version}servers: [\n"));
            "@:2:10: unclosed bracket '['"
        }
        1 => {
            directory.write(&format!("{version}verison: 1\n"));
            "@:2:1: unknown key `verison`"
        }
        2 => {
            directory.write("version: 0\n");
            "@: version 0: expected at least 1"
        }
        3 => {
            // An interrupted writer.
            let contents = format!("{version}servers: [{{name: \"alpha\"}}]\n");
            fs::write(&directory.file, &contents[..contents.len() - 8]).unwrap();
            "@:2:18: unclosed quote"
        }
        4 => {
            directory.remove();
            "cannot read configuration file @: No such file or directory (os error 2)"
        }
        _ => {
            directory.make_unreadable();
            "cannot read configuration file @: Is a directory (os error 21)"
        }
    }
}

/// Requests a reload by the endpoint, or by SIGHUP. Returns the next line of the log about it.
fn reload(exporter: &mut Exporter, number: u32, is_broken: bool) -> String {
    if number.is_multiple_of(2) {
        let response = request(exporter.address, "POST", "/-/reload");
        let kept = "cannot use the configuration, see the log; the previous one stays in force\n";
        let expected = if is_broken { (500, kept) } else { (200, "reloaded\n") };
        assert_eq!((response.status, &*response.body), expected, "reload {number}");
    } else {
        exporter.send_signal("HUP");
    }
    exporter.next_line_with(if is_broken { KEPT } else { RELOADED })
}

/// Ends the scrapes when it is dropped, at a failed assertion too.
struct EndOfScrapes<'a>(&'a AtomicBool);

impl Drop for EndOfScrapes<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Scrapes until `is_over`, and returns how many scrapes there were. Each succeeds, and has a
/// single version in all its parts.
fn scrape_until(address: SocketAddr, is_over: &AtomicBool) -> usize {
    let mut scrapes = 0;
    while !is_over.load(Ordering::Relaxed) {
        let scrape = get(address, "/metrics");
        assert_eq!(scrape.status, 200, "{}", scrape.body);
        let found = versions(&scrape);
        let (_, version) = found.first().unwrap().split_once(' ').unwrap();
        assert_eq!(found, all_versions(version.parse().unwrap()));
        scrapes += 1;
    }
    scrapes
}

#[test]
fn no_scrape_sees_a_mixture_of_200_reloads() {
    let directory = ConfigDirectory::of("version: 1\n");
    let mut exporter = directory.start(&["--web.enable-lifecycle"]);
    let address = exporter.address;
    let (is_over, scrapes) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                scrapes.fetch_add(scrape_until(address, &is_over), Ordering::Relaxed);
            });
        }
        let _end = EndOfScrapes(&is_over);
        let mut in_force = 1;
        for number in 2..=201_u32 {
            let error = number.is_multiple_of(3).then(|| break_file(&directory, number));
            if error.is_none() {
                directory.write(&format!("version: {number}\n"));
                in_force = number;
            }
            let line = directory.shortened(&reload(&mut exporter, number, error.is_some()));
            assert!(line.contains(error.unwrap_or("file=@")), "reload {number}: {line}");
            assert_eq!(is_last_reload_successful(&exporter), error.is_none(), "reload {number}");
            let scrape = get(exporter.address, "/metrics");
            assert_eq!(versions(&scrape), all_versions(in_force), "reload {number}");
        }
    });
    assert!(scrapes.into_inner() >= 200, "the scrapes did not keep up with the reloads");
}

/// Waits until all parts of a scrape use this version.
fn until_in_force(exporter: &Exporter, version: u32) {
    until(|| versions(&get(exporter.address, "/metrics")) == all_versions(version));
}

#[test]
fn changed_file_is_reloaded() {
    let directory = ConfigDirectory::of("version: 1\n");
    let mut exporter = directory.start(&[]);
    assert_eq!(versions(&get(exporter.address, "/metrics")), all_versions(1));
    directory.write("version: 2\n");
    let line = exporter.next_line_with(RELOADED);
    let expected = "info msg=\"Reloaded the configuration\" file=@\n";
    assert_eq!(without_time(&directory.shortened(&line)), expected);
    assert_eq!(versions(&get(exporter.address, "/metrics")), all_versions(2));

    directory.write("version: many\n");
    let line = exporter.next_line_with(KEPT);
    let expected = format!(
        "error msg=\"{KEPT}\" error=\"@:1:10: expected a whole number from 0 to 4294967295\"\n"
    );
    assert_eq!(without_time(&directory.shortened(&line)), expected);
    assert_eq!(versions(&get(exporter.address, "/metrics")), all_versions(2));
    assert!(!is_last_reload_successful(&exporter));

    directory.write("version: 3\n");
    // The broken file was logged once.
    assert!(exporter.next_line_with("config").contains(RELOADED));
    assert!(is_last_reload_successful(&exporter));
}

#[test]
fn hangup_reloads_an_unchanged_file() {
    let directory = ConfigDirectory::of("version: 1\n");
    let mut exporter = directory.start(&[]);
    exporter.send_signal("HUP");
    exporter.next_line_with(RELOADED);
    let (status, _) = exporter.signal("TERM");
    assert_eq!(status.code(), Some(0));
}

#[test]
fn file_that_is_restored_is_in_force() {
    let directory = ConfigDirectory::of("version: 1\n");
    let exporter = directory.start(&["--web.enable-lifecycle"]);
    directory.remove();
    assert_eq!(request(exporter.address, "POST", "/-/reload").status, 500);
    until_in_force(&exporter, 1);
    directory.write("version: 2\n");
    until_in_force(&exporter, 2);
    assert!(is_last_reload_successful(&exporter));
}

#[test]
fn run_that_hangs_with_the_old_version_delays_no_other_source() {
    let directory = ConfigDirectory::of("version: 1\n");
    let exporter = directory.start(&["--collector.hung", "--hung.hangs", "--web.enable-lifecycle"]);
    let hung = "configured_scrape_collector_success{collector=\"hung\"}";
    let has = |scrape: &str, value: u8| scrape.contains(&format!("\n{hung} {value}\n"));
    assert!(has(&get(exporter.address, "/metrics").body, 0));
    directory.write("version: 2\n");
    assert_eq!(request(exporter.address, "POST", "/-/reload").status, 200);
    let scrape = get(exporter.address, "/metrics");
    assert!(has(&scrape.body, 0), "its thread still has the old version: {}", scrape.body);
    assert_eq!(versions(&scrape), all_versions(2));
}

#[test]
fn probes_use_the_reloaded_file() {
    let servers =
        |version: u32, name: &str| format!("version: {version}\nservers: [{{name: {name}}}]\n");
    let directory = ConfigDirectory::of(&servers(1, "alpha"));
    let exporter = directory.start(&["--web.enable-lifecycle"]);
    let probe = |target: &str| {
        let response = get(exporter.address, &format!("/probe?target={target}"));
        let version = response.body.lines().find(|line| line.starts_with("version "));
        (response.status, version.map(str::to_owned))
    };
    assert_eq!(probe("alpha"), (200, Some("version 1".to_owned())));
    assert_eq!(probe("beta"), (403, None));
    directory.write(&servers(2, "beta"));
    assert_eq!(request(exporter.address, "POST", "/-/reload").status, 200);
    assert_eq!(probe("alpha"), (403, None));
    assert_eq!(probe("beta"), (200, Some("version 2".to_owned())));
}

#[test]
fn reload_by_request_needs_the_password() {
    let directory = ConfigDirectory::of("version: 1\n");
    let web = directory.file.with_file_name("web.yml");
    fs::write(&web, users(&[("alice", SECRET)])).unwrap();
    let web_config = format!("--web.config.file={}", web.display());
    let exporter = directory.start(&["--web.enable-lifecycle", &web_config]);
    assert_eq!(request(exporter.address, "POST", "/-/reload").status, 401);
    // The password is right, the method is not.
    assert_eq!(get_as(exporter.address, "/-/reload", "alice", "secret").status, 405);
}

/// Returns the section about the configuration on the page at `/`, with `N` for each number.
fn section(exporter: &Exporter) -> String {
    let page = get(exporter.address, "/").body;
    let (_, rest) = page.split_once("<h2>Configuration</h2>\n").unwrap();
    let (section, _) = rest.split_once("</section>").unwrap();
    let numbers = section.split(|it: char| !it.is_ascii_digit()).filter(|it| !it.is_empty());
    let numbers: Vec<&str> = numbers.collect();
    numbers.iter().fold(section.to_owned(), |section, number| section.replace(number, "N"))
}

/// Returns the section for a state of the last load, and the text about reloads.
fn expected_section(state: &str, reloads: &str) -> String {
    format!(
        "<ul class=\"card collectors\">\n<li><span class=\"name\">Last load</span> {state}</li>\n\
         </ul>\n<p class=\"quiet\">It is reloaded when its file changes and on SIGHUP. {reloads} The \
         log has the causes of failures.</p>\n"
    )
}

#[test]
fn panic_of_the_parser_is_a_failed_reload() {
    let directory = ConfigDirectory::of("version: 1\n");
    let exporter = directory.start(&["--web.enable-lifecycle"]);
    directory.write("version: 2\nunparsable: 1\n");
    assert_eq!(request(exporter.address, "POST", "/-/reload").status, 500);
    assert!(!is_last_reload_successful(&exporter));
    directory.write("version: 3\n");
    assert_eq!(request(exporter.address, "POST", "/-/reload").status, 200);
    assert!(is_last_reload_successful(&exporter));
}

#[test]
fn few_clients_wait_for_a_reload_that_does_not_end() {
    let directory = ConfigDirectory::of("version: 1\n");
    let exporter = directory.start(&["--web.enable-lifecycle"]);
    directory.write("version: 408\n");
    let clients = [(); 9].map(|()| {
        let mut client = TcpStream::connect(exporter.address).unwrap();
        client.write_all(b"POST /-/reload HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        client.set_nonblocking(true).unwrap();
        client
    });
    let has_response = |client: &&TcpStream| client.peek(&mut [0]).is_ok();
    until(|| clients.iter().any(|client| has_response(&client)));
    let [mut refused] = clients.iter().filter(has_response).collect::<Vec<_>>()[..] else {
        panic!("one of nine requests is refused");
    };
    let mut response = [0; 1000];
    let length = refused.read(&mut response).unwrap();
    let response = str::from_utf8(&response[..length]).unwrap();
    assert!(response.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{response}");
    assert!(response.ends_with("\r\n\r\nthe current reload has not ended yet\n"), "{response}");
    assert_eq!(get(exporter.address, "/metrics").status, 200);
}

#[test]
fn page_shows_whether_the_last_reload_succeeded() {
    let good = "<span class=\"state good\">Succeeded</span> <span class=\"note\">N s ago</span>";
    let bad = "<span class=\"state bad\">Failed</span> \
               <span class=\"note\">the version loaded N s ago stays in force</span>";
    let post = "<code>POST /-/reload</code>";
    let by_request = format!("{post} also reloads it.");
    let directory = ConfigDirectory::of("version: 1\n");
    let exporter = directory.start(&["--web.enable-lifecycle"]);
    assert_eq!(section(&exporter), expected_section(good, &by_request));
    directory.write("version: secret\n");
    assert_eq!(request(exporter.address, "POST", "/-/reload").status, 500);
    assert_eq!(section(&exporter), expected_section(bad, &by_request));
    let page = get(exporter.address, "/").body;
    assert!(!page.contains("secret") && !page.contains("config.yml"), "{page}");
    directory.write("version: 2\n");
    assert_eq!(request(exporter.address, "POST", "/-/reload").status, 200);
    assert_eq!(section(&exporter), expected_section(good, &by_request));

    let exporter = directory.start(&[]);
    let refused = format!("<code>--web.enable-lifecycle</code> also permits {post}.");
    assert_eq!(section(&exporter), expected_section(good, &refused));
}
