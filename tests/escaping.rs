//! Names that need quotes, under the four escaping schemes.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};

use hello_exporter::collect::{Collect, Desc, Describe, FamilyEncoder, MetricType};
use hello_exporter::registry::{Encoding, Escaping};
use hello_exporter::{Format, RegisterError, Registry};
use hello_exporter_tests::{registry_of, samples};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use Escaping::{AllowUtf8, Dots, Underscores, Values};

/// A gauge with the value 1, whose label values are the names of the labels.
#[derive(Clone)]
struct One(Desc);

impl Describe for One {
    fn describe(&self) -> Vec<Desc> {
        vec![self.0.clone()]
    }
}

impl Collect for One {
    fn collect(&self, _: usize, encoder: &mut FamilyEncoder<'_>) {
        let labels = encoder.desc().labels().to_vec();
        match &labels[..] {
            [] => encoder.value(1),
            [one] => encoder.sample([one], 1),
            [one, two] => encoder.sample([one, two], 1),
            [one, two, three] => encoder.sample([one, two, three], 1),
            _ => panic!("{labels:?}"),
        }
    }
}

fn gauge(name: impl Into<String>) -> Desc {
    Desc::new(name.into(), "Help.", MetricType::Gauge).utf8()
}

fn encoded(registry: &Registry, format: Format, escaping: Escaping) -> String {
    let mut buffer = Vec::new();
    registry.encode(Encoding::new(format).escaping(escaping), &mut buffer);
    String::from_utf8(buffer).unwrap()
}

/// Returns the line of the only sample in the text format.
fn line(desc: Desc, escaping: Escaping) -> String {
    let text = encoded(&registry_of(One(desc)), Format::Text, escaping);
    text.lines().last().unwrap().to_owned()
}

/// Names under `underscores`, `dots` and `values`, computed with `EscapeName` of prometheus/common
/// at d2417e2, for names that are not valid without quotes: `EscapeMetricFamily` leaves the others
/// as they are. Rows with spaces and with `:` are those of its test.
const ROWS: &[(&str, &str, &str, &str)] = &[
    ("http_requests_total", "http_requests_total", "http_requests_total", "http_requests_total"),
    ("a", "a", "a", "a"),
    ("_private", "_private", "_private", "_private"),
    ("A9_z", "A9_z", "A9_z", "A9_z"),
    ("http.requests", "http_requests", "http_dot_requests", "U__http_2e_requests"),
    (
        "http.requests_total",
        "http_requests_total",
        "http_dot_requests__total",
        "U__http_2e_requests__total",
    ),
    (
        "mysystem.prod.west.cpu.load",
        "mysystem_prod_west_cpu_load",
        "mysystem_dot_prod_dot_west_dot_cpu_dot_load",
        "U__mysystem_2e_prod_2e_west_2e_cpu_2e_load",
    ),
    (
        "mysystem.prod.west.cpu.load_total",
        "mysystem_prod_west_cpu_load_total",
        "mysystem_dot_prod_dot_west_dot_cpu_dot_load__total",
        "U__mysystem_2e_prod_2e_west_2e_cpu_2e_load__total",
    ),
    ("a.b_c", "a_b_c", "a_dot_b__c", "U__a_2e_b__c"),
    ("a_b.c", "a_b_c", "a__b_dot_c", "U__a__b_2e_c"),
    ("_a.b", "_a_b", "__a_dot_b", "U____a_2e_b"),
    ("a._b", "a__b", "a_dot___b", "U__a_2e___b"),
    ("a..b", "a__b", "a_dot__dot_b", "U__a_2e__2e_b"),
    (".a", "_a", "_dot_a", "U___2e_a"),
    ("a.", "a_", "a_dot_", "U__a_2e_"),
    (".", "_", "_dot_", "U___2e_"),
    ("..", "__", "_dot__dot_", "U___2e__2e_"),
    ("-", "_", "__", "U___2d_"),
    ("k8s.pod-name", "k8s_pod_name", "k8s_dot_pod__name", "U__k8s_2e_pod_2d_name"),
    ("k-v", "k_v", "k__v", "U__k_2d_v"),
    ("two words", "two_words", "two__words", "U__two_20_words"),
    (" ", "_", "__", "U___20_"),
    ("5xx", "_xx", "__xx", "U___35_xx"),
    ("5xx.count", "_xx_count", "__xx_dot_count", "U___35_xx_2e_count"),
    ("5", "_", "__", "U___35_"),
    ("é", "_", "__", "U___e9_"),
    ("été", "_t_", "__t__", "U___e9_t_e9_"),
    ("花火", "__", "____", "U___82b1__706b_"),
    ("label with 😱", "label_with__", "label__with____", "U__label_20_with_20__1f631_"),
    ("label with Ā", "label_with__", "label__with____", "U__label_20_with_20__100_"),
    ("😀", "_", "__", "U___1f600_"),
    ("a\"b", "a_b", "a__b", "U__a_22_b"),
    ("a\\b", "a_b", "a__b", "U__a_5c_b"),
    ("a\nb", "a_b", "a__b", "U__a_a_b"),
    ("tab\there", "tab_here", "tab__here", "U__tab_9_here"),
    ("{a=\"b\"}", "_a__b__", "__a____b____", "U___7b_a_3d__22_b_22__7d_"),
    ("a,b", "a_b", "a__b", "U__a_2c_b"),
    ("U__a.b", "U__a_b", "U____a_dot_b", "U__U____a_2e_b"),
    ("%/€", "___", "______", "U___25__2f__20ac_"),
    ("a=b", "a_b", "a__b", "U__a_3d_b"),
    ("nul\0", "nul_", "nul__", "U__nul_0_"),
    ("#x", "_x", "__x", "U___23_x"),
    ("http.status:sum", "http_status:sum", "http_dot_status:sum", "U__http_2e_status:sum"),
    (":x.y", ":x_y", ":x_dot_y", "U__:x_2e_y"),
    (
        "no:escaping_required",
        "no:escaping_required",
        "no:escaping_required",
        "no:escaping_required",
    ),
    ("\u{10ffff}", "_", "__", "U___10ffff_"),
];

