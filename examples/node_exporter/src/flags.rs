//! The command-line flags.

use std::time::Duration;

use clap::Args;
use hello_exporter::cli::parse_duration;
use hello_exporter::filter::{Filter, FilterFlags, Pattern};

use crate::files::File;
use crate::filesystem;

#[derive(Args)]
pub(crate) struct Flags {
    /// Where procfs is mounted
    #[arg(long = "path.procfs", value_name = "PATH", default_value = "/proc")]
    pub(crate) procfs: File,
    /// Where sysfs is mounted
    #[arg(long = "path.sysfs", value_name = "PATH", default_value = "/sys")]
    pub(crate) sysfs: File,
    /// Where the root of the host is mounted
    #[arg(long = "path.rootfs", value_name = "PATH", default_value = "/")]
    pub(crate) rootfs: File,
    /// Where udev keeps its data about devices
    #[arg(long = "path.udev.data", value_name = "PATH", default_value = "/run/udev/data")]
    pub(crate) udev: File,

    /// Expose the time that CPUs spend in guests, which is the default
    #[arg(long = "collector.cpu.guest", overrides_with = "without_cpu_guest")]
    cpu_guest: bool,
    /// Do not expose the time that CPUs spend in guests
    #[arg(long = "no-collector.cpu.guest", overrides_with = "cpu_guest")]
    pub(crate) without_cpu_guest: bool,
    /// Expose node_cpu_info and node_cpu_frequency_hertz
    #[arg(long = "collector.cpu.info")]
    pub(crate) cpu_info: bool,
    /// Which flags of the first CPU to expose; implies --collector.cpu.info
    #[arg(long = "collector.cpu.info.flags-include", value_name = "REGEXP")]
    pub(crate) cpu_flags: Option<Pattern>,
    /// Which bugs of the first CPU to expose; implies --collector.cpu.info
    #[arg(long = "collector.cpu.info.bugs-include", value_name = "REGEXP")]
    pub(crate) cpu_bugs: Option<Pattern>,

    #[command(flatten)]
    pub(crate) disks: Filter<Disks>,

    #[command(flatten)]
    pub(crate) mount_points: Filter<MountPoints>,
    #[command(flatten)]
    pub(crate) filesystem_types: Filter<FilesystemTypes>,
    /// How long to wait for mounts, less than 10s; a mount that does not answer is skipped until it
    /// does
    #[arg(long = "collector.filesystem.mount-timeout", value_name = "DURATION")]
    #[arg(default_value = "5s", value_parser = mount_timeout)]
    pub(crate) mount_timeout: Duration,

    /// How many mounts to query at once
    #[arg(long = "collector.filesystem.stat-workers", value_name = "NUMBER", default_value = "4")]
    pub(crate) stat_workers: u16,

    #[command(flatten)]
    pub(crate) network_devices: Filter<NetworkDevices>,
    /// Label network devices with their aliases
    #[arg(long = "collector.netdev.label-ifalias")]
    pub(crate) alias: bool,

    /// Fields of /proc/net/netstat, snmp and snmp6 to expose
    #[arg(long = "collector.netstat.fields", value_name = "REGEXP", default_value = NETSTAT_FIELDS)]
    pub(crate) netstat_fields: Pattern,

    /// Count softirqs by vector
    #[arg(long = "collector.stat.softirq")]
    pub(crate) softirq: bool,

    /// Fields of /proc/vmstat to expose
    #[arg(long = "collector.vmstat.fields", value_name = "REGEXP", default_value = VMSTAT_FIELDS)]
    pub(crate) vmstat_fields: Pattern,
}

const NETSTAT_FIELDS: &str = "^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|\
    Icmp6?_(InMsgs|OutMsgs)|TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|\
    TCPOFOQueue|TCPRcvQDrop)|\
    Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)|\
    Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$";

const VMSTAT_FIELDS: &str = "^(oom_kill|pgpg|pswp|pg.*fault).*";

pub(crate) struct Disks;

impl FilterFlags for Disks {
    const PREFIX: &'static str = "collector.diskstats.device";
    const EXCLUDED: &'static str = r"^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$";
}

pub(crate) struct MountPoints;

impl FilterFlags for MountPoints {
    const PREFIX: &'static str = "collector.filesystem.mount-points";
    const EXCLUDED: &'static str = "^/(dev|proc|run|sys|mnt|media|var/lib/docker/.+|\
        var/lib/containers/storage/.+)($|/)";
}

pub(crate) struct FilesystemTypes;

impl FilterFlags for FilesystemTypes {
    const PREFIX: &'static str = "collector.filesystem.fs-types";
    const EXCLUDED: &'static str = "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|\
        fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|\
        squashfs|erofs|sysfs|tracefs)$";
}

pub(crate) struct NetworkDevices;

impl FilterFlags for NetworkDevices {
    const PREFIX: &'static str = "collector.netdev.device";
    const EXCLUDED: &'static str = "";
}

/// Parses the timeout of mounts. It must be less than that of the collector, which otherwise could
/// not report a mount that does not answer.
fn mount_timeout(text: &str) -> Result<Duration, String> {
    match parse_duration(text).map_err(|error| error.to_string())? {
        timeout if !timeout.is_zero() && timeout < filesystem::TIMEOUT => Ok(timeout),
        _ => Err(format!("expected more than zero and less than {:?}", filesystem::TIMEOUT)),
    }
}
