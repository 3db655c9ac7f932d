//! Makes glibc's allocator give memory back: called first thing by `main`.
//!
//! Left alone, it raises its threshold for mapped blocks to what the loading of the model needed and
//! keeps an arena for nearly every thread, which costs a process with the embedder loaded some 80 MB
//! of 380 (10,000 passages, after 600 questions). Other allocators took more. A fixed threshold keeps
//! large blocks out of the heap; the speed of answers does not change.

/// Larger blocks are mapped one by one and given back when they are freed, bytes.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const MAPPED: libc::c_int = 1 << 20;
/// Heaps that threads share.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const ARENAS: libc::c_int = 4;

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(
    unsafe_code,
    reason = "mallopt has no safe form; it only sets three numbers of the allocator"
)]
pub(crate) fn give_back_early() {
    // SAFETY: called before any other thread is started, as mallopt(3) asks; it takes two numbers and
    // touches no memory of ours.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, MAPPED);
        libc::mallopt(libc::M_TRIM_THRESHOLD, MAPPED);
        libc::mallopt(libc::M_ARENA_MAX, ARENAS);
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn give_back_early() {}
