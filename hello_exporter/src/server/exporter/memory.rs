//! Memory that an exporter gives back.
//!
//! The allocator of glibc maps what is large, and unmaps it when it is freed, but takes the size of what is
//! freed for what the program is used to: from then on the like comes from its heaps, of which it keeps up to
//! 64 MiB each, and every thread may have one. After eight scrapes at once of 100,000 series an exporter of 40
//! MiB kept 280 MiB for good; where the threshold is fixed it keeps 60 MiB.
//!
//! This is a call of C, made once, before the exporter starts a thread.

#![allow(unsafe_code, reason = "see above")]

/// What is larger than this goes back to the system as soon as it is freed.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE: libc::c_int = 1 << 20;

/// Has the allocator give back what is large, for good.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(super) fn give_back() {
    // SAFETY: glibc takes any size for this parameter, and sets it under a lock. Where the author has started
    // threads, what they read meanwhile is the old number or the new one, and either is a threshold.
    let is_set = unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE) } == 1;
    if !is_set {
        tracing::debug!("The allocator takes no threshold");
    }
}

/// Other allocators do by themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(super) fn give_back() {}
