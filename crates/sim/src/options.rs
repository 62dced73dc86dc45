//! What a transfer is told by its options.

use std::sync::Arc;
use std::time::Duration;

use tress_engine::options::{
    BodySource, FollowLocation, Hooks, HttpVersion, Method as Kind, Options, TlsVersion,
};

use crate::character::World;
use crate::conversations;
use crate::network::Net;
use crate::plan::{Expect, Method, Plan, Protocol};
use crate::server::{host_name, secure};

/// What may be on the way.
const PROXIES: [&str; 5] = [
    "http://h0.test:3128",
    "socks4://h0.test:1080",
    "socks4a://h0.test:1080",
    "socks5://h0.test:1080",
    "socks5h://h0.test:1080",
];

impl Net {
    /// Plans a transfer; its options, its limit of time and that of connecting.
    pub fn options_of_new(&mut self, number: u32) -> (Options, Duration, Duration) {
        let net = self;
        let mut plan = Plan::new(&net.character, &mut net.random);
        let first = plan.hosts[0];
        let (world, protocol) = (net.character.world, net.hosts[first].protocol);
        if world == World::Conversations {
            plan = Plan::of_conversation(first, protocol, &net.character, &mut net.random);
        }
        let host = match net.character.names || plan.hosts.len() > 1 {
            true => host_name(first),
            false => match net.random.pick(&net.hosts[first].addresses) {
                std::net::SocketAddr::V4(v4) => v4.ip().to_string(),
                std::net::SocketAddr::V6(v6) => format!("[{}]", v6.ip()),
            },
        };
        let limit = net.character.time_limit(&mut net.random);
        let connect_limit = net.character.time_limit(&mut net.random);
        let mut options = Options {
            url: Some(plan.url(&host, number, 0).into_bytes().into()),
            followlocation: FollowLocation::All,
            timeout: limit,
            connecttimeout: connect_limit,
            nobody: plan.method == Method::Head,
            pipewait: net.random.chance(500),
            fresh_connect: net.random.chance(50),
            forbid_reuse: net.random.chance(50),
            ..Options::default()
        };
        options.proxy_mut().proxy = Some(Box::default());
        options.buffersize = net.character.buffer;
        options.tls_mut().cainfo_blob = Some(secure::trusted());
        if net.character.tls12 {
            options.tls_mut().sslversion_max = Some(TlsVersion::V1_2);
        }
        if protocol == Protocol::Http2 && !net.character.has_alpn() {
            options.http_version = HttpVersion::V2PriorKnowledge;
        }
        if protocol != Protocol::Ftp && net.random.chance(net.character.proxied) {
            let proxy = net.random.pick(&PROXIES);
            options.proxy_mut().proxy = Some(proxy.as_bytes().into());
            let tunnels = protocol != Protocol::Http1 || net.random.chance(500);
            options.proxy_mut().httpproxytunnel = tunnels;
        }
        if world == World::Conversations {
            conversations::fill_in(&mut options, protocol, &host, number, &plan);
        } else if let Some(upload) = plan.upload {
            options.method = Kind::Put;
            let len = upload.known.then_some(upload.size as u64);
            options.body = BodySource::Application { len, fields: false };
            let expect: &[u8] = match plan.expect {
                Some(_) => b"Expect: 100-continue",
                None => b"Expect:",
            };
            options.httpheader = Some(Arc::from([Box::from(expect)]));
        }
        options.accept_encoding = plan.coded.then(|| Box::from(*b"gzip"));
        options.hooks = Hooks::WRITE | Hooks::READ | Hooks::SEEK;
        for hook in [
            Hooks::HEADER,
            Hooks::PROGRESS,
            Hooks::PREREQ,
            Hooks::RESOLVER_START,
            Hooks::CLOSESOCKET,
            Hooks::OPENSOCKET,
            Hooks::SOCKOPT,
        ] {
            options.hooks.set(hook, net.random.chance(100));
        }
        if net.random.chance(net.character.slow) {
            options.limits_mut().max_recv_speed = net.random.pick(&[500, 16_000, 100_000]);
            // Mails that take their time.
            let speeds: &[u64] = match world == World::Conversations {
                true => &[0, 100, 16_000, 100_000],
                false => &[0, 16_000, 100_000],
            };
            options.limits_mut().max_send_speed = net.random.pick(speeds);
        }
        if net.character.forgets_names {
            options.dns_mut().dns_cache_timeout = Some(Duration::ZERO);
        }
        if plan.expect == Some(Expect::Silence) {
            options.http_mut().expect_100_timeout = Duration::from_millis(net.random.below(1_500));
        }
        net.plans.insert(number, plan);
        (options, limit, connect_limit)
    }
}
