//! libcurl's public surface as data: options, infos, codes and functions of API 8.22.
//!
//! One row a fact. `curl_easy_option_*`, the `*_strerror` functions, the enums that `setopt`
//! matches on, the headers and the export list all come from here. The repository's tasks read
//! these files too, so nothing here depends on the rest of the crate.

pub mod codes;
pub mod easy_options;
pub mod features;
pub mod functions;
pub mod infos;
pub mod multi_options;
pub mod row;
pub mod share_options;
#[cfg(test)]
mod tests;

pub use easy_options::{EasyOption, opt};
pub use infos::{Info, info};
pub use multi_options::{MultiOption, mopt};
pub use share_options::{ShareOption, shopt};
