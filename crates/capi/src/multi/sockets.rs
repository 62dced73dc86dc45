//! Sockets that the application was told of, and the pointers it assigned to them.

use std::ffi::{c_int, c_void};
use std::ptr::null_mut;

/// By descriptor: they are small and dense.
#[derive(Default)]
pub struct Sockets(Vec<Known>);

#[derive(Clone, Copy)]
struct Known {
    told: bool,
    /// `curl_multi_assign`.
    data: *mut c_void,
}

impl Sockets {
    /// Notes that the application is told of a socket, and gives the pointer that goes with it.
    pub fn tell(&mut self, socket: c_int) -> *mut c_void {
        let Ok(index) = usize::try_from(socket) else { return null_mut() };
        if index >= self.0.len() {
            self.0.resize(index + 1, Known { told: false, data: null_mut() });
        }
        let Some(known) = self.0.get_mut(index) else { return null_mut() };
        known.told = true;
        known.data
    }

    /// The application has been told to forget a socket.
    pub fn forget(&mut self, socket: c_int) {
        if let Some(known) = self.at(socket) {
            *known = Known { told: false, data: null_mut() };
        }
    }

    /// Keeps the application's pointer; false when the socket is not known.
    pub fn assign(&mut self, socket: c_int, data: *mut c_void) -> bool {
        match self.at(socket) {
            Some(known) if known.told => {
                known.data = data;
                true
            }
            _ => false,
        }
    }

    /// What is known of a socket that the application was told of once.
    fn at(&mut self, socket: c_int) -> Option<&mut Known> {
        self.0.get_mut(usize::try_from(socket).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_no_socket_of_ours_takes_no_memory() {
        let mut sockets = Sockets::default();
        let mut data = 1;
        let data = (&raw mut data).cast();
        assert!(sockets.tell(3).is_null());
        assert!(sockets.assign(3, data));
        for unknown in [2, 4, c_int::MAX, -1, c_int::MIN] {
            assert!(!sockets.assign(unknown, data), "{unknown}");
            sockets.forget(unknown);
        }
        assert_eq!((sockets.tell(3), sockets.0.len()), (data, 4));
        sockets.forget(3);
        assert!(sockets.tell(3).is_null());
    }
}
