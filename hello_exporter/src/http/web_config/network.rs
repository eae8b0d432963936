//! Whom addresses belong to.

use std::net::{IpAddr, Ipv6Addr};

/// Returns the address that stands for a host: an IPv4 address, or an IPv6 /64, all of whose
/// addresses one host can have. Without an address it is one and the same.
pub(in crate::http) fn network(host: Option<IpAddr>) -> IpAddr {
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
    fn an_ipv6_network_is_one_host() {
        let network = |text: &str| network(Some(text.parse().unwrap())).to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network("::ffff:10.0.0.1"), "10.0.0.1");
        assert_eq!(network("10.0.0.1"), "10.0.0.1");
    }
}
