//! What the settings say about making a connection.

use tress_model::url::Url;
use tress_net::connect::{Bind, ConnectSettings, KeepAlive, interface_index};

use crate::options::{Hooks, Options};

/// `url`: what is connected to, where no proxy is.
pub(super) fn settings(options: &Options, url: Option<&Url>) -> ConnectSettings {
    let connect = options.connect();
    ConnectSettings {
        happy_eyeballs: connect.happy_eyeballs_timeout,
        nodelay: options.tcp_nodelay,
        keepalive: connect.tcp_keepalive.then(|| KeepAlive {
            idle: std::time::Duration::from_secs(connect.tcp_keepidle.into()),
            interval: std::time::Duration::from_secs(connect.tcp_keepintvl.into()),
            count: connect.tcp_keepcnt,
        }),
        bind: bind(options),
        address_scope: match connect.address_scope {
            0 => url.and_then(Url::zone_id).and_then(zone).unwrap_or(0),
            scope => scope,
        },
        ask_open: options.hooks.contains(Hooks::OPENSOCKET),
        ask_sockopt: options.hooks.contains(Hooks::SOCKOPT),
        // Losers of the race are handed out, so that the application is told to forget them
        // before they are closed.
        ask_close: true,
        verbose: options.verbose,
    }
}

/// The zone of an IPv6 address (RFC 6874): the number of an interface, or its name.
fn zone(id: &[u8]) -> Option<u32> {
    let id = std::str::from_utf8(id).ok()?;
    id.parse().ok().or_else(|| interface_index(id))
}

fn bind(options: &Options) -> Option<Box<Bind>> {
    let connect = options.connect();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut bind = Bind {
        interface: connect.interface_device.as_deref().map(|name| text(name).into()),
        addresses: Vec::new(),
        unknown_host: None,
        port: connect.localport,
        port_range: connect.localportrange,
    };
    if let Some(host) = connect.interface_host.as_deref() {
        match text(host).parse::<std::net::IpAddr>() {
            Ok(address) => bind.addresses.push(address),
            Err(_) => bind.unknown_host = Some(text(host).into()),
        }
    }
    if let Some(either) = connect.interface.as_deref() {
        match text(either).parse::<std::net::IpAddr>() {
            Ok(address) => bind.addresses.push(address),
            Err(_) => bind.interface = Some(text(either).into()),
        }
    }
    let nothing = Bind { port_range: bind.port_range, ..Bind::default() };
    (bind != nothing).then(|| Box::new(bind))
}
