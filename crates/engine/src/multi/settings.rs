/// Settings of a multi handle (`CURLMOPT_*`).
#[derive(Clone, Debug)]
pub struct MultiSettings {
    /// Connections kept when idle; none: four times the transfers, 16 at least.
    pub max_connects: Option<u32>,
    /// Connections to one host, 0 is no limit.
    pub max_host_connections: u32,
    /// Connections in all, 0 is no limit.
    pub max_total_connections: u32,
    /// Streams to open on one connection, 100 by default.
    pub max_concurrent_streams: u32,
    /// Transfers may share an HTTP/2 connection (`CURLPIPE_MULTIPLEX`).
    pub multiplex: bool,
    /// Servers may push over HTTP/2 (`CURLMOPT_PUSHFUNCTION`): counts for connections made later.
    pub push: bool,
    /// Keep watching idle connections, so that the peer's close is noticed at once.
    pub watch_idle: bool,
}

impl Default for MultiSettings {
    fn default() -> Self {
        Self {
            max_connects: None,
            max_host_connections: 0,
            max_total_connections: 0,
            max_concurrent_streams: 100,
            multiplex: true,
            push: false,
            watch_idle: false,
        }
    }
}
