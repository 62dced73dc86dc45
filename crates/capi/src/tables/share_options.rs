//! `CURLSHOPT_*`: what `curl_share_setopt` can set.

use super::row::options;

options! {
    /// An option of a share handle (`CURLSHoption`).
    "CURLSHOPT_" ShareOption SHARE_OPTIONS shopt;
    Share SHARE Int 1;
    Unshare UNSHARE Int 2;
    Lockfunc LOCKFUNC Function 3 takes "curl_lock_function";
    Unlockfunc UNLOCKFUNC Function 4 takes "curl_unlock_function";
    Userdata USERDATA CbPtr 5;
}
