//! Determines which host an address belongs to.

use std::net::{IpAddr, Ipv6Addr};

/// Returns the address that stands for a host: its IPv4 address, or the /64 network of its IPv6
/// address, since one host can have all addresses of a /64. A client over a Unix socket has no IP
/// address, and counts as the IPv6 loopback: both are on this machine.
pub(crate) fn network(host: Option<IpAddr>) -> IpAddr {
    match host.map(|host| host.to_canonical()) {
        Some(IpAddr::V6(address)) => {
            let network = address.to_bits() & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from_bits(network))
        }
        Some(host) => host,
        None => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ipv6_network_is_one_host() {
        let network = |text: &str| network(Some(text.parse().unwrap())).to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network("::ffff:10.0.0.1"), "10.0.0.1");
        assert_eq!(network("10.0.0.1"), "10.0.0.1");
    }

    #[test]
    fn clients_of_unix_sockets_are_one_host() {
        assert_eq!(network(None), network(Some(Ipv6Addr::LOCALHOST.into())));
    }
}
