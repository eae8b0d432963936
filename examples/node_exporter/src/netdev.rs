//! Traffic of network devices, as `/proc/net/dev` counts it.

use std::collections::BTreeMap;

use hello_exporter::{Collector, Labels, Rows};
use procfs::net::{DeviceStatus, InterfaceDeviceStatus};

use crate::Flags;
use crate::files::Result;

#[derive(Labels)]
pub(crate) struct Device {
    device: String,
}

#[derive(Collector)]
#[collector(namespace = "node", subsystem = "network", no_new)]
pub(crate) struct Traffic {
    /// Bytes received.
    #[metric(counter)]
    receive_bytes_total: u64,
    /// Packets received.
    #[metric(counter)]
    receive_packets_total: u64,
    /// Packets received with errors.
    #[metric(counter)]
    receive_errs_total: u64,
    /// Packets received, and dropped.
    #[metric(counter)]
    receive_drop_total: u64,
    /// Packets for which the queue had no place.
    #[metric(counter)]
    receive_fifo_total: u64,
    /// Packets received with framing errors.
    #[metric(counter)]
    receive_frame_total: u64,
    /// Compressed packets received.
    #[metric(counter)]
    receive_compressed_total: u64,
    /// Multicast packets received.
    #[metric(counter)]
    receive_multicast_total: u64,
    /// Packets that nobody wanted.
    #[metric(counter)]
    receive_nohandler_total: Option<u64>,
    /// Bytes transmitted.
    #[metric(counter)]
    transmit_bytes_total: u64,
    /// Packets transmitted.
    #[metric(counter)]
    transmit_packets_total: u64,
    /// Errors of transmission.
    #[metric(counter)]
    transmit_errs_total: u64,
    /// Packets dropped instead of transmitted.
    #[metric(counter)]
    transmit_drop_total: u64,
    /// Errors of the queue for transmission.
    #[metric(counter)]
    transmit_fifo_total: u64,
    /// Collisions.
    #[metric(counter)]
    transmit_colls_total: u64,
    /// Losses of the carrier, and what else kept a packet from being transmitted.
    #[metric(counter)]
    transmit_carrier_total: u64,
    /// Compressed packets transmitted.
    #[metric(counter)]
    transmit_compressed_total: u64,
}

pub(crate) fn source(flags: &Flags) -> impl Fn() -> Result<Rows<Device, Traffic>> + use<> {
    let (file, classes) = (flags.procfs.join("net/dev"), flags.sysfs.join("class/net"));
    let filter = flags.network_devices.clone();
    move || {
        let InterfaceDeviceStatus(devices) = file.parse()?;
        // In the same order at every scrape.
        let devices = BTreeMap::from_iter(devices);
        let devices = devices.into_iter().filter(|(name, _)| filter.keeps(name));
        let row = |(device, status): (String, DeviceStatus)| {
            // This one number is not in /proc.
            let unhandled = classes.join(&device).join("statistics/rx_nohandler").number();
            (Device { device }, Traffic::new(&status, unhandled))
        };
        Ok(devices.map(row).collect())
    }
}

impl Traffic {
    fn new(device: &DeviceStatus, unhandled: Option<u64>) -> Self {
        Self {
            receive_bytes_total: device.recv_bytes,
            receive_packets_total: device.recv_packets,
            receive_errs_total: device.recv_errs,
            receive_drop_total: device.recv_drop,
            receive_fifo_total: device.recv_fifo,
            receive_frame_total: device.recv_frame,
            receive_compressed_total: device.recv_compressed,
            receive_multicast_total: device.recv_multicast,
            receive_nohandler_total: unhandled,
            transmit_bytes_total: device.sent_bytes,
            transmit_packets_total: device.sent_packets,
            transmit_errs_total: device.sent_errs,
            transmit_drop_total: device.sent_drop,
            transmit_fifo_total: device.sent_fifo,
            transmit_colls_total: device.sent_colls,
            transmit_carrier_total: device.sent_carrier,
            transmit_compressed_total: device.sent_compressed,
        }
    }
}
