//! Values of every type, those that are skipped, and those that are errors.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::cell::Cell;
use std::num::NonZeroU8;

use serde::{Deserialize, Deserializer};

use super::KeyValues;

#[test]
fn only_the_invalid_number_is_skipped() {
    #[derive(Debug, Deserialize, PartialEq)]
    struct Floats {
        a: Option<f64>,
        b: Option<f64>,
        c: Option<f64>,
        ok: Option<f64>,
        down: Option<f64>,
    }

    let text =
        "# Section\r\nother: x\r\na:1\r\na: 2.5 \r\nb:1.5%\r\nok:ok\r\ndown:down\r\nnothing\r\n";
    let values = KeyValues::of_lines(text);
    let (floats, skipped) = values.read::<Floats>().unwrap();
    let expected = Floats { a: Some(2.5), b: None, c: None, ok: Some(1.0), down: Some(0.0) };
    assert_eq!((floats, &*skipped), (expected, &["b"][..]));
    assert_eq!(values.text("b"), Some("1.5%"));
    assert!(values.get::<f64>("b").is_err());
}

#[derive(Debug, Deserialize, PartialEq)]
struct Micros(u64);

#[derive(Debug, Deserialize, PartialEq)]
struct Numbers {
    u64: Option<u64>,
    i64: Option<i64>,
    u8: Option<u8>,
    f64: Option<f64>,
    bool: Option<bool>,
    micros: Option<Micros>,
}

/// Reads the numbers. Returns them with the keys of those that were skipped.
fn read(text: &str) -> (Numbers, Vec<&str>) {
    KeyValues::of_lines(text).read().unwrap()
}

#[test]
fn numbers_are_of_the_type_of_their_field_and_exact() {
    let text =
        "u64:18446744073709551615\ni64:-9223372036854775808\nu8:255\nf64:1e3\nbool:1\nmicros:7\n";
    let all = Numbers {
        u64: Some(u64::MAX),
        i64: Some(i64::MIN),
        u8: Some(255),
        f64: Some(1000.0),
        bool: Some(true),
        micros: Some(Micros(7)),
    };
    assert_eq!(read(text), (all, vec![]));
}

#[test]
fn states_are_numbers() {
    for text in [
        "u64:yes\ni64:no\nu8:on\nf64:off\nbool:down\nmicros:up\n",
        "u64:True\ni64:FALSE\nu8:Yes\nf64:No\nbool:Err\nmicros:OK\n",
    ] {
        let states = Numbers {
            u64: Some(1),
            i64: Some(0),
            u8: Some(1),
            f64: Some(0.0),
            bool: Some(false),
            micros: Some(Micros(1)),
        };
        assert_eq!(read(text), (states, vec![]));
    }
}

#[test]
fn every_skipped_key_is_returned() {
    let one =
        || Numbers { u64: None, i64: Some(-1), u8: None, f64: None, bool: None, micros: None };
    let text = "u64:2.5\ni64:-1\nu8:256\nf64:1.5%\nbool:2\nmicros:-7\n";
    assert_eq!(read(text), (one(), vec!["bool", "f64", "micros", "u64", "u8"]));
    assert_eq!(read("i64:-1\n"), (one(), vec![]));
}

thread_local! {
    static READ: Cell<u32> = const { Cell::new(0) };
}

/// Reads a field, and counts these reads.
fn counted<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    READ.set(READ.get() + 1);
    Option::deserialize(deserializer)
}

#[test]
fn skipped_values_do_not_repeat_the_read() {
    #[derive(Deserialize)]
    struct CountedReads {
        #[serde(default, deserialize_with = "counted")]
        a: Option<f64>,
        b: Option<f64>,
        c: Option<u64>,
        #[serde(default, deserialize_with = "counted")]
        d: Option<f64>,
    }

    let values = KeyValues::of_parts("a=1,b=x,c=x,d=2");
    let (counted, skipped) = values.read::<CountedReads>().unwrap();
    assert_eq!((counted.a, counted.b, counted.c, counted.d), (Some(1.0), None, None, Some(2.0)));
    assert_eq!(skipped, ["b", "c"]);
    assert_eq!(READ.get(), 2);
}

