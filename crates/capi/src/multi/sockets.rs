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
        let Some(known) = self.at(socket) else { return null_mut() };
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

    fn at(&mut self, socket: c_int) -> Option<&mut Known> {
        let index = usize::try_from(socket).ok()?;
        if index >= self.0.len() {
            self.0.resize(index + 1, Known { told: false, data: null_mut() });
        }
        self.0.get_mut(index)
    }
}
