//! The way to the server: proxies, addresses, sockets.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use tress_engine::options::{List, Text};

use super::Easy;

/// The way to the server.
impl Easy {
    /// The proxy's URL (`CURLOPT_PROXY`), with a scheme of `http`, `https`, `socks4`, `socks4a`,
    /// `socks5` or `socks5h`; empty: none, whatever the environment says.
    pub fn proxy(self, url: &str) -> Self {
        self.set_text("proxy", url, |options, url| options.proxy_mut().proxy = Some(url))
    }

    /// User and password for the proxy.
    pub fn proxy_credentials(self, user: &str, password: &str) -> Self {
        self.set_text("proxy's user", user, |options, user| {
            options.proxy_mut().proxyusername = Some(user);
        })
        .set_text("proxy's password", password, |options, password| {
            options.proxy_mut().proxypassword = Some(password);
        })
    }

    /// Hosts that are not asked for by the proxy, with commas between; `*` is all
    /// (`CURLOPT_NOPROXY`).
    pub fn no_proxy(self, hosts: &str) -> Self {
        self.set_text("list of hosts", hosts, |options, it| options.proxy_mut().noproxy = Some(it))
    }

    /// Connects to this address where the URL says `host` and `port`: no look-up
    /// (`CURLOPT_RESOLVE`). The address stays in the multi handle's cache.
    ///
    /// ```
    /// use std::net::Ipv4Addr;
    /// let easy = tress::Easy::get("https://example.com/")
    ///     .resolve("example.com", 443, Ipv4Addr::LOCALHOST.into());
    /// ```
    pub fn resolve(self, host: &str, port: u16, address: IpAddr) -> Self {
        if host.contains([':', ',', '\0']) {
            return self.refuse_text("host", host, "that is no host's name");
        }
        let address = match address {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("[{address}]"),
        };
        let line = format!("{host}:{port}:{address}");
        self.set(|options| push(&mut options.dns_mut().resolve, line))
    }

    /// Connects to another host and port than the URL's, which the request and TLS still name
    /// (`CURLOPT_CONNECT_TO`).
    pub fn connect_to(self, host: &str, port: u16) -> Self {
        if host.contains(['\0', ',']) {
            return self.refuse_text("host", host, "that is no host's name");
        }
        let line = format!("::{host}:{port}");
        self.set(|options| push(&mut options.connect_mut().connect_to, line))
    }

    /// Connects from this address, or by this network device (`CURLOPT_INTERFACE`).
    pub fn interface(self, name: &str) -> Self {
        self.set_text("interface", name, |options, it| options.connect_mut().interface = Some(it))
    }

    /// Connects to a Unix domain socket in place of the URL's host.
    pub fn unix_socket(self, path: impl AsRef<Path>) -> Self {
        self.set_path("socket's path", path.as_ref(), |options, path| {
            options.connect_mut().unix_socket_path = Some(path);
        })
    }

    /// Makes a new connection, and closes it afterwards: neither from the pool nor into it.
    pub fn own_connection(self) -> Self {
        self.set(|options| (options.fresh_connect, options.forbid_reuse) = (true, true))
    }
}

fn push(list: &mut Option<List>, line: String) {
    let line: Text = line.into_bytes().into();
    let before = list.as_deref().unwrap_or_default();
    *list = Some(before.iter().cloned().chain([line]).collect::<Arc<[Text]>>());
}
