//! The web configuration file as an operator writes it: what is accepted, what is said of the rest, and
//! what it does.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use hello_exporter_tests::http::{get, get_as, request};
use hello_exporter_tests::web_config::{
    COSTLY, Directory, MUTUAL, ROTATED, SECRET, TLS, check, metrics_url, text, users,
};
use hello_exporter_tests::{
    Authority, Certificate, Exporter, assert_golden, build, curl, data, handshake,
};
use rcgen::SanType;

/// A text of several lines as the value of a key of `tls_server_config`.
fn inline(key: &str, value: &str) -> String {
    let lines: String = value.lines().map(|line| format!("    {line}\n")).collect();
    format!("  {key}: |\n{lines}")
}

/// Sets it when the scope is left, even if by a panic.
struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Asks from another address of the loopback.
fn get_from(source: &str, exporter: &Exporter, user: &str) -> u16 {
    let url = format!("http://{}/metrics", exporter.address);
    curl(&url, &["--user", user, "--interface", source]).unwrap().status
}

#[test]
fn good_files_are_valid() {
    let directory = Directory::new();
    let inlined = format!(
        "tls_server_config:\n{}{}{}  client_auth_type: VerifyClientCertIfGiven\n",
        inline("cert", &directory.read("server.crt")),
        inline("key", &directory.read("server.key")),
        inline("client_ca", &directory.read("ca.crt")),
    );
    let absolute = format!(
        "tls_server_config:\n  cert_file: {}\n  key_file: {}\n",
        directory.path("server.crt"),
        directory.path("server.key"),
    );
    let with = |more: &str| format!("{TLS}{more}");
    for good in [
        String::new(),
        "# Nothing yet.\n".to_owned(),
        "tls_server_config:\nhttp_server_config:\nbasic_auth_users:\nrate_limit:\n".to_owned(),
        "tls_server_config: {}\nhttp_server_config: {}\nrate_limit: {}\n".to_owned(),
        "tls_server_config: {cert_file: '', key_file: ''}\n".to_owned(),
        inlined,
        absolute,
        with("  cert: ''\n  key: ''\n  client_ca: ''\n  client_ca_file: ''\n"),
        with("  client_auth_type: NoClientCert\n"),
        with("  client_auth_type: ''\n"),
        with("  client_ca_file: ca.crt\n  client_auth_type: VerifyClientCertIfGiven\n"),
        MUTUAL.to_owned(),
        format!(
            "{MUTUAL}  client_allowed_sans: [a.example.com, 10.0.0.1, 'a@b.c', 'spiffe://a/b']\n"
        ),
        with("  min_version: TLS12\n  max_version: TLS12\n"),
        with("  min_version: TLS13\n  max_version: TLS13\n"),
        with(
            "  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256]\n",
        ),
        with("  cipher_suites: []\n  curve_preferences: []\n"),
        with("  prefer_server_cipher_suites: false\n"),
        with("  curve_preferences: [X25519, CurveP256, CurveP384]\n"),
        "http_server_config:\n  http2: false\n".to_owned(),
        "http_server_config:\n  headers:\n    Strict-Transport-Security: max-age=3600\n    \
         X-Content-Type-Options: nosniff\n    X-Frame-Options: sameorigin\n    \
         X-XSS-Protection: 1; mode=block\n    Content-Security-Policy: default-src 'none'\n"
            .to_owned(),
        users(&[("alice", &SECRET.replace("$04$", "$16$"))]),
        users(&[("alice", SECRET), ("bob", &SECRET.replace("$2b$", "$2y$"))]),
        "rate_limit:\n  interval: 100ms\n  burst: 20\n".to_owned(),
        "rate_limit: {interval: 0, burst: 0}\n".to_owned(),
    ] {
        let output = check(&directory.write(&good));
        assert_eq!(text(&output.stderr), "", "{good}");
        let said = directory.shortened(&text(&output.stdout));
        assert_eq!(said, "the flags and @/web.yml are valid\n", "{good}");
        assert_eq!(output.status.code(), Some(0), "{good}");
    }
}

