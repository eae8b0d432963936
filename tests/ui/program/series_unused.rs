#![deny(unused_must_use)]

use hello_exporter::CounterVec;

fn main() {
    CounterVec::new(["hostname"]).with(["Hi"]);
}
