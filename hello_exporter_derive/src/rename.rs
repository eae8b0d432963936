//! The styles of `rename_all`, with the names that they have in serde.

/// The style in which the words of a name are written.
#[derive(Clone, Copy)]
pub(crate) struct Rename {
    first: Case,
    others: Case,
    separator: &'static str,
}

#[derive(Clone, Copy)]
enum Case {
    Lower,
    Upper,
    Capital,
}

use Case::{Capital, Lower, Upper};

/// A style and its name.
pub(crate) type Style = (&'static str, Rename);

/// The styles that can spell label names come first.
const STYLES: &[Style] = &[
    ("lowercase", style(Lower, Lower, "")),
    ("UPPERCASE", style(Upper, Upper, "")),
    ("PascalCase", style(Capital, Capital, "")),
    ("camelCase", style(Lower, Capital, "")),
    ("snake_case", Rename::SNAKE),
    ("SCREAMING_SNAKE_CASE", style(Upper, Upper, "_")),
    ("kebab-case", style(Lower, Lower, "-")),
    ("SCREAMING-KEBAB-CASE", style(Upper, Upper, "-")),
];

const fn style(first: Case, others: Case, separator: &'static str) -> Rename {
    Rename { first, others, separator }
}

impl Rename {
    pub(crate) const SNAKE: Self = style(Lower, Lower, "_");

    /// Returns all styles.
    pub(crate) fn all() -> &'static [Style] {
        STYLES
    }

    /// Returns the styles that can spell label names.
    pub(crate) fn of_names() -> &'static [Style] {
        STYLES.split_last_chunk::<2>().map_or(STYLES, |(names, _)| names)
    }

    pub(crate) fn apply(self, name: &str) -> String {
        let words = words(name).into_iter().enumerate();
        let words = words.map(|(at, word)| match if at == 0 { self.first } else { self.others } {
            Case::Lower => word.to_lowercase(),
            Case::Upper => word.to_uppercase(),
            Case::Capital => capitalized(&word),
        });
        words.collect::<Vec<_>>().join(self.separator)
    }
}

/// Returns the words of a name, which capitals and underscores separate: `HTTP` and `Status2xx` for
/// `HTTPStatus2xx`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let characters: Vec<char> = name.chars().collect();
    for (at, &character) in characters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| characters.get(before));
        let after = characters.get(at + 1);
        let begins = character.is_uppercase()
            && (before.is_some_and(|before| !before.is_uppercase())
                || after.is_some_and(|after| after.is_lowercase()));
        if character == '_' || begins {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| character != '_') {
            word.push(character);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn capitalized(word: &str) -> String {
    let mut characters = word.chars();
    let first = characters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(characters.flat_map(char::to_lowercase)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_any_style_become_snake_case() {
        let cases = [
            ("Get", "get"),
            ("NotFound", "not_found"),
            ("HTTPStatus", "http_status"),
            ("Status2xx", "status2xx"),
            ("already_snake", "already_snake"),
            ("A", "a"),
            ("IOError", "io_error"),
        ];
        for (name, snake) in cases {
            assert_eq!(Rename::SNAKE.apply(name), snake);
        }
    }

    #[test]
    fn every_style_is_spelled_like_its_name() {
        for (name, rename) in STYLES {
            let expected = match *name {
                "lowercase" => "notfound",
                "UPPERCASE" => "NOTFOUND",
                "PascalCase" => "NotFound",
                "camelCase" => "notFound",
                "snake_case" => "not_found",
                "SCREAMING_SNAKE_CASE" => "NOT_FOUND",
                "kebab-case" => "not-found",
                _ => "NOT-FOUND",
            };
            assert_eq!(rename.apply("NotFound"), expected, "{name}");
        }
    }
}
