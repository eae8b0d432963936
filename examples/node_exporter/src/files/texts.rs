//! Lines of a key and a text, which become labels.

use std::borrow::Cow;
use std::collections::HashMap;

use super::{Invalid, Line, Lines};

/// The texts of some keys. A text whose line was skipped is not empty but unknown, so that no
/// series gets a false label.
pub(crate) struct Texts<'t> {
    keys: &'static [&'static str],
    /// `None` if the text is unknown.
    texts: HashMap<&'static str, Option<Cow<'t, str>>>,
}

impl<'t> Texts<'t> {
    /// Creates an empty set of texts of these keys. Lines of other keys are ignored.
    pub(crate) fn of(keys: &'static [&'static str]) -> Self {
        Self { keys, texts: HashMap::new() }
    }

    /// Adds a line of a key, the separator and a text, which `read` checks. Any other line is
    /// skipped, and so is a line for which `read` fails.
    pub(crate) fn add(
        &mut self,
        lines: &Lines<'_>,
        line: Line<'t>,
        separator: char,
        read: impl FnOnce(&str, &'t str) -> Result<Cow<'t, str>, Invalid>,
    ) {
        let pair = line.text.split_once(separator).map(|(key, text)| (key.trim(), text));
        let text = match pair {
            _ if line.text.contains('\0') => Err(Invalid::Nul),
            Some((key, text)) => read(key, text).map(|text| (key, text)),
            None => Err(Invalid::Lacks(separator)),
        };
        match (text, pair) {
            (Ok((key, text)), _) => self.set(key, text),
            (Err(error), pair) => {
                lines.skip(line.number, error);
                match pair.filter(|(key, _)| !key.contains('\0')) {
                    Some((key, _)) => self.lose(|it| it == key),
                    None => self.lose_one_of(beginning(line.text, separator)),
                }
            }
        }
    }

    fn set(&mut self, key: &str, text: Cow<'t, str>) {
        if let Some(key) = self.keys.iter().find(|it| **it == key) {
            self.texts.insert(key, Some(text));
        }
    }

    /// Marks keys as unknown, unless another line has them.
    fn lose(&mut self, is_lost: impl Fn(&str) -> bool) {
        for key in self.keys.iter().filter(|key| is_lost(key)) {
            self.texts.entry(key).or_default();
        }
    }

    /// Marks the keys that a skipped line may have had, if its key cannot be read: all keys that
    /// start with `beginning`, or else the longest key that `beginning` starts with.
    fn lose_one_of(&mut self, beginning: &str) {
        if self.keys.iter().any(|key| key.starts_with(beginning)) {
            return self.lose(|key| key.starts_with(beginning));
        }
        let begins = self.keys.iter().filter(|key| beginning.starts_with(**key));
        if let Some(longest) = begins.max_by_key(|key| key.len()) {
            self.lose(|key| key == *longest);
        }
    }

    /// Copies the texts of these keys from `others`, unless they are set here.
    pub(crate) fn fall_back(&mut self, others: &Self, keys: &[&'static str]) {
        for key in keys {
            if let Some(text) = others.texts.get(key) {
                self.texts.entry(key).or_insert_with(|| text.clone());
            }
        }
    }

    /// Returns the text of the first key that has one, or an empty text if no key has one; `None`
    /// if the text is unknown.
    pub(crate) fn first(&self, keys: &[&str]) -> Option<&str> {
        let text = keys.iter().find_map(|key| self.texts.get(*key));
        text.map_or(Some(""), |text| text.as_deref())
    }

    /// Returns the text of a key, as [`first`](Self::first) does.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.first(&[key])
    }

    /// Returns the texts of all keys, or `None` if one of them is unknown.
    pub(crate) fn all<const N: usize>(&self, keys: [&str; N]) -> Option<[String; N]> {
        self.all_first(keys.each_ref().map(std::slice::from_ref))
    }

    /// Returns the text of the [`first`](Self::first) key of each list, or `None` if one of them is
    /// unknown.
    pub(crate) fn all_first<const N: usize>(&self, keys: [&[&str]; N]) -> Option<[String; N]> {
        let texts: Option<Vec<String>> =
            keys.iter().map(|keys| self.first(keys).map(str::to_owned)).collect();
        texts?.try_into().ok()
    }
}

/// Returns the beginning of a line that can be part of a key. Keys before `=` have no white space,
/// and keys before `:` are padded with tabs.
fn beginning(line: &str, separator: char) -> &str {
    let ends = |character: char| match separator {
        '=' => character.is_whitespace() || character == '\0',
        _ => matches!(character, '\t' | '\0'),
    };
    line.split(ends).next().unwrap_or_default().trim()
}