#[test]
fn the_examples_of_the_reference_are_valid_and_show_every_key() {
    let reference = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/web-configuration.md");
    let reference = fs::read_to_string(reference).unwrap();
    let directory = Directory::new();
    let examples = reference.split("```yaml\n").skip(1);
    let examples: Vec<&str> = examples.map(|rest| rest.split_once("```").unwrap().0).collect();
    for example in &examples {
        let output = check(&directory.write(example));
        assert_eq!((&*text(&output.stderr), output.status.code()), ("", Some(0)), "{example}");
    }
    // What an error lists is all there is.
    for section in ["", "tls_server_config", "http_server_config", "rate_limit"] {
        let unknown = if section.is_empty() { "x:\n" } else { &format!("{section}: {{x: }}\n") };
        let said = text(&check(&directory.write(unknown)).stderr);
        let (_, keys) = said.split_once("expected one of ").unwrap();
        for key in keys.split('`').skip(1).step_by(2) {
            let is_text = ["cert", "key", "client_ca"].contains(&key);
            let is_shown = examples.iter().any(|example| example.contains(&format!("{key}:")));
            assert!(is_shown || is_text, "{key} has no example");
            assert!(
                reference.contains(&format!("`{key}`"))
                    || reference.contains(&format!("## {key}\n"))
            );
        }
    }
}

/// Returns the paths of the invalid files in `web_config/`, without their ending.
fn invalid_files() -> Vec<String> {
    let names = |directory: &str| -> Vec<String> {
        let entries = fs::read_dir(data(directory)).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.map(|name| format!("{directory}/{name}")).collect()
    };
    let files = names("web_config").into_iter().flat_map(|section| names(&section));
    files.filter_map(|file| Some(file.strip_suffix(".yml")?.to_owned())).collect()
}

