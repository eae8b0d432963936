//! INFO, section CPU: processor time.

use hello_exporter::Collector;
use serde::Deserialize;

#[derive(Collector, Deserialize)]
pub(crate) struct CpuMetrics {
    /// Processor time of the server in the kernel, in seconds.
    #[metric(counter, name = "cpu_sys_seconds_total")]
    used_cpu_sys: Option<f64>,

    /// Processor time of the server outside of the kernel, in seconds.
    #[metric(counter, name = "cpu_user_seconds_total")]
    used_cpu_user: Option<f64>,

    /// Processor time of saves and rewrites in the kernel, in seconds.
    #[metric(counter, name = "cpu_sys_children_seconds_total")]
    used_cpu_sys_children: Option<f64>,

    /// Processor time of saves and rewrites outside of the kernel, in seconds.
    #[metric(counter, name = "cpu_user_children_seconds_total")]
    used_cpu_user_children: Option<f64>,

    /// Processor time of the main thread in the kernel, in seconds.
    #[metric(counter, name = "cpu_sys_main_thread_seconds_total")]
    used_cpu_sys_main_thread: Option<f64>,

    /// Processor time of the main thread outside of the kernel, in seconds.
    #[metric(counter, name = "cpu_user_main_thread_seconds_total")]
    used_cpu_user_main_thread: Option<f64>,

    /// Active time of the main thread, in seconds.
    #[metric(counter, name = "active_time_main_thread_seconds_total")]
    used_active_time_main_thread: Option<f64>,
}