#[test]
fn names_of_metrics_follow_the_rules_of_prometheus() {
    for (name, underscores, dots, values) in ROWS {
        for (escaping, expected) in [(Underscores, underscores), (Dots, dots), (Values, values)] {
            assert_eq!(line(gauge(*name), escaping), format!("{expected} 1"), "{name}");
        }
        let is_plain = name == underscores;
        let raw = if is_plain { (*name).to_owned() } else { format!("{{{}}}", quoted(name)) };
        assert_eq!(line(gauge(*name), AllowUtf8), raw + " 1");
    }
}

#[test]
fn names_of_labels_follow_the_rules_of_prometheus() {
    // In the name of a label, Prometheus 2 does not accept `:`.
    let rows = ROWS.iter().filter(|(name, ..)| !name.contains(':'));
    let colon = ("a:b", "a_b", "a__b", "U__a_3a_b");
    for (name, underscores, dots, values) in rows.chain([&colon]) {
        let desc = || gauge("x").with_const_labels([(*name, "v")]);
        for (escaping, expected) in [(Underscores, underscores), (Dots, dots), (Values, values)] {
            assert_eq!(line(desc(), escaping), format!("x{{{expected}=\"v\"}} 1"), "{name}");
            let variable = line(gauge("x").with_labels([*name]), escaping);
            let value = &quoted(name);
            assert_eq!(variable, format!("x{{{expected}={value}}} 1"), "{name}");
        }
        let raw = if name == underscores { (*name).to_owned() } else { quoted(name) };
        assert_eq!(line(desc(), AllowUtf8), format!("x{{{raw}=\"v\"}} 1"));
    }
}

/// Returns a text in quotes, escaped as the text format requires.
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{escaped}\"")
}

/// Returns the message with which the second of two families is refused, after the names of the
/// collectors.
fn refusal(first: Desc, second: Desc) -> String {
    let registry = registry_of(One(first));
    registry.register(One(second)).unwrap_err().to_string().replace("escaping::One", "One")
}

#[test]
fn families_that_escape_alike_are_refused_in_either_order() {
    let clash = |one: &str, other: &str, exposed: &str, escaping: &str| {
        let expected = |one: &str, other: &str| {
            format!(
                "metric `{other}` of collector `One` clashes with metric `{one}` of collector \
                 `One`: both expose `{exposed}` with `escaping={escaping}`"
            )
        };
        assert_eq!(refusal(gauge(one), gauge(other)), expected(one, other));
        assert_eq!(refusal(gauge(other), gauge(one)), expected(other, one));
    };
    clash("a.b", "a_b", "a_b", "underscores");
    clash("a.b", "a-b", "a_b", "underscores");
    clash("a.b", "a_dot_b", "a_dot_b", "dots");
    clash("a.b", "U__a_2e_b", "U__a_2e_b", "values");
    clash("é", "ü", "_", "underscores");
}

