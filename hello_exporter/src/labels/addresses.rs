//! IP and socket addresses as label values.

use std::fmt::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use super::LabelValue;

macro_rules! addresses {
    ($($type:ty)*) => {$(
        impl LabelValue for $type {
            type Buffer = AddressBuffer;

            fn as_label<'a>(&'a self, buffer: &'a mut AddressBuffer) -> &'a str {
                buffer.format(self)
            }
        }
    )*};
}

addresses!(IpAddr Ipv4Addr Ipv6Addr SocketAddr SocketAddrV4 SocketAddrV6);

/// A buffer for the text of an address, without allocation.
#[derive(Debug, Default)]
pub struct AddressBuffer {
    bytes: [[u8; 32]; 2],
    length: usize,
}

impl AddressBuffer {
    fn format(&mut self, address: &impl fmt::Display) -> &str {
        self.length = 0;
        // The longest address is an IPv6 one with a scope and a port, of 58 bytes.
        let _ = write!(self, "{address}");
        let text = self.bytes.as_flattened().get(..self.length).unwrap_or_default();
        std::str::from_utf8(text).unwrap_or_default()
    }
}

impl fmt::Write for AddressBuffer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        let target = self.bytes.as_flattened_mut().get_mut(self.length..end).ok_or(fmt::Error)?;
        target.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}
