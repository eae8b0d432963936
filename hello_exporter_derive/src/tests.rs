//! Whole expansions, and randomly mangled inputs.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use proptest::prelude::*;

use crate::{collector, derive, label_enum, label_struct};

/// Returns the formatted expansion of a declaration.
fn expanded(declaration: &str) -> String {
    let input: syn::DeriveInput = syn::parse_str(declaration).unwrap();
    let derives = |name: &str| declaration.contains(&format!("#[derive({name})]"));
    let tokens = if derives("Collector") {
        collector(&input)
    } else if derives("Labels") {
        label_struct(&input)
    } else {
        label_enum(&input)
    };
    formatted(&tokens.to_string())
}

fn formatted(code: &str) -> String {
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024", "--config", "max_width=100"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("rustfmt is part of the toolchain");
    rustfmt.stdin.take().unwrap().write_all(code.as_bytes()).unwrap();
    let output = rustfmt.wait_with_output().unwrap();
    assert!(output.status.success(), "the expansion is not valid code: {code}");
    String::from_utf8(output.stdout).unwrap()
}

/// Each golden file is a declaration, a line, and its expansion. `GOLDEN=overwrite` records the
/// expansions anew.
#[test]
fn expansions_are_as_recorded() {
    const LINE: &str = "\n// ---- expands to ----\n\n";

    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden");
    let mut files = 0;
    for file in std::fs::read_dir(directory).unwrap() {
        let path = file.unwrap().path();
        let recorded = std::fs::read_to_string(&path).unwrap();
        let declaration = recorded.split(LINE).next().unwrap();
        let current = format!("{}\n{LINE}{}", declaration.trim_end(), expanded(declaration));
        if std::env::var_os("GOLDEN").is_some() {
            std::fs::write(&path, &current).unwrap();
        } else {
            assert_eq!(recorded, current, "{}", path.display());
        }
        files += 1;
    }
    assert!(files >= 3);
}

/// Returns a struct with `fields` gauges, each with one label.
fn struct_of(fields: usize) -> String {
    let field =
        |at| format!("#[metric(help = \"Help.\", labels = [\"x\"])] field_{at}: GaugeVec<1>,");
    let fields: String = (0..fields).map(field).collect();
    format!("struct Wide {{ {fields} }}")
}

#[test]
fn expansion_is_linear_in_the_fields() {
    let lines =
        |fields| expanded(&format!("#[derive(Collector)] {}", struct_of(fields))).lines().count();
    let (ten, twenty, thirty) = (lines(10), lines(20), lines(30));
    assert_eq!(twenty - ten, thirty - twenty);
    // ARCHITECTURE.md states this number.
    assert_eq!((twenty - ten) / 10, LINES_PER_FIELD);
}

/// The number of lines for a gauge with one label, formatted by rustfmt.
const LINES_PER_FIELD: usize = 28;

const SEEDS: &[&str] = &[
    r#"#[derive(Collector)] #[collector(namespace = "a", const_labels(b = "c", "d" = env!("E")), no_new)]
       pub struct S<'a, T: Metric, const N: usize> where T: Send {
           /// Help.
           #[metric(name = "x_seconds", labels = ["a", "b"], unit = "seconds", buckets = [-1, 2.5])] a: &'a T,
           #[metric(help = "Help.", counter, max_series = 10, expire_after = "10m")] pub(crate) b: HashMap<String, [u64; N]>,
           #[metric(flatten, prefix = "p_")] c: Inner, #[metric(skip)] r#type: (u8, fn(&'a T) -> T),
       }"#,
    r#"#[label(rename_all = "kebab-case", crate = x::y)] struct L<S> { #[label(name = "a", skip)] a: S, b: Option<u8> }"#,
    r#"#[label(rename_all = "UPPERCASE")] enum E { A, #[label(name = "b")] B, C(u8) }"#,
];

const FRAGMENTS: &[&str] = &[
    "",
    ",",
    "=",
    ":",
    "::",
    "<",
    ">",
    "-",
    "'a",
    "#",
    "!",
    "$",
    "name",
    "help",
    "labels",
    "buckets",
    "crate",
    "self",
    "Self",
    "r#fn",
    "_",
    "\"\"",
    "\"le\"",
    "\"\\u{0}é\"",
    "1",
    "-1",
    "1e400",
    "0x1p3",
    "1u8",
    "18446744073709551616",
    "b'x'",
    "()",
    "[]",
    "{}",
    "(,)",
    "[\"a\",]",
    "const_labels",
    "flatten",
    "max_series",
    "expire_after",
    "unit",
    "#[metric]",
    "#[metric(name)]",
    "#[doc = 5]",
    "#[metric = \"x\"]",
    "dyn Fn() -> u8",
];

#[derive(Clone, Debug)]
enum Mutation {
    Delete,
    Duplicate,
    Swap,
    Insert(&'static str),
    Replace(&'static str),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let fragment = || prop::sample::select(FRAGMENTS);
    prop_oneof![
        Just(Mutation::Delete),
        Just(Mutation::Duplicate),
        Just(Mutation::Swap),
        fragment().prop_map(Mutation::Insert),
        fragment().prop_map(Mutation::Replace),
    ]
}

/// Mangles the token at `place`. The count includes each group, then the tokens inside it.
fn mangled(tokens: TokenStream, place: &mut usize, mutation: &Mutation) -> TokenStream {
    let mut result: Vec<TokenTree> = Vec::new();
    let mut tokens = tokens.into_iter();
    while let Some(token) = tokens.next() {
        let is_here = *place == 0;
        *place = place.wrapping_sub(1);
        if !is_here {
            result.push(match token {
                TokenTree::Group(group) => {
                    let inner = mangled(group.stream(), place, mutation);
                    Group::new(group.delimiter(), inner).into()
                }
                other => other,
            });
            continue;
        }
        let fragment = |text: &str| text.parse::<TokenStream>().unwrap_or_default();
        match mutation {
            Mutation::Delete => {}
            Mutation::Duplicate => result.extend([token.clone(), token]),
            Mutation::Swap => {
                result.extend(tokens.next());
                result.push(token);
            }
            Mutation::Insert(text) => {
                result.extend(fragment(text));
                result.push(token);
            }
            Mutation::Replace(text) => result.extend(fragment(text)),
        }
    }
    result.into_iter().collect()
}

fn count(tokens: TokenStream) -> usize {
    let of = |token| match token {
        TokenTree::Group(group) => 1 + count(group.stream()),
        _ => 1,
    };
    tokens.into_iter().map(of).sum()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    /// For any tokens, the macros return code or errors, and do not panic.
    #[test]
    fn mangled_declarations_do_not_panic(
        seed in prop::sample::select(SEEDS),
        mutations in prop::collection::vec((any::<prop::sample::Index>(), mutation()), 1..6),
        in_none_group in any::<bool>(),
    ) {
        let mut tokens: TokenStream = seed.parse().unwrap();
        for (place, mutation) in mutations {
            let mut place = place.index(count(tokens.clone()).max(1));
            tokens = mangled(tokens, &mut place, &mutation);
        }
        if in_none_group {
            // `macro_rules!` wraps a matched fragment like this.
            tokens = TokenTree::from(Group::new(Delimiter::None, tokens)).into();
        }
        for expand in [collector, label_struct, label_enum] {
            prop_assert!(!derive(tokens.clone(), expand).is_empty());
        }
    }
}
