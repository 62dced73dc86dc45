//! Transfers as futures, on the executor that a program has (feature `future`).
//!
//! A [`Driver`] is a future that owns a [`Multi`]: spawn it on any executor, or
//! poll it beside other things. A [`Client`], which can be cloned and sent to other threads,
//! gives it transfers. Nothing here has a thread or a runtime of its own: the executor lends its
//! reactor by the trait [`Reactor`], one function; feature `tokio` has it for Tokio.
//!
//! ```no_run
//! # #[cfg(feature = "tokio")]
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> tress::Result<()> {
//!     use tress::Easy;
//!     let (client, driver) = tress::future::tokio(tress::Multi::new());
//!     tokio::spawn(driver);
//!     let (a, b) = tokio::join!(
//!         client.send(Easy::get("https://example.com/")),
//!         client.send(Easy::get("https://example.org/")),
//!     );
//!     println!("{} {}", a?.status(), b?.status());
//!     let mut download = client.open(Easy::get("https://example.com/large")).await?;
//!     while let Some(piece) = download.next().await {
//!         println!("{} bytes", piece?.len());
//!     }
//!     Ok(())
//! }
//! # #[cfg(not(feature = "tokio"))]
//! # fn main() {}
//! ```

mod body;
mod client;
mod download;
mod driver;
mod slot;
#[cfg(feature = "tokio")]
mod tokio;
mod websocket;

pub(crate) use body::Pipe;
pub use body::{Body, Writer, body};
pub use client::{Client, Pending};
pub use download::{Download, Opening};
pub use driver::{Driver, Reactor};
pub use websocket::{Connecting, Speaker, WebSocket};

#[cfg(feature = "tokio")]
pub use self::tokio::{Tokio, tokio};

use crate::Multi;

/// A client, and the driver that does its transfers once it is polled.
pub fn with<R: Reactor>(multi: Multi, reactor: R) -> (Client, Driver<R>) {
    let client = Client::new();
    let driver = Driver::new(multi, reactor, client.orders());
    (client, driver)
}
