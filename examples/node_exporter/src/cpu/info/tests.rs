//! `/proc/cpuinfo` of several architectures.

use super::CpuInfo;
use crate::files::tests::{numbers_of, read_text};

const X86: &str = "\
processor\t: 0
vendor_id\t: GenuineIntel
cpu family\t: 6
model\t\t: 142
model name\t: Foo: Bar(R) 3000 @ 1.90GHz
stepping\t: 10
microcode\t: 0xb4
cpu MHz\t\t: 799.998
cache size\t: 8192 KB
physical id\t: 0
core id\t\t: 1
flags\t\t: fpu vme
bugs\t\t:
power management:

processor\t: 3
vendor_id\t: GenuineIntel
cpu family\t: 6
model\t\t: 142
model name\t: Other
stepping\t: unknown
cpu MHz\t\t: Unknown
physical id\t: 0
core id\t\t: 2

";

/// Returns the labels and the frequencies of the CPUs, and the numbers of the lines that are
/// skipped.
fn read(text: &str) -> (Vec<String>, Vec<f64>, Vec<usize>) {
    let all = ".".parse().expect("a regular expression");
    let (info, skipped) = read_text(text, |lines| CpuInfo::of(lines, Some(&all), Some(&all)));
    let labels = info.info.iter().map(|(labels, _)| labels.join("|")).collect();
    let frequencies = info.frequency_hertz.iter().map(|(_, hertz)| *hertz).collect();
    (labels, frequencies, numbers_of(&skipped))
}

const FIRST: &str = "0|1|0|GenuineIntel|6|142|Foo: Bar(R) 3000 @ 1.90GHz|0xb4|10|8192 KB";
const SECOND: &str = "0|2|3|GenuineIntel|6|142|Other||unknown|";

#[test]
fn values_may_contain_colons() {
    let expected = vec![FIRST.to_owned(), SECOND.to_owned()];
    assert_eq!(read(X86), (expected, vec![799_998_000.0], vec![]));
}

#[test]
fn malformed_line_drops_only_the_series_that_need_it() {
    let damaged = |line: &str, by: &str| {
        assert!(X86.contains(line), "{line}");
        let (labels, frequencies, skipped) = read(&X86.replacen(line, by, 1));
        (labels, frequencies.len(), skipped)
    };
    let both = || vec![FIRST.to_owned(), SECOND.to_owned()];
    let second = || vec![SECOND.to_owned()];
    for (line, by, expected) in [
        ("processor\t: 0", "processor\t: 0 0", (second(), 0, vec![1])),
        ("processor\t: 0", "processor\t: 4294967296", (second(), 0, vec![1])),
        ("processor\t: 0", "", (second(), 0, vec![])),
        ("model name\t: Foo: Bar(R) 3000 @ 1.90GHz", "model name\t:", (second(), 1, vec![5])),
        ("model name\t: Foo: Bar(R) 3000 @ 1.90GHz", "model na", (second(), 1, vec![5])),
        ("model name\t: Foo", "model name\t Foo\0", (second(), 1, vec![5])),
        ("stepping\t: 10", "stepping\t: ten", (second(), 1, vec![6])),
        ("cpu MHz\t\t: 799.998", "cpu MHz\t\t:", (both(), 0, vec![8])),
        ("cpu MHz\t\t: 799.998", "cpu MHz\t\t: 799.998 7", (both(), 0, vec![8])),
        ("cache size\t: 8192 KB", "cache size\t: 8192", (second(), 1, vec![9])),
        ("core id\t\t: 1", "core id\t\t:99999999999999999999", (second(), 0, vec![11])),
        ("core id\t\t: 1", "core id\t\t:1", (both(), 1, vec![])),
        ("flags\t\t: fpu", "flags\t\t fpu", (both(), 1, vec![12])),
        ("power management:", "power", (both(), 1, vec![14])),
        // Every label was found on another line, so the unreadable line cannot hold one.
        ("power management:", "\0\0\0", (both(), 1, vec![14])),
        ("microcode\t: 0xb4", "\0\0\0", (second(), 1, vec![7])),
        ("power management:\n\n", "power management:\nx\n", (both(), 1, vec![15])),
    ] {
        assert_eq!(damaged(line, by), expected, "{by:?}");
    }
}

#[test]
fn empty_file_has_no_cpus() {
    assert_eq!(read(""), (vec![], vec![], vec![1]));
}

#[test]
fn s390x_writes_values_shared_by_all_cpus_first() {
    let text = "\
vendor_id       : IBM/S390
# processors    : 2
bogomips per cpu: 3033.00
features\t: esan3 zarch
cache0          : level=1 type=Data scope=Private size=128K
processor 0: version = FF,  identification = 2733E8,  machine = 2964
processor 1: version = FF,  identification = 2733E8,  machine = 2964

cpu number      : 0
physical id     : 2
core id         : 0
cpu MHz dynamic : 5000
cpu MHz static  : 5000

cpu number      : 1
physical id     : 2
core id         : 1
cpu MHz dynamic : 5001
";
    let labels = ["2|0|0|IBM/S390||||||", "2|1|1|IBM/S390||||||"].map(str::to_owned).to_vec();
    assert_eq!(read(text), (labels, vec![5e9, 5.001e9], vec![]));
    // Older kernels do not write a block for each CPU.
    let head = &text[..text.find("\n\n").expect("a blank line")];
    let labels = ["||0|IBM/S390||||||", "||1|IBM/S390||||||"].map(str::to_owned).to_vec();
    assert_eq!(read(head), (labels, vec![], vec![]));
    let (labels, _, skipped) = read(&text.replace("processor 0:", "processor x:"));
    assert_eq!((labels, skipped), (vec!["2|1|1|IBM/S390||||||".to_owned()], vec![6]));
    let (labels, _, skipped) = read(&text.replace("vendor_id  ", "vendor_id\0 "));
    assert_eq!((labels, skipped), (vec![], vec![1]));
}

#[test]
fn other_architectures_have_other_keys() {
    for (text, expected, hertz) in [
        (
            "processor\t: 1\nBogoMIPS\t: 50.00\nFeatures\t: fp asimd\nCPU part\t: 0xd0c\n\n\
             Hardware\t: BCM2835\nModel\t\t: Raspberry Pi\n",
            "||1|||||||",
            None,
        ),
        (
            "processor\t: 0\ncpu\t\t: POWER8 (raw), altivec supported\nclock\t\t: 3425.000000MHz\n\n\
             timebase\t: 512000000\nmodel\t\t: 8286-41A\n",
            "||0|POWER8 (raw), altivec supported||||||",
            Some(3.425e9),
        ),
        ("processor\t: 2\nhart\t\t: 5\nisa\t\t: rv64imafdc\n", "|5|2||||rv64imafdc|||", None),
        (
            "system type\t\t: UBNT_E100\nmachine\t: Unknown\nprocessor\t: 0\n\
             cpu model\t: Cavium Octeon+ V0.1\n",
            "||0|UBNT_E100|||Cavium Octeon+ V0.1|||",
            None,
        ),
        (
            "system type\t\t: generic-loongson-machine\n\nprocessor\t\t: 0\n\
             CPU Family\t\t: Loongson-64bit\nModel Name\t\t: Loongson-3A5000\n",
            "||0|generic-loongson-machine|Loongson-64bit||Loongson-3A5000|||",
            None,
        ),
    ] {
        let expected = (vec![expected.to_owned()], hertz.into_iter().collect(), vec![]);
        assert_eq!(read(text), expected, "{text}");
    }
}
