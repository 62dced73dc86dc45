//! Socket addresses as C structs.

use std::ffi::{c_int, c_uint};
use std::net::SocketAddr;
use std::os::unix::ffi::OsStrExt;

use tress_engine::Target;

use crate::callbacks::SockAddr;

/// The struct that `CURLOPT_OPENSOCKETFUNCTION` gets; none for a path that does not fit.
pub fn from_target(target: &Target) -> Option<SockAddr> {
    // SAFETY: all-zero bytes are a good `sockaddr_storage`.
    let mut addr: libc::sockaddr_storage = unsafe { std::mem::zeroed() };
    let place = (&raw mut addr).cast::<u8>();
    let (family, protocol, len) = match target {
        Target::Ip(SocketAddr::V4(v4)) => {
            let c = libc::sockaddr_in {
                sin_family: libc::AF_INET as libc::sa_family_t,
                sin_port: v4.port().to_be(),
                sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes(v4.ip().octets()) },
                sin_zero: [0; 8],
            };
            // SAFETY: a `sockaddr_storage` holds every address, aligned.
            unsafe { place.cast::<libc::sockaddr_in>().write(c) };
            (libc::AF_INET, libc::IPPROTO_TCP, size_of::<libc::sockaddr_in>())
        }
        Target::Ip(SocketAddr::V6(v6)) => {
            let c = libc::sockaddr_in6 {
                sin6_family: libc::AF_INET6 as libc::sa_family_t,
                sin6_port: v6.port().to_be(),
                sin6_flowinfo: v6.flowinfo(),
                sin6_addr: libc::in6_addr { s6_addr: v6.ip().octets() },
                sin6_scope_id: v6.scope_id(),
            };
            // SAFETY: as above.
            unsafe { place.cast::<libc::sockaddr_in6>().write(c) };
            (libc::AF_INET6, libc::IPPROTO_TCP, size_of::<libc::sockaddr_in6>())
        }
        Target::Unix(path) => {
            let (c, len) = unix(path.as_os_str().as_bytes(), false)?;
            // SAFETY: as above.
            unsafe { place.cast::<libc::sockaddr_un>().write(c) };
            (libc::AF_UNIX, 0, len)
        }
        Target::UnixAbstract(name) => {
            let (c, len) = unix(name, true)?;
            // SAFETY: as above.
            unsafe { place.cast::<libc::sockaddr_un>().write(c) };
            (libc::AF_UNIX, 0, len)
        }
    };
    Some(SockAddr {
        family,
        socktype: libc::SOCK_STREAM,
        protocol: protocol as c_int,
        addrlen: len as c_uint,
        addr,
    })
}

/// A path, or an abstract name behind a NUL.
fn unix(name: &[u8], is_abstract: bool) -> Option<(libc::sockaddr_un, usize)> {
    let mut c =
        libc::sockaddr_un { sun_family: libc::AF_UNIX as libc::sa_family_t, sun_path: [0; 108] };
    let start = usize::from(is_abstract);
    let place = c.sun_path.get_mut(start..start + name.len())?;
    for (to, from) in place.iter_mut().zip(name) {
        *to = *from as std::ffi::c_char;
    }
    let path = std::mem::offset_of!(libc::sockaddr_un, sun_path);
    // A path in the file system counts its NUL, an abstract name has none.
    Some((c, path + name.len() + 1))
}
