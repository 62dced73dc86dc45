//! How a connection is made and kept.

use std::sync::Arc;
use std::time::Duration;

use tress_model::url::Url;

use super::{List, Text};

options! {
    /// Where a connection goes from and to, and how long it is kept.
    pub struct ConnectOptions {
        /// `CURLOPT_CONNECT_TO`.
        connect_to: Option<List> = None,
        /// `CURLOPT_INTERFACE` given as a device or an address, without prefix.
        interface: Option<Text> = None,
        /// `CURLOPT_INTERFACE` `if!` or `ifhost!`: surely a device.
        interface_device: Option<Text> = None,
        /// `CURLOPT_INTERFACE` `host!` or `ifhost!`: surely a host or address.
        interface_host: Option<Text> = None,
        /// `CURLOPT_LOCALPORT`; 0: any.
        localport: u16 = 0,
        /// `CURLOPT_LOCALPORTRANGE`: further ports to try.
        localportrange: u16 = 0,
        /// `CURLOPT_UNIX_SOCKET_PATH` or `CURLOPT_ABSTRACT_UNIX_SOCKET`.
        unix_socket_path: Option<Text> = None,
        /// The path is that of an abstract socket.
        abstract_unix_socket: bool = false,
        /// `CURLOPT_IPRESOLVE`.
        ipresolve: IpResolve = IpResolve::Whatever,
        /// `CURLOPT_ADDRESS_SCOPE`.
        address_scope: u32 = 0,
        /// `CURLOPT_CONNECT_ONLY`.
        connect_only: ConnectOnly = ConnectOnly::No,
        /// `CURLOPT_HAPPY_EYEBALLS_TIMEOUT_MS`.
        happy_eyeballs_timeout: Duration = Duration::from_millis(200),
        /// `CURLOPT_TCP_KEEPALIVE`.
        tcp_keepalive: bool = false,
        /// `CURLOPT_TCP_KEEPIDLE`: seconds.
        tcp_keepidle: u32 = 60,
        /// `CURLOPT_TCP_KEEPINTVL`: seconds.
        tcp_keepintvl: u32 = 60,
        /// `CURLOPT_TCP_KEEPCNT`.
        tcp_keepcnt: u32 = 9,
        /// `CURLOPT_MAXCONNECTS`: of an easy handle's own pool.
        maxconnects: u32 = 5,
        /// `CURLOPT_MAXAGE_CONN`: longest idle time for reuse; zero: no limit.
        maxage_conn: Duration = Duration::from_secs(118),
        /// `CURLOPT_MAXLIFETIME_CONN`; zero: no limit.
        maxlifetime_conn: Duration = Duration::from_secs(86_400),
        /// `CURLOPT_UPKEEP_INTERVAL_MS`.
        upkeep_interval: Duration = Duration::from_secs(60),
        /// `CURLOPT_CURLU`: the URL in parts, good as they are.
        url: Option<Arc<Url>> = None,
        /// `CURLOPT_DEFAULT_PROTOCOL`.
        default_protocol: Option<Text> = None,
    }
}

values! {
    /// `CURLOPT_IPRESOLVE`, `CURL_IPRESOLVE_*`.
    pub enum IpResolve {
        Whatever = 0,
        V4 = 1,
        V6 = 2,
    }
}

values! {
    /// `CURLOPT_CONNECT_ONLY`.
    pub enum ConnectOnly {
        No = 0,
        /// Connect, then leave the connection to `curl_easy_send` and `curl_easy_recv`.
        Yes = 1,
        /// Do the WebSocket handshake, then leave it to `curl_ws_send` and `curl_ws_recv`.
        WebSocket = 2,
    }
}