#[test]
fn part_of_a_histogram_clashes_with_a_name_that_escapes_alike() {
    let histogram = Desc::new("a.b", "Help.", MetricType::Histogram).utf8();
    assert_eq!(
        refusal(histogram, gauge("a_b_count")),
        "metric `a_b_count` of collector `One` clashes with metric `a.b` of collector `One`: both \
         expose `a_b_count` with `escaping=underscores`"
    );
    let counter = Desc::new("a.b_total", "Help.", MetricType::Counter).utf8();
    assert_eq!(
        refusal(counter.clone(), gauge("a_b")),
        "metric `a_b` of collector `One` clashes with metric `a.b_total` of collector `One`: both \
         expose `a_b` with `escaping=underscores`"
    );
    assert_eq!(
        refusal(counter, gauge("a.b")),
        "metric `a.b` of collector `One` clashes with metric `a.b_total` of collector `One`: both \
         expose `a.b`"
    );
}

#[test]
fn name_is_free_again_after_its_family_is_unregistered() {
    let registry = Registry::new();
    let id = registry.register(One(gauge("a.b"))).unwrap();
    assert!(registry.register(One(gauge("a_b"))).is_err());
    registry.unregister(id);
    registry.register(One(gauge("a_b"))).unwrap();
}

#[test]
fn collectors_share_a_family_with_a_quoted_name() {
    let zone = |zone: &'static str| One(gauge("a.b").with_const_labels([("zone.name", zone)]));
    let registry = registry_of(zone("north"));
    registry.register(zone("south")).unwrap();
    assert_eq!(
        encoded(&registry, Format::Text, Dots),
        "# HELP a_dot_b Help.\n# TYPE a_dot_b gauge\n\
         a_dot_b{zone_dot_name=\"north\"} 1\na_dot_b{zone_dot_name=\"south\"} 1\n"
    );
}

/// Returns the message with which a family is refused.
fn check(desc: Desc) -> String {
    desc.check().unwrap_err().to_string()
}

#[test]
fn labels_that_escape_alike_are_refused() {
    let labels = |labels: &[&'static str]| check(gauge("x").with_labels(labels.to_vec()));
    assert_eq!(
        labels(&["a.b", "c", "a_b"]),
        "labels `a.b` and `a_b` of `x` are both `a_b` with `escaping=underscores`"
    );
    assert_eq!(
        labels(&["a_dot_b", "a.b"]),
        "labels `a_dot_b` and `a.b` of `x` are both `a_dot_b` with `escaping=dots`"
    );
    assert_eq!(
        labels(&["..name.."]),
        "labels `__name__` and `..name..` of `x` are both `__name__` with `escaping=underscores`"
    );
    assert_eq!(
        labels(&["énameé"]),
        "labels `__name__` and `énameé` of `x` are both `__name__` with `escaping=dots`"
    );
    assert_eq!(
        check(gauge("x").with_labels(["a.b"]).with_const_labels([("a-b", "v")])),
        "labels `a-b` and `a.b` of `x` are both `a_b` with `escaping=underscores`"
    );
    let states = Desc::new("a.b", "Help.", MetricType::StateSet).utf8();
    assert_eq!(
        check(states.with_labels(["a_b"])),
        "labels `a.b` and `a_b` of `a.b` are both `a_b` with `escaping=underscores`"
    );
}

#[test]
fn names_that_are_empty_or_reserved_are_refused_even_in_utf8() {
    assert_eq!(check(gauge("")), "the name of a metric is empty");
    assert_eq!(check(gauge("x").with_labels([""])), "the name of a label of `x` is empty");
    for label in ["__name__", "__é"] {
        assert_eq!(
            check(gauge("x").with_labels([label])),
            format!(
                "`{label}` of `x` is not a label name: letters, digits and `_` are accepted, but no \
                 leading digit, and `__` is reserved at the start"
            )
        );
    }
}

#[test]
fn units_are_plain_even_in_utf8() {
    for unit in ["°C", "a b", "x\n# EOF"] {
        assert_eq!(
            check(gauge(format!("temperature_{unit}")).with_unit(unit)),
            format!(
                "`{unit}` of `temperature_{unit}` is not a unit: letters, digits and `_` are accepted"
            )
        );
    }
    assert_eq!(gauge("pool.idle_seconds").with_unit("seconds").check(), Ok(()));
}

#[test]
fn other_descs_accept_no_quoted_names() {
    let desc = |name: &'static str| Desc::new(name, "Help.", MetricType::Gauge);
    assert!(desc("a.b").check().is_err());
    assert!(desc("x").with_labels(["a.b"]).check().is_err());
    assert!(desc("a:b").check().is_err());
    let scoped = Registry::new().scope().prefix("a.").register(One(desc("b")));
    assert!(matches!(scoped, Err(RegisterError::Desc { .. })));
    Registry::new().scope().prefix("a.").register(One(desc("b").utf8())).unwrap();
}

/// A name, and names and values of labels.
type Series = (String, Vec<(String, String)>);

/// Reads the samples of an exposition as the text format defines it, with names in quotes.
fn read(text: &str) -> Vec<Series> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| read_line(&mut line.chars().peekable())).collect()
}

