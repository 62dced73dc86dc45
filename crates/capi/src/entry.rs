//! The boundary between C and Rust: no panic crosses it.

/// Defines exported C functions.
///
/// Each is `fn name(parameters) -> Type [what a caught panic returns] { body }`; a body is an
/// ordinary safe block that says `unsafe` where it trusts the caller. The value for a panic sees
/// the parameters, so it may mark a handle as spoilt.
macro_rules! entry {
    ($(
        $(#[$meta:meta])*
        fn $name:ident($($arg:ident: $ty:ty),* $(,)?) $(-> $ret:ty [$on_panic:expr])? $body:block
    )*) => {$(
        $(#[$meta])*
        ///
        /// # Safety
        /// Pointers are what the man page of this name asks for.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($($arg: $ty),*) $(-> $ret)? {
            $crate::entry::guarded(move || $body, move || { $($on_panic)? })
        }
    )*};
}

pub(crate) use entry;

/// Runs `body`; a panic in it ends here and `on_panic` answers.
pub(crate) fn guarded<T>(body: impl FnOnce() -> T, on_panic: impl FnOnce() -> T) -> T {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)) {
        Ok(value) => value,
        Err(payload) => {
            // Dropping a payload could panic again.
            std::mem::forget(payload);
            on_panic()
        }
    }
}
