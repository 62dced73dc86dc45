//! Many transfers on one thread, driven by the application's event loop.
//!
//! A driver enters the engine with the time, tells it what happened
//! ([`Multi::socket_ready`], [`Multi::timeout`]), then takes [`Effect`]s until there are none:
//!
//! ```text
//! multi.enter(Instant::now());
//! multi.socket_ready(fd, ready);
//! while let Some(effect) = multi.next_effect() { /* act, and answer what wants an answer */ }
//! ```
//!
//! The engine has no loop, no thread that it waits for, and never calls the application.
#![forbid(unsafe_code)]

mod body_in;
mod body_out;
mod conn;
mod conversation;
mod destination;
mod dirty;
mod doh;
mod effect;
mod failure;
mod file;
mod ftp;
mod hash;
mod http;
mod http2;
mod http3;
mod ids;
mod infos;
mod interest;
mod leftover;
mod line;
mod mail;
mod mqtt;
mod multi;
pub mod options;
mod plain;
mod plan;
mod pool;
mod progress;
mod proxy;
pub mod random;
mod rtsp;
mod security;
mod served;
mod ssh;
pub mod stores;
mod telnet;
mod tftp;
mod timers;
mod tls;
mod transfer;
mod turn;
mod workers;
mod ws;

pub use effect::{
    ChunkBegun, DebugKind, Delivered, Delivery, Effect, Figures, KnownHost, KnownHostMatch, Lent,
    Pushed, Sought, Supplied, Watch,
};
pub use ids::Id;
pub use infos::{Infos, Times};
pub use multi::{Held, Multi, MultiSettings, Parked, Ready};
pub use rtsp::RtspFacts;
pub use security::{Mechanism, Security, SecurityContext, SecurityPeer, SecurityStep};
pub use transfer::Transfer;
pub use tress_net::connect::{SockOptAnswer, Target};
pub use tress_proto::ftp::listing::{FileInfo, FileType};
pub use tress_proto::ssh::{key_text as ssh_key_text, key_type as ssh_key_type};
pub use ws::WsFrame;

/// A transfer in a multi handle.
pub type TransferId = Id<Box<Transfer>>;
