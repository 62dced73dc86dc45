//! Idle connections that move from one multi handle to another (`CURL_LOCK_DATA_CONNECT`).

use super::Multi;
use crate::conn::{Conn, Stage};
use crate::pool::Room;
use crate::timers::Owner;

/// An idle connection of no multi handle, on its way to the next; takes leave and is closed
/// when dropped.
pub struct Parked(Option<Box<Conn>>);

impl Drop for Parked {
    fn drop(&mut self) {
        let Some(mut conn) = self.0.take() else { return };
        if let Stage::Open(mut stream) = std::mem::replace(&mut conn.stage, Stage::Slot) {
            conn.take_leave(&mut stream);
        }
    }
}

impl Multi {
    /// Takes all idle connections out; their sockets are forgotten here.
    pub fn park_idle(&mut self) -> Vec<Parked> {
        let mut taken = Vec::new();
        while let Some(id) = self.pool.oldest_idle() {
            let Some(mut conn) = self.pool.remove(id) else { break };
            let Some(fd) = conn.fd() else { continue };
            self.forget_socket(fd);
            self.core.timers.set(Owner::Conn(id), None);
            conn.transfer = None;
            conn.last_user = None;
            conn.opened_by = None;
            conn.lingers = false;
            if let Some(session) = conn.h2.as_deref_mut() {
                session.leave_queues();
            }
            if let Some(session) = conn.h3_mut() {
                session.leave_queues();
            }
            taken.push(Parked(Some(conn)));
        }
        taken
    }

    /// Takes idle connections in, to be used like its own. Those that the limits leave no room for are
    /// closed: who waits for a slot here waits for another one.
    pub fn unpark(&mut self, parked: Vec<Parked>) {
        let settings = &self.core.settings;
        let (host, total) = (settings.max_host_connections, settings.max_total_connections);
        for mut parked in parked {
            let room = |conn: &mut Box<Conn>| self.pool.room(&conn.destination, host, total);
            let Some(conn) = parked.0.take_if(|conn| room(conn) == Room::Yes) else { continue };
            let since = conn.last_used;
            let id = self.pool.insert(conn);
            self.pool.put_idle(id, since);
        }
        self.limit_cache();
    }
}
