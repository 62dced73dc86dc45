//! Event-driven URL transfers: libcurl's engine with an idiomatic Rust API.
//!
//! One transfer, waiting for it:
//!
//! ```no_run
//! let response = tress::Easy::get("http://example.com/").perform()?;
//! println!("{} {}", response.status(), response.body().len());
//! # Ok::<(), tress::Error>(())
//! ```
//!
//! Many transfers on one thread, with the built-in loop:
//!
//! ```no_run
//! use std::time::Duration;
//! let mut multi = tress::Multi::new();
//! for page in 0..1000 {
//!     multi.add(tress::Easy::get(format!("http://example.com/{page}")));
//! }
//! while multi.running() > 0 {
//!     multi.turn(Duration::from_secs(1))?;
//!     while let Some(done) = multi.next_done() {
//!         match done.result() {
//!             Ok(response) => println!("{} {}", response.status(), response.url()),
//!             Err(error) => println!("{error}"),
//!         }
//!     }
//! }
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Which way to drive it
//!
//! | you have | use |
//! | --- | --- |
//! | one thing to fetch, and time to wait | [`Easy::perform`]; [`Easy::open`] to read it as it comes |
//! | one after the other | [`Multi::perform`], [`Multi::open`] |
//! | many, and no loop | [`Multi::turn`] |
//! | a loop over descriptors (mio, epoll, GLib, poll) | [`Multi::descriptor`] and [`Multi::deadline`], then [`Multi::turn`] without waiting |
//! | a loop that wants each socket and the timer itself | [`Multi::on_socket`], [`Multi::on_timer`], [`Multi::socket_action`], [`Multi::timeout`] |
//! | `async` code | `future::Client` (features `future` and `tokio`) |
//!
//! Nothing here starts a thread or blocks, but for [`Easy::perform`] and [`Multi::turn`], which
//! wait as they say, and for the resolver's worker threads, which nobody waits for.
//!
//! # Protocols
//!
//! The URL's scheme decides: `http`, `https` (HTTP/1.1 and HTTP/2), `ws`, `wss`, `ftp`, `ftps`,
//! `smtp`, `smtps`, `imap`, `imaps`, `pop3`, `pop3s`, `mqtt`, `mqtts`, `rtsp`, `tftp`, `telnet`,
//! `gopher`, `gophers`, `dict`, `file`. [`Easy::set`] reaches every setting that libcurl has.
//!
//! # Errors
//!
//! An [`Error`] has libcurl's [`Code`], to be matched, and words that name what was wrong:
//!
//! ```
//! use tress::{Code, Easy};
//! let error = Easy::get("nothing://example.com/").perform().unwrap_err();
//! assert_eq!(error.code(), Code::UnsupportedProtocol);
//! assert_eq!(error.message(), "Protocol \"nothing\" not supported");
//! ```
//!
//! What a closure failed with is the error's `source`.
//!
//! # Features
//!
//! None is on by default.
//!
//! | feature | what it adds |
//! | --- | --- |
//! | `json` | bodies by serde |
//! | `charset` | bodies in other encodings than UTF-8 as text |
//! | `http` | requests, responses and headers of the crate `http` |
//! | `future` | the module of that name: transfers for `async` code on any executor, as futures and `futures_core::Stream`s |
//! | `tokio` | the same with Tokio's reactor, and Tokio's `AsyncRead` and `AsyncWrite` for bodies |
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod easy;
mod effects;
mod event_loop;
mod form;
#[cfg(feature = "future")]
pub mod future;
#[cfg(feature = "http")]
mod http;
mod multi;
mod pieces;
mod reader;
mod response;
mod share;
mod websocket;

/// The examples of the READMEs are compiled like those of this documentation.
#[cfg(all(doctest, feature = "tokio"))]
mod readmes {
    #[doc = include_str!("../README.md")]
    struct Crate;
    #[doc = include_str!("../../../README.md")]
    struct Repository;
}

pub use easy::{Easy, Flow};
pub use form::{Form, Part};
pub use multi::{Counts, Handle, Multi};
pub use reader::Reader;
pub use response::{Done, Response};
pub use share::Share;
pub use tress_engine::options::{Auth, HttpVersion, Protocols, TlsVersion};
pub use tress_engine::{DebugKind, Figures, Infos, Ready, Times, Watch, options};
pub use tress_model::{Code, Error, Result};
pub use websocket::Message;
