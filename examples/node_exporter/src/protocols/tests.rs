//! Lines of `/proc/net/netstat`, `snmp6` and `sockstat`.

use super::{Pairs, Sockets, count6, sockets};
use crate::files::tests::{numbers_of, read_text};

fn pairs(text: &str) -> (Vec<String>, Vec<usize>) {
    let mut pairs = Vec::new();
    let ((), skipped) = read_text(text, |lines| Pairs::read(lines, |name, _| pairs.push(name)));
    (pairs, numbers_of(&skipped))
}

#[test]
fn names_without_values_are_skipped() {
    let ip = "Ip: A B\nIp: 1 2\n";
    for (invalid, skipped) in [
        ("TcpExt: A B\n", vec![1]),
        ("TcpExt: A B\nTcpExt: C D\nTcpExt: 1 2\n", vec![1]),
        ("TcpExt: 1 2\n", vec![1]),
        ("TcpExt:\nTcpExt: 1 2\n", vec![1]),
        ("TcpExt: A B\nTcpExt:\n", vec![2]),
        ("\nTcpExt: 1 2\n", vec![1]),
        ("TcpExt: A B\n\n", vec![2]),
        ("TcpExt: A B\0\nTcpExt: 1 2\n", vec![1]),
        ("TcpExt A B\nTcpExt: 1 2\n", vec![1]),
        ("TcpExt: A B\nTcpExt: 1 18446744073709551616\n", vec![2]),
        // Either line may be the invalid one.
        ("TcpExt: A B C\nTcpExt: 1 2\n", vec![1, 2]),
        ("TcpExt: A B\nTcpExt: 1 2 3\n", vec![1, 2]),
        ("TcpExt: A B\nUdp: 1 2\n", vec![1, 2]),
    ] {
        let mut expected = vec!["Ip_A".to_owned(), "Ip_B".to_owned()];
        if invalid.contains("C D") {
            expected.splice(..0, ["TcpExt_C".to_owned(), "TcpExt_D".to_owned()]);
        }
        assert_eq!(pairs(&format!("{invalid}{ip}")), (expected, skipped), "{invalid:?}");
    }
    assert_eq!(pairs("Ip: A B\nIp: 1 2\nTcpExt: A B\n").1, [3]);
    assert_eq!(pairs("Ip:A B\nIp:1 -2\n"), (vec!["Ip_A".to_owned(), "Ip_B".to_owned()], vec![]));
}

#[test]
fn names_of_ipv6_have_a_6() {
    let text = "Ip6InOctets 460\nIpInOctets 1\nIcmp6OutType133\t 1\nUdp6X\n";
    let read = |line: &'_ str| Ok(count6(line)?.0);
    let (read, skipped) = read_text(text, |lines| lines.read(read));
    assert_eq!(read, ["Ip6_InOctets", "Icmp6_OutType133"]);
    assert_eq!(numbers_of(&skipped), [2, 4]);
}

#[test]
fn counts_of_sockets_are_pairs_of_a_name_and_a_number() {
    let text = "sockets: used 229\n\
                TCP: inuse 4 orphan\n\
                UDP:inuse 5 mem -1\n\
                RAW:\n\
                RAW inuse 1\n\
                FRAG: inuse 0 512 memory\n\
                UDPLITE: inuse 99999999999999999999\n";
    let read = |lines: &crate::files::Lines<'_>| {
        let read = lines.read(sockets).into_iter().flatten();
        read.map(|Sockets { protocol, name, value }| format!("{protocol} {name} {value}")).collect()
    };
    let (read, skipped): (Vec<String>, _) = read_text(text, read);
    assert_eq!(read, ["sockets used 229", "UDP inuse 5", "UDP mem -1"]);
    assert_eq!(numbers_of(&skipped), [2, 4, 5, 6, 7]);
}