type Chars<'t> = std::iter::Peekable<std::str::Chars<'t>>;

fn read_line(line: &mut Chars<'_>) -> Series {
    let mut name = read_plain(line);
    let mut labels = Vec::new();
    if line.next_if_eq(&'{').is_some() {
        while line.next_if_eq(&'}').is_none() {
            let text = if line.peek() == Some(&'"') { read_quoted(line) } else { read_plain(line) };
            if line.next_if_eq(&'=').is_some() {
                labels.push((text, read_quoted(line)));
            } else {
                assert!(name.is_empty() && labels.is_empty(), "the name is the first element");
                name = text;
            }
            line.next_if_eq(&',');
        }
    }
    assert_eq!(line.collect::<String>(), " 1");
    (name, labels)
}

fn read_plain(line: &mut Chars<'_>) -> String {
    let is_plain = |it: &char| matches!(it, '_' | ':') || it.is_ascii_alphanumeric();
    std::iter::from_fn(|| line.next_if(is_plain)).collect()
}

fn read_quoted(line: &mut Chars<'_>) -> String {
    assert_eq!(line.next(), Some('"'));
    let mut text = String::new();
    loop {
        match line.next().unwrap() {
            '"' => return text,
            '\\' => text.push(match line.next().unwrap() {
                'n' => '\n',
                character @ ('\\' | '"') => character,
                character => panic!("unknown escape of {character:?}"),
            }),
            character => text.push(character),
        }
    }
}

fn any_name() -> impl Strategy<Value = String> {
    const SPECIAL: &[char] = &[
        '.', '-', '_', ':', '\\', '"', '\n', '=', ',', '{', '}', '#', ' ', '\r', '\0', 'é', '😀',
        '0', 'U', 'a', 'b',
    ];
    let character = prop_oneof![8 => select(SPECIAL), 1 => any::<char>()];
    vec(character, 1..10).prop_map(String::from_iter)
}

/// Returns whether Prometheus 2 accepts all names of an exposition.
fn is_plain(series: &Series) -> bool {
    let is_name = |name: &str| {
        let mut characters = name.chars();
        characters.next().is_some_and(|first| !first.is_ascii_digit())
            && name.chars().all(|it| matches!(it, '_' | ':') || it.is_ascii_alphanumeric())
    };
    is_name(&series.0) && series.1.iter().all(|(name, _)| is_name(name) && !name.contains(':'))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_names_are_read_back(names in vec((any_name(), vec(any_name(), 0..4)), 1..6)) {
        let registry = Registry::new();
        let mut registered = Vec::new();
        let mut raw = BTreeSet::new();
        for (name, labels) in names {
            let is_accepted = registry.register(One(gauge(&*name).with_labels(labels.clone())));
            if is_accepted.is_ok() && raw.insert(name.clone()) {
                let labels = labels.iter().map(|label| (label.clone(), label.clone()));
                registered.push((name, labels.collect::<Vec<_>>()));
            }
        }
        registered.sort();
        // A line ends only at a line feed.
        let exposed = |format, escaping| encoded(&registry, format, escaping).replace('\r', "\u{1}");
        let expected = |series: &Series| (
            series.0.replace('\r', "\u{1}"),
            series.1.iter().map(|(name, value)| {
                (name.replace('\r', "\u{1}"), value.replace('\r', "\u{1}"))
            }).collect::<Vec<_>>(),
        );
        let expected: Vec<Series> = registered.iter().map(expected).collect();
        prop_assert_eq!(&read(&exposed(Format::Text, AllowUtf8)), &expected);
        prop_assert_eq!(&read(&exposed(Format::OpenMetrics, AllowUtf8)), &expected);
        let mut buffer = Vec::new();
        registry.encode(Encoding::new(Format::Protobuf).escaping(AllowUtf8), &mut buffer);
        let decoded = samples(Format::Protobuf, &buffer).into_iter();
        let decoded: Vec<_> = decoded.map(|sample| (sample.name, sample.labels)).collect();
        let registered_maps = registered.iter().cloned();
        let registered_maps: Vec<_> =
            registered_maps.map(|(name, labels)| (name, BTreeMap::from_iter(labels))).collect();
        prop_assert_eq!(decoded, registered_maps);
        for escaping in [Underscores, Dots, Values] {
            let series = read(&exposed(Format::Text, escaping));
            let distinct: BTreeSet<&String> = series.iter().map(|(name, _)| name).collect();
            prop_assert_eq!(distinct.len(), registered.len(), "{}", escaping);
            prop_assert!(series.iter().all(is_plain), "{:?}", series);
        }
    }
}
