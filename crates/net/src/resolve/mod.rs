//! Names to addresses.

mod addresses;

pub use addresses::Addresses;
