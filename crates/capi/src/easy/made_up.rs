//! Figures that curl's own suite asks of a library that is made for it.

use tress_engine::stores::test_hook;

use crate::tables::info;

/// The figure to give for an info in place of the real one: `CURL_TIME` is every time, in
/// microseconds, every speed and the local port, `CURL_DEBUG_SIZE` the size of every head.
pub fn figure(number: i32) -> Option<i64> {
    let name = match number {
        info::HEADER_SIZE | info::REQUEST_SIZE => "CURL_DEBUG_SIZE",
        info::LOCAL_PORT
        | info::SPEED_DOWNLOAD_T
        | info::SPEED_UPLOAD_T
        | info::TOTAL_TIME_T
        | info::QUEUE_TIME_T
        | info::NAMELOOKUP_TIME_T
        | info::CONNECT_TIME_T
        | info::APPCONNECT_TIME_T
        | info::PRETRANSFER_TIME_T
        | info::POSTTRANSFER_TIME_T
        | info::STARTTRANSFER_TIME_T
        | info::REDIRECT_TIME_T => "CURL_TIME",
        _ => return None,
    };
    test_hook(name)?.to_str()?.parse().ok()
}
