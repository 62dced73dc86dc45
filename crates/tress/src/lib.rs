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
//!     multi.add(tress::Easy::get(&format!("http://example.com/{page}")));
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
//! Any other loop drives a [`Multi`] by [`Multi::on_socket`], [`Multi::on_timer`],
//! [`Multi::socket_action`] and [`Multi::timeout`]. Nothing here starts a thread or blocks,
//! but for [`Easy::perform`] and [`Multi::turn`], which wait as they say, and for the resolver's
//! worker threads, which nobody waits for.
#![forbid(unsafe_code)]

mod easy;
mod effects;
mod event_loop;
mod multi;
mod response;

pub use easy::{Easy, Flow};
pub use multi::{Counts, Handle, Multi};
pub use response::{Done, Response};
pub use tress_engine::{Figures, Infos, Ready, Times, Watch, options};
pub use tress_model::{Code, Error, Result};
