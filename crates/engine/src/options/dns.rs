//! Name resolving.

use std::time::Duration;

use super::{List, Text};

options! {
    /// How names become addresses.
    pub struct DnsOptions {
        /// `CURLOPT_RESOLVE`.
        resolve: Option<List> = None,
        /// `CURLOPT_DNS_CACHE_TIMEOUT`; none: for ever, zero: no cache.
        dns_cache_timeout: Option<Duration> = Some(Duration::from_secs(60)),
        /// `CURLOPT_DNS_SHUFFLE_ADDRESSES`.
        dns_shuffle_addresses: bool = false,
        /// `CURLOPT_DNS_SERVERS`.
        dns_servers: Option<Text> = None,
        /// `CURLOPT_DNS_INTERFACE`.
        dns_interface: Option<Text> = None,
        /// `CURLOPT_DNS_LOCAL_IP4`.
        dns_local_ip4: Option<Text> = None,
        /// `CURLOPT_DNS_LOCAL_IP6`.
        dns_local_ip6: Option<Text> = None,
        /// `CURLOPT_DOH_URL`.
        doh_url: Option<Text> = None,
        /// `CURLOPT_DOH_SSL_VERIFYPEER`.
        doh_ssl_verifypeer: bool = true,
        /// `CURLOPT_DOH_SSL_VERIFYHOST`.
        doh_ssl_verifyhost: bool = true,
        /// `CURLOPT_DOH_SSL_VERIFYSTATUS`.
        doh_ssl_verifystatus: bool = false,
    }
}
