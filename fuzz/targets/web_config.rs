//! A web configuration file has settings, or one mistake with a message and a place.

#![no_main]

use std::path::Path;

use hello_exporter::fuzzing::server::web_config::check;
use libfuzzer_sys::fuzz_target;

/// Its directory does not exist, so that no other file is read.
const PATH: &str = "/does/not/exist/web.yml";

fuzz_target!(|contents: &[u8]| {
    let Err(error) = check(Path::new(PATH), contents.to_vec()) else { return };
    let message = error.to_string();
    let rest = message.strip_prefix(PATH).and_then(|rest| rest.strip_prefix(':'));
    let rest = rest.unwrap_or_else(|| panic!("no path: {message}"));
    let mut parts = rest.splitn(3, ':');
    let place = (parts.next().map(str::parse::<usize>), parts.next().map(str::parse::<usize>));
    let text = match place {
        (Some(Ok(line)), Some(Ok(column))) => {
            let lines = contents.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count() + 1;
            assert!((1..=lines + 1).contains(&line) && column > 0, "{message}");
            parts.next().unwrap()
        }
        _ => rest,
    };
    assert!(text.starts_with(' ') && text.trim().len() > 5, "{message}");
});
