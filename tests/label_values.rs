//! Label values of the standard library.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::num::{NonZeroI128, NonZeroU8, NonZeroU16, NonZeroUsize};
use std::sync::Arc;

use hello_exporter::{Collector, CounterVec, Family, Gauge, LabelValue, Labels};
use hello_exporter_tests::{assert_golden, exposition_of};

fn label(value: impl LabelValue) -> String {
    let family = CounterVec::new(["label"]);
    family.with([value]).inc();
    family.iter().filter_map(|series| series.label("label")).collect()
}

const LONGEST: SocketAddrV6 = SocketAddrV6::new(
    Ipv6Addr::new(0xffff, 0xfffe, 0xfffd, 0xfffc, 0xfffb, 0xfffa, 0xfff9, 0xfff8),
    u16::MAX,
    0,
    u32::MAX,
);

#[test]
fn addresses_are_label_values() {
    assert_eq!(label(Ipv4Addr::new(192, 0, 2, 1)), "192.0.2.1");
    assert_eq!(label(Ipv6Addr::LOCALHOST), "::1");
    assert_eq!(label(IpAddr::V4(Ipv4Addr::BROADCAST)), "255.255.255.255");
    assert_eq!(label(IpAddr::V6(*LONGEST.ip())), "ffff:fffe:fffd:fffc:fffb:fffa:fff9:fff8");
    assert_eq!(label(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 80)), "127.0.0.1:80");
    assert_eq!(label(SocketAddr::from(([127, 0, 0, 1], 65535))), "127.0.0.1:65535");
    let longest = "[ffff:fffe:fffd:fffc:fffb:fffa:fff9:fff8%4294967295]:65535";
    assert_eq!(label(LONGEST), longest);
    assert_eq!(label(SocketAddr::V6(LONGEST)), longest);
}

#[test]
fn strings_of_every_kind_are_label_values() {
    assert_eq!(label(Box::<str>::from("a")), "a");
    assert_eq!(label(Arc::<str>::from("b")), "b");
    assert_eq!(label(Cow::from("c")), "c");
    assert_eq!(label("d".to_owned()), "d");
    assert_eq!(label('é'), "é");
    assert_eq!(label('\u{10ffff}'), "\u{10ffff}");
}

#[test]
fn integers_of_every_size_are_label_values() {
    assert_eq!(label(NonZeroU8::MAX), "255");
    assert_eq!(label(NonZeroUsize::MIN), "1");
    assert_eq!(label(u128::MAX), "340282366920938463463374607431768211455");
    assert_eq!(label(i128::MIN), "-170141183460469231731687303715884105728");
    assert_eq!(label(NonZeroI128::MIN), label(i128::MIN));
    assert_eq!(label(Some(NonZeroU8::MIN)), "1");
    assert_eq!(label(None::<IpAddr>), "");
}

#[derive(Labels)]
struct Peer {
    address: SocketAddr,
    node: Option<NonZeroU16>,
    zone: Arc<str>,
    rank: char,
}

fn peer() -> Peer {
    let address = SocketAddr::from(([192, 0, 2, 1], 5432));
    Peer { address, node: NonZeroU16::new(7), zone: "a".into(), rank: 'B' }
}

#[derive(Collector)]
struct Peers {
    /// Lag.
    lag_bytes: Family<Peer, Gauge>,

    /// Whether it answers.
    up: Vec<(Peer, bool)>,

    #[metric(help = "Hops.", labels = ["address"])]
    hops: BTreeMap<IpAddr, u8>,

    #[metric(help = "Links.", labels = ["from", "to"])]
    links: BTreeMap<[Ipv4Addr; 2], u8>,

    #[metric(help = "Routes.", labels = ["net", "metric"])]
    routes: BTreeMap<(Box<str>, NonZeroU8), u8>,
}

#[test]
fn label_values_of_the_standard_library_are_exposed() {
    let [one, other] = [Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(192, 0, 2, 2)];
    let peers = Peers {
        up: vec![(peer(), true)],
        hops: BTreeMap::from([(IpAddr::V6(Ipv6Addr::LOCALHOST), 0)]),
        links: BTreeMap::from([([one, other], 1)]),
        routes: BTreeMap::from([(("10.0.0.0/8".into(), NonZeroU8::MIN), 2)]),
        ..Peers::new()
    };
    peers.lag_bytes.with(peer()).set(4096.0);
    assert_golden("expositions/label_values_of_std.txt", &exposition_of(peers));
}