#[test]
fn bad_files_are_one_line_that_says_where_and_what_would_be_right() {
    let directory = Directory::new();
    for case in invalid_files() {
        let bad = fs::read_to_string(data(&format!("{case}.yml"))).unwrap();
        let output = check(&directory.write(&bad));
        assert_eq!(text(&output.stdout), "", "{case}");
        let said = directory.shortened(&text(&output.stderr));
        let (_, line) = said.split_once(" level=").unwrap();
        assert_golden(&format!("{case}.stderr"), &format!("level={line}"));
        assert_eq!(said.lines().count(), 1, "{said}");
        assert_eq!(output.status.code(), Some(1), "{case}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_one_line_and_exit_status_1() {
    let directory = Directory::new();
    let file = directory.path("nowhere.yml");
    for arguments in [&["--config.check"][..], &["--web.listen-address=127.0.0.1:0"][..]] {
        let flag = format!("--web.config.file={file}");
        let output = Command::new(build()).arg(flag).args(arguments).output().unwrap();
        let said = directory.shortened(&text(&output.stderr));
        let message = "level=error msg=\"cannot read web configuration file @/nowhere.yml: No such file \
                       or directory (os error 2)\"\n";
        assert!(said.ends_with(message), "{said}");
        assert_eq!((said.lines().count(), output.status.code()), (1, Some(1)));
    }
    fs::write(&file, b"\xff").unwrap();
    let output = check(Path::new(&file));
    let said = directory.shortened(&text(&output.stderr));
    assert!(said.ends_with("msg=\"@/nowhere.yml: not UTF-8\"\n"), "{said}");
}

#[test]
fn without_a_file_the_flags_alone_are_checked() {
    for arguments in [&["--config.check"][..], &["--config.check", "--web.config.file="][..]] {
        let output = Command::new(build()).args(arguments).output().unwrap();
        assert_eq!(text(&output.stdout), "the flags are valid\n");
        assert_eq!((&*text(&output.stderr), output.status.code()), ("", Some(0)));
    }
}

#[test]
fn what_is_not_supported_is_left_out_with_a_warning_while_something_remains() {
    let directory = Directory::new();
    let file = directory.write(&format!(
        "{TLS}  cipher_suites: [TLS_RSA_WITH_AES_128_CBC_SHA, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]\n  \
         curve_preferences: [X25519MLKEM768, CurveP521, X25519]\nrate_limit: {{burst: 5}}\n"
    ));
    let output = check(&file);
    assert_eq!(output.status.code(), Some(0));
    let said = directory.shortened(&text(&output.stderr));
    let warnings: Vec<&str> =
        said.lines().map(|line| line.split_once(" level=").unwrap().1).collect();
    assert_eq!(
        warnings,
        [
            "warn msg=\"`cipher_suites`: `TLS_RSA_WITH_AES_128_CBC_SHA` not supported, and left out\" \
             file=@/web.yml",
            "warn msg=\"`curve_preferences`: `X25519MLKEM768`, `CurveP521` not supported, and left out\" \
             file=@/web.yml",
            "warn msg=\"`rate_limit`: `burst` has no effect without `interval`\" file=@/web.yml",
        ]
    );
}

#[test]
fn costs_that_tell_names_apart_are_warned_of() {
    let directory = Directory::new();
    let output = check(&directory.write(&users(&[("alice", SECRET), ("bob", COSTLY)])));
    let said = directory.shortened(&text(&output.stderr));
    let warning = "level=warn msg=\"`basic_auth_users`: hashes of costs 4 to 10, so that the time of an \
                   answer tells which names there are, expected one cost for all\" file=@/web.yml\n";
    assert!(said.ends_with(warning), "{said}");
    assert_eq!((said.lines().count(), output.status.code()), (1, Some(0)));
}

#[test]
fn who_has_no_right_credentials_gets_what_exporter_toolkit_answers() {
    let directory = Directory::new();
    let exporter = directory.start(&users(&[("alice", SECRET)]));
    let address = exporter.address;
    for response in [
        get(address, "/metrics"),
        get(address, "/"),
        get(address, "/nope"),
        request(address, "POST", "/metrics"),
        get_as(address, "/metrics", "alice", "wrong"),
        get_as(address, "/metrics", "bob", "secret"),
        get_as(address, "/metrics", "", ""),
    ] {
        assert_eq!((response.status, &*response.body), (401, "Unauthorized\n"));
        assert_eq!(response.header("www-authenticate"), Some("Basic"));
        assert_eq!(response.header("content-type"), Some("text/plain; charset=utf-8"));
        assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
    }
    let head = request(address, "HEAD", "/metrics");
    assert_eq!((head.status, &*head.body), (401, ""));
    for path in ["/metrics", "/"] {
        assert_eq!(get_as(address, path, "alice", "secret").status, 200, "{path}");
    }
    assert_eq!(get_as(address, "/nope", "alice", "secret").status, 404);
    for (path, body) in [("/-/healthy", "healthy\n"), ("/-/ready", "ready\n")] {
        let response = get(address, path);
        assert_eq!((response.status, &*response.body), (200, body));
    }
}

#[test]
fn unknown_users_cost_a_comparison_too_and_right_credentials_only_the_first_time() {
    let directory = Directory::new();
    let users = users(&[("alice", SECRET)]);
    let mut exporter = directory.start_with(&users, &["--log.level=debug"]);
    let mut compared = |user: &str, password: &str, status: u16| {
        assert_eq!(get_as(exporter.address, "/metrics", user, password).status, status);
        let line = exporter.next_line_with("Comparing a password");
        line.split_once("comparisons=").unwrap().1.trim_end().to_owned()
    };
    assert_eq!(compared("bob", "secret", 401), "1");
    assert_eq!(compared("", "", 401), "2");
    assert_eq!(compared("alice", "wrong", 401), "3");
    assert_eq!(compared("alice", "wrong", 401), "4");
    assert_eq!(compared("alice", "secret", 200), "5");
    for _ in 0..3 {
        assert_eq!(get_as(exporter.address, "/metrics", "alice", "secret").status, 200);
        assert_eq!(get(exporter.address, "/metrics").status, 401);
        assert_eq!(get(exporter.address, "/-/healthy").status, 200);
    }
    let mut compared = |user: &str| {
        assert_eq!(get_as(exporter.address, "/metrics", user, "wrong").status, 401);
        exporter.next_line_with("Comparing a password")
    };
    assert!(compared("alice").ends_with("comparisons=6\n"));
}

#[test]
fn a_flood_of_wrong_passwords_starves_no_good_scrape() {
    let directory = Directory::new();
    // Whoever is unknown costs as much as Carol does.
    let exporter =
        directory.start(&users(&[("alice", SECRET), ("bob", ROTATED), ("carol", COSTLY)]));
    let address = exporter.address;
    assert_eq!(get_as(address, "/metrics", "alice", "secret").status, 200);
    let (is_over, refused) = (AtomicBool::new(false), AtomicUsize::new(0));
    let flood = || {
        while !is_over.load(Ordering::Relaxed) {
            let attempt = refused.fetch_add(1, Ordering::Relaxed);
            let response = get_as(address, "/metrics", "mallory", &attempt.to_string());
            assert!([401, 429].contains(&response.status), "{}", response.status);
        }
    };
    thread::scope(|scope| {
        let end = SetOnDrop(&is_over);
        let floods: Vec<_> = (0..16).map(|_| scope.spawn(flood)).collect();
        let deadline = Instant::now() + Duration::from_secs(60);
        while refused.load(Ordering::Relaxed) < 32 {
            assert!(Instant::now() < deadline, "{refused:?} passwords were refused");
            thread::yield_now();
        }
        let statuses: Vec<u16> =
            (0..50).map(|_| get_as(address, "/metrics", "alice", "secret").status).collect();
        // Bob was not here before, and comes from another host: it is his turn next.
        let bob = get_from("127.0.0.2", &exporter, "bob:rotated");
        drop(end);
        assert_eq!((statuses, bob), (vec![200; 50], 200));
        for flood in floods {
            flood.join().unwrap();
        }
    });
}

#[test]
fn the_rate_limit_holds_for_everything_but_health_and_not_for_two_at_once() {
    let directory = Directory::new();
    let limit = "rate_limit: {interval: 1h, burst: 3}\n";
    let exporter = directory.start(limit);
    let statuses = |path: &str| [(); 5].map(|()| get(exporter.address, path).status);
    assert_eq!(statuses("/"), [200, 200, 200, 429, 429]);
    let response = get(exporter.address, "/metrics");
    assert_eq!((response.status, &*response.body), (429, "Too Many Requests\n"));
    assert_eq!(response.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(statuses("/-/healthy"), [200; 5]);
    assert_eq!(get_from("127.0.0.2", &exporter, ""), 200, "one host takes nothing from another");

    // Passwords are behind the limit, and strangers use up nothing of who is known.
    let exporter = directory.start(&format!("{limit}{}", users(&[("alice", SECRET)])));
    let alice = || get_as(exporter.address, "/metrics", "alice", "secret").status;
    let mallory = || get_as(exporter.address, "/metrics", "mallory", "secret").status;
    assert_eq!(alice(), 200);
    assert_eq!([(); 5].map(|()| mallory()), [401, 401, 429, 429, 429]);
    assert_eq!([(); 5].map(|()| alice()), [200, 200, 200, 429, 429]);
    let exporter = directory.start(&format!("{limit}{}", users(&[("alice", SECRET)])));
    let mallory = || get_as(exporter.address, "/metrics", "mallory", "secret").status;
    assert_eq!([(); 5].map(|()| mallory()), [401, 401, 401, 429, 429]);
    assert_eq!(get_from("127.0.0.2", &exporter, "alice:secret"), 200);
}

#[test]
fn while_users_stay_the_same_a_flood_after_a_change_starves_no_good_scrape() {
    let directory = Directory::new();
    let limit = "rate_limit: {interval: 1h, burst: 3}\n";
    let file = format!("{TLS}{limit}{}", users(&[("alice", SECRET)]));
    let mut exporter = directory.start(&file);
    let ask = |exporter: &Exporter, user| directory.curl(exporter, &["--user", user]).unwrap();
    let flood = |exporter: &Exporter| [(); 5].map(|()| ask(exporter, "mallory:secret"));
    assert_eq!(ask(&exporter, "alice:secret"), 200);
    assert_eq!(flood(&exporter), [401, 401, 429, 429, 429]);

    directory.authority.server().write(directory.root(), "server");
    exporter.next_line_with("Web configuration was read again");
    assert_eq!(flood(&exporter), [401, 401, 401, 429, 429]);
    assert_eq!(ask(&exporter, "alice:secret"), 200);

    directory.write(&format!("{file}http_server_config: {{headers: {{X-Frame-Options: deny}}}}\n"));
    exporter.next_line_with("Web configuration was read again");
    assert_eq!(flood(&exporter), [401, 401, 401, 429, 429]);
    assert_eq!(ask(&exporter, "alice:secret"), 200);
}

#[test]
fn configured_headers_are_on_every_answer() {
    let directory = Directory::new();
    let exporter = directory.start(&format!(
        "http_server_config:\n  headers:\n    Strict-Transport-Security: max-age=3600\n    \
         X-Content-Type-Options: nosniff\n    X-Frame-Options: deny\n    \
         Content-Security-Policy: default-src 'none'; report-uri /é\n{}",
        users(&[("alice", SECRET)])
    ));
    let address = exporter.address;
    for response in [
        get(address, "/metrics"),
        get(address, "/-/healthy"),
        get_as(address, "/metrics", "alice", "secret"),
        get_as(address, "/", "alice", "secret"),
        get_as(address, "/nope", "alice", "secret"),
        request(address, "POST", "/-/ready"),
    ] {
        assert_eq!(response.header("strict-transport-security"), Some("max-age=3600"));
        assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(response.header("x-frame-options"), Some("deny"));
        assert_eq!(response.header("x-xss-protection"), None);
        let policy = Some("default-src 'none'; report-uri /é");
        assert_eq!(response.header("content-security-policy"), policy);
    }
}

#[test]
fn http2_is_offered_over_tls_unless_it_is_turned_off() {
    let directory = Directory::new();
    let ca = directory.path("ca.crt");
    for (more, version) in [("", "2"), ("http_server_config: {http2: false}\n", "1.1")] {
        let exporter = directory.start(&format!("{TLS}{more}"));
        let response = curl(&metrics_url(&exporter), &["--cacert", &ca, "--http2"]).unwrap();
        assert_eq!((response.status, &*response.version), (200, version));
        let response = curl(&metrics_url(&exporter), &["--cacert", &ca, "--http1.1"]).unwrap();
        assert_eq!((response.status, &*response.version), (200, "1.1"));
        assert!(response.body.starts_with("# HELP a Display a.\n"));
        let (_, log) = exporter.signal("TERM");
        assert_eq!(log.last().map(|line| line.ends_with("msg=Stopped\n")), Some(true));
    }
}

#[test]
fn versions_suites_and_curves_are_those_of_the_file() {
    let directory = Directory::new();
    let ca = directory.path("ca.crt");
    let agreed = |more: &str, arguments: &[&str]| {
        let exporter = directory.start(&format!("{TLS}{more}"));
        let arguments = [&["--cacert", &ca], arguments].concat();
        curl(&metrics_url(&exporter), &arguments).ok()?;
        Some(handshake(&metrics_url(&exporter), &arguments))
    };
    let tls12 = ["--tls-max", "1.2"];
    let some = |text: &str| Some(text.to_owned());
    let suite_of_13 = some("TLSv1.3 / TLS_AES_256_GCM_SHA384");
    assert_eq!(agreed("", &[]), suite_of_13);
    assert_eq!(agreed("  min_version: TLS13\n", &[]), suite_of_13);
    assert_eq!(agreed("  min_version: TLS13\n", &tls12), None);
    let suite = some("TLSv1.2 / ECDHE-ECDSA-AES256-GCM-SHA384");
    assert_eq!(agreed("", &tls12), suite);
    assert_eq!(agreed("  max_version: TLS12\n", &[]), suite);
    assert_eq!(agreed("  max_version: TLS12\n", &["--tlsv1.3"]), None);

    let suites = "  cipher_suites:\n  - TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256\n  \
                  - TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256\n";
    let clients = "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256";
    let clients = ["--tls-max", "1.2", "--ciphers", clients];
    let suite = some("TLSv1.2 / ECDHE-ECDSA-AES128-GCM-SHA256");
    assert_eq!(agreed(suites, &clients), suite);
    let suite = some("TLSv1.2 / ECDHE-ECDSA-CHACHA20-POLY1305");
    assert_eq!(agreed(&format!("{suites}  prefer_server_cipher_suites: false\n"), &clients), suite);
    let other = ["--tls-max", "1.2", "--ciphers", "ECDHE-ECDSA-AES256-GCM-SHA384"];
    assert_eq!(agreed(suites, &other), None);
    // The list is for TLS 1.2 alone, as in Go.
    assert_eq!(agreed(suites, &[]), suite_of_13);

    let curve = "  curve_preferences: [CurveP384]\n";
    assert_eq!(agreed(curve, &["--curves", "P-384"]), suite_of_13);
    assert_eq!(agreed(curve, &["--curves", "X25519"]), None);
}

#[test]
fn a_client_certificate_is_required_and_verified() {
    let directory = Directory::new();
    let exporter = directory.start_with(MUTUAL, &["--log.level=debug"]);
    assert_eq!(directory.curl_as(&exporter, &directory.authority.client(&[])), Ok(200));
    for (name, certificate) in [
        ("expired", directory.authority.expired_client()),
        ("foreign", Authority::new().client(&[])),
        ("of_itself", Certificate::of_itself(2099)),
        ("server", directory.authority.server()),
    ] {
        assert!(directory.curl_as(&exporter, &certificate).is_err(), "{name}");
    }
    assert!(directory.curl(&exporter, &[]).is_err());
    // Health checks need no password, and a certificate all the same.
    let health = format!("https://{}/-/healthy", exporter.address);
    assert!(curl(&health, &["--cacert", &directory.path("ca.crt")]).is_err());
    let plain = curl(&format!("http://{}/metrics", exporter.address), &[]);
    assert_eq!(plain.map(|response| response.status), Ok(400));

    let (_, log) = exporter.signal("TERM");
    let reasons = log.iter().filter_map(|line| line.split_once("TLS handshake failed"));
    let reasons = reasons.filter_map(|(_, line)| line.split_once("error="));
    let reasons: Vec<&str> = reasons.map(|(_, reason)| reason.trim_end()).collect();
    assert_eq!(reasons.len(), 7, "{reasons:?}");
    assert!(reasons[0].contains("certificate expired"), "{reasons:?}");
    assert!(
        reasons[1].contains("BadSignature") || reasons[1].contains("UnknownIssuer"),
        "{reasons:?}"
    );
}

#[test]
fn a_client_certificate_that_is_not_required_is_verified_if_it_is_there() {
    let directory = Directory::new();
    let exporter =
        directory.start(&MUTUAL.replace("RequireAndVerifyClientCert", "VerifyClientCertIfGiven"));
    assert_eq!(directory.curl(&exporter, &[]), Ok(200));
    for (name, certificate, is_refused) in [
        ("right", directory.authority.client(&[]), false),
        ("foreign", Authority::new().client(&[]), true),
        ("expired", directory.authority.expired_client(), true),
    ] {
        let status = directory.curl_as(&exporter, &certificate);
        assert_eq!(status.is_err(), is_refused, "{name}: {status:?}");
    }
}

/// What `openssl req -x509` makes is a CA, and a client at once.
#[test]
fn a_certificate_that_is_listed_itself_is_let_in_while_it_is_valid() {
    let directory = Directory::new();
    let (valid, expired) = (Certificate::of_itself(2099), Certificate::of_itself(2021));
    let (issued, of_a_server) = (directory.authority.client(&[]), directory.authority.server());
    let unlisted = directory.authority.client(&[]);
    let listed = [&valid, &expired, &issued, &of_a_server].map(|listed| &*listed.certificate);
    fs::write(directory.path("listed.crt"), listed.concat()).unwrap();
    let exporter = directory.start(&MUTUAL.replace("ca.crt", "listed.crt"));
    for (name, certificate, is_allowed) in [
        ("valid", valid, true),
        ("issued", issued, true),
        ("expired", expired, false),
        ("of_a_server", of_a_server, false),
        ("unlisted", unlisted, false),
    ] {
        let status = directory.curl_as(&exporter, &certificate);
        assert_eq!(status.is_ok(), is_allowed, "{name}: {status:?}");
    }
}

#[test]
fn a_client_needs_one_of_the_allowed_names() {
    let directory = Directory::new();
    let dns = |name: &str| SanType::DnsName(name.try_into().unwrap());
    let ip = |address: &str| SanType::IpAddress(address.parse().unwrap());
    let mail = |address: &str| SanType::Rfc822Name(address.try_into().unwrap());
    let uri = |uri: &str| SanType::URI(uri.try_into().unwrap());
    let exporter = directory.start(&format!(
        "{MUTUAL}  client_allowed_sans:\n  - prometheus.example.com\n  - 10.0.0.1\n  \
         - 2001:db8:0:0::1\n  - ops@example.com\n  - spiffe://example.com/prometheus\n"
    ));
    for (names, is_allowed) in [
        (vec![dns("prometheus.example.com")], true),
        (vec![dns("other.example.com"), dns("prometheus.example.com")], true),
        (vec![ip("10.0.0.1")], true),
        (vec![ip("2001:db8::1")], true),
        (vec![mail("ops@example.com")], true),
        (vec![uri("spiffe://example.com/prometheus")], true),
        (vec![], false),
        (vec![dns("other.example.com")], false),
        (vec![dns("x.prometheus.example.com"), dns("*.example.com")], false),
        (vec![ip("10.0.0.2"), ip("::ffff:10.0.0.1")], false),
        (vec![mail("other@example.com"), uri("ops@example.com:x")], false),
    ] {
        let status = directory.curl_as(&exporter, &directory.authority.client(&names));
        assert_eq!(status.is_ok(), is_allowed, "{names:?}: {status:?}");
    }
    let foreign = Authority::new().client(&[dns("prometheus.example.com")]);
    assert!(directory.curl_as(&exporter, &foreign).is_err());
}

#[test]
fn a_changed_password_is_taken_up_without_a_restart() {
    let directory = Directory::new();
    let mut exporter = directory.start(&users(&[("alice", SECRET)]));
    let address = exporter.address;
    let statuses = || {
        ["secret", "rotated"].map(|password| get_as(address, "/metrics", "alice", password).status)
    };
    assert_eq!(statuses(), [200, 401]);
    directory.write(&users(&[("alice", ROTATED)]));
    let line = exporter.next_line_with("Web configuration was read again");
    assert!(
        directory
            .shortened(&line)
            .ends_with(" level=info msg=\"Web configuration was read again\" file=@/web.yml\n")
    );
    assert_eq!(statuses(), [401, 200]);
    directory.write("http_server_config: {headers: {X-Frame-Options: deny}}\n");
    exporter.next_line_with("Web configuration was read again");
    assert_eq!(statuses(), [200, 200]);
    assert_eq!(get(address, "/metrics").header("x-frame-options"), Some("deny"));
}

#[test]
fn changed_certificates_are_taken_up_without_a_restart() {
    let directory = Directory::new();
    let mut exporter = directory.start(MUTUAL);
    let client = directory.authority.client(&[]);
    let ask = |exporter: &Exporter, client| directory.curl_as(exporter, client).ok();
    assert_eq!(ask(&exporter, &client), Some(200));

    let other = Authority::new();
    other.server().write(directory.root(), "server");
    exporter.next_line_with("Web configuration was read again");
    assert_eq!(ask(&exporter, &client), None, "the authority of the new certificate is unknown");
    fs::write(directory.path("ca.crt"), &other.certificate).unwrap();
    exporter.next_line_with("Web configuration was read again");
    assert_eq!(ask(&exporter, &client), None, "the certificate is one of the old authority");
    assert_eq!(ask(&exporter, &other.client(&[])), Some(200));

    directory.write(&format!("{TLS}  min_version: TLS13\nhttp_server_config: {{http2: false}}\n"));
    exporter.next_line_with("Web configuration was read again");
    assert_eq!(directory.curl(&exporter, &["--tls-max", "1.2"]).ok(), None);
    let ca = directory.path("ca.crt");
    let response = curl(&metrics_url(&exporter), &["--cacert", &ca]).unwrap();
    assert_eq!((response.status, &*response.version), (200, "1.1"));
}

#[test]
fn of_a_broken_new_file_the_log_says_so_once_and_the_old_one_stays_in_force() {
    let directory = Directory::new();
    let good = format!("{TLS}{}", users(&[("alice", SECRET)]));
    let mut exporter = directory.start(&good);
    let statuses = |exporter: &Exporter| {
        let alice = directory.curl(exporter, &["--user", "alice:secret"]);
        [alice.ok(), directory.curl(exporter, &[]).ok()]
    };
    let expected = [Some(200), Some(401)];
    assert_eq!(statuses(&exporter), expected);
    let mut breaks = |text: Option<&str>, message: &str| {
        match text {
            Some(text) => drop(directory.write(text)),
            None => fs::remove_file(directory.path("web.yml")).unwrap(),
        }
        let line = exporter.next_line_with("level=error");
        let line = directory.shortened(&line);
        let (_, said) = line.split_once("level=error ").unwrap();
        let outcome = "The new web configuration is not taken up, the one before stays in force";
        assert_eq!(said, format!("msg=\"{outcome}\" error=\"{message}\"\n"));
        assert_eq!(statuses(&exporter), expected);
    };
    let nothing = "@/web.yml: there is nothing in the file, expected `basic_auth_users: {}` if everybody \
                   may ask from now on";
    breaks(Some(""), nothing);
    breaks(Some("basic_auth_users: {"), "@/web.yml:1:19: unclosed bracket '{'");
    breaks(Some(" \n# TLS, and users.\n"), nothing);
    breaks(
        Some("basic_auth_user: {}\n"),
        "@/web.yml:1:1: unknown key `basic_auth_user`, expected one of `tls_server_config`, \
         `http_server_config`, `basic_auth_users`, `rate_limit`",
    );
    breaks(
        Some(&good.replace("server.key", "client.key")),
        "@/web.yml: `key_file` @/client.key is not the key of the certificate in `cert_file` \
         @/server.crt",
    );
    breaks(
        None,
        "cannot read web configuration file @/web.yml: No such file or directory (os error 2)",
    );
    breaks(
        Some(&users(&[("alice", SECRET)])),
        "@/web.yml: TLS cannot be turned off without a restart",
    );
    directory.write(&format!("{TLS}{}", users(&[("bob", ROTATED)])));
    exporter.next_line_with("Web configuration was read again");
    assert_eq!(statuses(&exporter), [Some(401), Some(401)]);
    let (_, log) = exporter.signal("TERM");
    assert!(!log.iter().any(|line| line.contains("level=error")), "{log:?}");
}

#[test]
fn an_empty_file_lets_nobody_in_and_no_users_let_everybody_in() {
    let directory = Directory::new();
    let mut exporter = directory.start(&users(&[("alice", SECRET)]));
    for blank in ["", " \n\n", "# Users:\n"] {
        directory.write(blank);
        let line = exporter.next_line_with("level=error");
        assert!(line.contains("expected `basic_auth_users: {}` if everybody may ask"), "{line}");
        assert_eq!(get(exporter.address, "/metrics").status, 401);
    }
    directory.write("basic_auth_users: {}\n");
    exporter.next_line_with("Web configuration was read again");
    assert_eq!(get(exporter.address, "/metrics").status, 200);
}

#[test]
fn tls_cannot_be_turned_on_while_the_exporter_runs() {
    let directory = Directory::new();
    let mut exporter = directory.start("");
    directory.write(TLS);
    let line = exporter.next_line_with("level=error");
    assert!(line.contains("TLS cannot be turned on without a restart"), "{line}");
    assert_eq!(get(exporter.address, "/metrics").status, 200);
}
