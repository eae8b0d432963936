//! Finds the position of a key that the type of a configuration does not have.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_ignored::Path;
use serde_saphyr::Spanned;

use crate::server::yaml::{self, YamlError};

/// A step from a value to a value in it.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

/// Returns the steps from the root to an ignored key.
pub(super) fn steps(path: &Path<'_>) -> Vec<Step> {
    let (parent, step) = match path {
        Path::Root => return Vec::new(),
        Path::Seq { parent, index } => (parent, Some(Step::Index(*index))),
        Path::Map { parent, key } => (parent, Some(Step::Key(key.clone()))),
        Path::Some { parent }
        | Path::NewtypeStruct { parent }
        | Path::NewtypeVariant { parent } => (parent, None),
    };
    let mut steps = steps(parent);
    steps.extend(step);
    steps
}

/// Returns the error for the key to which the steps lead.
pub(super) fn error(text: &str, steps: &[Step]) -> YamlError {
    let (line, column) = position(text, steps).unwrap_or((1, 1));
    let key = match steps.last() {
        Some(Step::Key(key)) => format!("unknown key `{key}`"),
        Some(Step::Index(_)) | None => "unknown value".to_owned(),
    };
    YamlError { line, column, message: key }
}

/// Returns the line and the column of the key.
fn position(text: &str, steps: &[Step]) -> Option<(u64, u64)> {
    let mut node: Node = yaml::parse(text).ok()?;
    let mut position = None;
    for step in steps {
        node = match (node, step) {
            (Node::Map(entries), Step::Key(name)) => {
                let (key, value) = entries.into_iter().find(|(key, _)| key.value == *name)?;
                position = Some((key.defined.line(), key.defined.column()));
                value
            }
            (Node::List(items), Step::Index(index)) => items.into_iter().nth(*index)?,
            _ => return None,
        };
    }
    position
}

/// A value of a YAML document, with the positions of its keys.
enum Node {
    Map(Vec<(Spanned<String>, Node)>),
    List(Vec<Node>),
    Scalar,
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Node::Map(entries))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_str<E>(self, _: &str) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_enum<A: serde::de::EnumAccess<'de>>(self, data: A) -> Result<Node, A::Error> {
        data.variant::<IgnoredAny>().map(|_| Node::Scalar)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Step {
        Step::Key(name.to_owned())
    }

    #[test]
    fn positions_are_found_in_nested_values() {
        let text = "a: 1\nb:\n  - {c: [x, 'y'], d: ~}\n  - e: !tag z\n    f: {g: 2.5, h: true}\n";
        assert_eq!(position(text, &[key("b")]), Some((2, 1)));
        assert_eq!(position(text, &[key("b"), Step::Index(0), key("d")]), Some((3, 19)));
        assert_eq!(position(text, &[key("b"), Step::Index(1), key("f"), key("h")]), Some((5, 17)));
        assert_eq!(position(text, &[key("b"), key("c")]), None);
    }

    #[test]
    fn keys_of_aliases_and_merged_maps_are_found() {
        let text = "a: &a {b: 1}\nc: *a\nd: {<<: *a, e: 2}\n";
        assert_eq!(position(text, &[key("a"), key("b")]), Some((1, 8)));
        assert!(position(text, &[key("c"), key("b")]).is_some());
        assert_eq!(position(text, &[key("d"), key("e")]), Some((3, 13)));
    }
}
