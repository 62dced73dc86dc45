//! Random bytes from the system.

/// Fills `bytes`; libcurl's tests may say with what, in the build that is for them.
pub fn fill(bytes: &mut [u8]) {
    #[cfg(feature = "test-hooks")]
    if hooks::fill(bytes) {
        return;
    }
    let mut done = 0;
    while let Some(rest) = bytes.get_mut(done..).filter(|rest| !rest.is_empty()) {
        // Only a signal or an early boot interrupts it.
        done += rustix::rand::getrandom(rest, rustix::rand::GetRandomFlags::empty()).unwrap_or(0);
    }
}

/// Letters and digits, for names that nobody is to guess and that no text happens to hold.
pub fn letters<const N: usize>() -> [u8; N] {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut numbers = [[0; 4]; N];
    fill(numbers.as_flattened_mut());
    numbers.map(|number| LETTERS[u32::from_le_bytes(number) as usize % LETTERS.len()])
}

/// The mask of a WebSocket frame.
pub(crate) fn mask() -> [u8; 4] {
    #[cfg(feature = "test-hooks")]
    if std::env::var_os("CURL_WS_FORCE_ZERO_MASK").is_some() {
        return [0; 4];
    }
    let mut mask = [0; 4];
    fill(&mut mask);
    mask
}

/// What curl's own suite asks of a library that is made for it.
#[cfg(feature = "test-hooks")]
mod hooks {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// `CURL_ENTROPY`: numbers from that text on, one after the other.
    pub(super) fn fill(bytes: &mut [u8]) -> bool {
        static NEXT: OnceLock<Option<AtomicU32>> = OnceLock::new();
        let first = || {
            let text = std::env::var("CURL_ENTROPY").ok()?;
            let mut seed = [0; 4];
            seed.iter_mut().zip(text.bytes()).for_each(|(to, from)| *to = from);
            Some(AtomicU32::new(u32::from_be_bytes(seed)))
        };
        let Some(next) = NEXT.get_or_init(first) else { return false };
        for part in bytes.chunks_mut(4) {
            let number = next.fetch_add(1, Ordering::Relaxed).to_le_bytes();
            part.copy_from_slice(&number[..part.len()]);
        }
        true
    }
}
