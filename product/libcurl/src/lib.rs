//! Links `tress-capi` into a static library.
pub use tress_capi;