#[test]
fn values_that_their_type_refuses_are_skipped() {
    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "lowercase")]
    enum ReplicationRole {
        Master,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Refused {
        number: Option<NonZeroU8>,
        role: Option<ReplicationRole>,
        #[serde(default, deserialize_with = "counted")]
        counted: Option<f64>,
        other: Option<ReplicationRole>,
    }

    let values = KeyValues::of_parts("number=0,role=hunter2,counted=x,other=master");
    let (refused, skipped) = values.read::<Refused>().unwrap();
    let expected =
        Refused { number: None, role: None, counted: None, other: Some(ReplicationRole::Master) };
    assert_eq!((refused, &*skipped), (expected, &["counted", "number", "role"][..]));
    let error = values.get::<ReplicationRole>("role").unwrap_err();
    assert_eq!(error.to_string(), "invalid value of `role`, expected one of `master`");
    let error = values.get::<NonZeroU8>("number").unwrap_err();
    assert_eq!(error.to_string(), "invalid value of `number`, expected a nonzero u8");
}

#[test]
fn required_field_of_another_type_is_an_error_without_its_value() {
    #[derive(Debug, Deserialize)]
    struct RequiredNumber {
        a: u64,
    }

    let read = |text| KeyValues::of_lines(text).read::<RequiredNumber>();
    assert_eq!(read("a:3").unwrap().0.a, 3);
    let error = read("a:hunter2").unwrap_err();
    assert_eq!(error.to_string(), "invalid value of `a`, expected u64");
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    let error = KeyValues::of_lines("a:hunter2").read::<f64>().unwrap_err();
    assert_eq!(error.to_string(), "invalid values, expected f64");
}

#[test]
fn messages_of_structs_quote_nothing() {
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Strict {
        #[serde(alias = "b")]
        _a: Option<String>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(try_from = "String")]
    struct Refusing;

    impl TryFrom<String> for Refusing {
        type Error = String;

        fn try_from(text: String) -> Result<Self, String> {
            Err(text)
        }
    }

    let strict = |text| KeyValues::of_parts(text).read::<Strict>().unwrap_err().to_string();
    assert_eq!(strict("hunter2=x"), "invalid values, expected no other keys than `_a`, `b`");
    assert_eq!(strict("_a=x,b=y"), "invalid values, expected one key for field `_a`");
    let error = KeyValues::of_parts("a=hunter2").get::<Refusing>("a").unwrap_err();
    assert_eq!(error.to_string(), "invalid value of `a`");
}

#[test]
fn optional_text_may_be_missing() {
    #[derive(Debug, Deserialize, PartialEq)]
    struct Texts<'t> {
        a: Option<String>,
        b: Option<String>,
        #[serde(borrow)]
        c: Option<&'t str>,
        port: Option<u16>,
    }

    let values = KeyValues::of_parts("a=1,c=x,port=6379");
    let (texts, skipped) = values.read::<Texts>().unwrap();
    let [a, b] = [Some("1".to_owned()), None];
    assert_eq!(texts, Texts { a, b, c: Some("x"), port: Some(6379) });
    assert!(skipped.is_empty());
}

#[test]
fn missing_field_is_an_error_unless_it_has_a_default() {
    #[derive(Debug, Deserialize)]
    struct Required {
        a: String,
        #[serde(default)]
        b: String,
    }

    let (texts, _) = KeyValues::of_parts("a=1,c=2").read::<Required>().unwrap();
    assert_eq!((&*texts.a, &*texts.b), ("1", ""));
    let error = KeyValues::of_parts("b=1").read::<Required>().unwrap_err();
    assert_eq!(error.to_string(), "missing field `a`");
}

#[test]
fn entries_are_keyed_by_the_rest_of_their_key() {
    let values = KeyValues::of_lines("db0:keys=1\ndb10:keys=2\ndbs:keys=3\nx:keys=4\n");
    let entries = values.entries("db");
    let keys = entries.iter().map(|(name, entry)| (*name, entry.get("keys").unwrap()));
    let expected = [("0", Some(1.0)), ("10", Some(2.0)), ("s", Some(3.0))];
    assert_eq!(keys.collect::<Vec<_>>(), expected);
    assert_eq!(values.numbered("db").into_keys().collect::<Vec<_>>(), [0, 10]);
}
