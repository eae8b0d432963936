// rule: Source
use hello_exporter::source::Source;

struct Disk;

fn ask(_: impl Source) {}

fn main() {
    ask(Disk);
}
