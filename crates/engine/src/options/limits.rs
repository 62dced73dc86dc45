//! Limits of time, speed and size.

use std::time::Duration;

options! {
    /// Limits that few transfers set; `timeout` and `connecttimeout` are in `Options`.
    pub struct LimitOptions {
        /// `CURLOPT_LOW_SPEED_LIMIT`: bytes a second.
        low_speed_limit: u64 = 0,
        /// `CURLOPT_LOW_SPEED_TIME`; zero: off.
        low_speed_time: Duration = Duration::ZERO,
        /// `CURLOPT_MAX_SEND_SPEED_LARGE`: bytes a second; 0: no limit.
        max_send_speed: u64 = 0,
        /// `CURLOPT_MAX_RECV_SPEED_LARGE`: bytes a second; 0: no limit.
        max_recv_speed: u64 = 0,
        /// `CURLOPT_MAXFILESIZE(_LARGE)`: bytes; 0: no limit.
        maxfilesize: u64 = 0,
        /// `CURLOPT_SERVER_RESPONSE_TIMEOUT(_MS)`; zero: the default of 60 s.
        server_response_timeout: Duration = Duration::ZERO,
        /// `CURLOPT_ACCEPTTIMEOUT_MS`; zero: the default of 60 s.
        accepttimeout: Duration = Duration::ZERO,
    }
}
