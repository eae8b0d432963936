//! Bugs of other derives, each with a test that ours does not have it.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use hello_exporter::collect::Init;
use hello_exporter::{Collector, Counter, CounterVec};
use hello_exporter_tests::{compiler_says, data, exposition_of, exposition_of_fn};

// `metrics-derive`: takes the string of every attribute `#[name = "…"]` as help, for example of
// `#[deprecated = "…"]`.

#[test]
fn other_attributes_do_not_change_help_or_name() {
    #[derive(Collector)]
    struct Annotated {
        /// The help.
        #[doc(alias = "no_help")]
        #[allow(dead_code, reason = "no help")]
        #[deprecated(note = "no help")]
        annotated: f64,
    }

    assert_eq!(
        exposition_of_fn(Annotated::new),
        "# HELP annotated The help.\n# TYPE annotated gauge\nannotated 0\n"
    );
    assert!(compiler_says(
        "tokens/help_of_another_attribute",
        "error: no help: add a doc comment or `help = \"…\"`"
    ));
}

// `prometric`: an invalid attribute makes the macro panic.

#[test]
fn invalid_attributes_do_not_make_the_macro_panic() {
    let groups = std::fs::read_dir(data("ui")).unwrap().map(|group| group.unwrap().path());
    let cases = groups.flat_map(|group| std::fs::read_dir(group).unwrap());
    for case in cases.map(|case| case.unwrap().path()) {
        let text = std::fs::read_to_string(&case).unwrap();
        assert!(!text.contains("proc-macro derive panicked"), "{}", case.display());
    }
    for case in ["attribute_without_parentheses", "argument_unknown", "argument_without_value"] {
        assert!(compiler_says(&format!("tokens/{case}"), "error: "), "{case}");
    }
}

// `vise`: only the first `#[metrics]` attribute is read.

#[test]
fn every_attribute_is_read() {
    #[derive(Collector)]
    #[collector(namespace = "app")]
    #[collector(subsystem = "mail", const_labels(zone = "a"))]
    struct Attributes {
        #[metric(name = "sent_total")]
        #[metric(help = "Mails sent.")]
        #[metric(labels = ["to"])]
        sent: CounterVec<1>,
    }

    let attributes = Attributes::new();
    attributes.sent.with(["you"]).inc();
    assert_eq!(
        exposition_of(attributes),
        r#"# HELP app_mail_sent_total Mails sent.
# TYPE app_mail_sent_total counter
app_mail_sent_total{zone="a",to="you"} 1
"#
    );
}

// `prometheus-client` derive: drops generics.

#[test]
fn derive_keeps_generics() {
    #[derive(Collector)]
    struct Generic<T, const N: usize>
    where
        T: Init,
    {
        /// Whatever it is.
        generic: T,
        #[metric(help = "Pairs.", labels = ["x", "y"])]
        pairs_total: CounterVec<2>,
        #[metric(skip)]
        rest: [u8; N],
    }

    let generic = Generic::<Counter<f64>, 3>::new([0; 3]);
    generic.generic.inc_by(0.5);
    generic.pairs_total.with(generic.rest.first_chunk::<2>().unwrap().map(u32::from)).inc();
    assert_eq!(
        exposition_of(generic),
        r#"# HELP generic Whatever it is.
# TYPE generic counter
generic 0.5
# HELP pairs_total Pairs.
# TYPE pairs_total counter
pairs_total{x="0",y="0"} 1
"#
    );
}
