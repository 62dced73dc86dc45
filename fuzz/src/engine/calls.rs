//! The other calls, one a record.

use std::ffi::{c_char, c_int, c_uint, c_void};
use std::ptr::null_mut;

use tress_capi::tables::infos::INFOS;
use tress_capi::tables::row::Kind;
use tress_capi::tables::{opt, shopt};

use super::abi::*;
use super::callbacks;
use super::network::{Deed, FIRST, SERVERS};
use super::options::{self, number};
use super::world::{EASIES, MULTIS, World};

/// A server says something, closes or breaks the connection.
pub fn server(world: &World, first: u8, bytes: &[u8]) {
    let server = usize::from(first) % SERVERS;
    let deed = match first >> 5 {
        7 => Deed::Reset,
        6 => Deed::Close,
        _ => Deed::Say(bytes.to_vec()),
    };
    world.net.script(server, deed, first & 8 != 0);
}

/// How the next connections come about.
pub fn connects(world: &World, how: &[u8]) {
    world.net.connects.borrow_mut().extend(how);
}

/// How much may be sent.
pub fn room(world: &World, first: u8, rest: &[u8]) {
    let room = usize::from(first) << rest.len().min(8);
    world.net.room.set((first != 255).then_some(room));
}

pub fn pause(world: &World, first: u8, rest: &[u8]) {
    let easy = world.easy(first.into());
    let action = rest.first().map_or(0, |byte| c_int::from(*byte));
    // SAFETY: a good handle.
    unsafe { curl_easy_pause(easy.handle, action) };
}

/// An action of any kind, asked for or not.
pub fn action(world: &World, first: u8, rest: &[u8]) {
    let multi = world.multi((first & 1).into());
    let (fd, events) = match rest {
        [] => (-1, 0),
        [fd] => (FIRST + c_int::from(*fd & 15), 0),
        [fd, events, ..] => (FIRST - 2 + c_int::from(*fd & 15), c_int::from(*events)),
    };
    let mut running = 0;
    // SAFETY: a good handle and place.
    unsafe {
        match first >> 1 & 3 {
            0 | 1 => curl_multi_socket_action(multi, fd, events, &raw mut running),
            2 => curl_multi_perform(multi, &raw mut running),
            _ => curl_multi_socket_all(multi, &raw mut running),
        }
    };
    if first & 8 != 0 {
        world.read_messages((first & 1).into());
    }
}

/// Waiting, and asking what to wait for.
pub fn wait(world: &World, first: u8, rest: &[u8]) {
    let multi = world.multi((first & 1).into());
    let millis = rest.first().map_or(0, |byte| c_int::from(*byte as i8));
    let (mut count, mut places) = (0, [0_u64; 8]);
    let mut fds = 0;
    world.net.answers_at_once.set(true);
    // SAFETY: a good handle, and what each function asks for.
    unsafe {
        match first >> 1 & 7 {
            0 | 1 => _ = curl_multi_poll(multi, null_mut(), 0, millis, &raw mut count),
            2 => _ = curl_multi_wait(multi, null_mut(), 0, millis, &raw mut count),
            3 => {
                let mut sets = [std::mem::zeroed::<libc::fd_set>(); 3];
                let [read, write, error] = &mut sets;
                curl_multi_fdset(multi, read, write, error, &raw mut count);
            }
            4 => {
                let size = c_uint::from(rest.first().map_or(8, |byte| byte & 7));
                curl_multi_waitfds(multi, places.as_mut_ptr().cast(), size, &raw mut fds);
            }
            5 => _ = curl_multi_wakeup(multi),
            6 => {
                let mut millis = 0;
                curl_multi_timeout(multi, &raw mut millis);
                let fd = FIRST + c_int::from(rest.first().map_or(0, |byte| byte & 15));
                curl_multi_assign(multi, fd, callbacks::user(1));
            }
            _ => {
                curl_free(curl_multi_get_handles(multi).cast());
                let mut value = 0;
                let info = rest.first().map_or(0, |byte| c_int::from(byte & 7));
                curl_multi_get_offt(multi, info, &raw mut value);
                curl_multi_notify_disable(multi, fds);
            }
        }
    }
    world.net.answers_at_once.set(false);
}

/// Handles come and go.
pub fn handle(world: &World, first: u8, rest: &[u8]) {
    let slot = usize::from(first & 7) % EASIES;
    match first >> 4 {
        0..=2 => world.cleanup_easy(slot),
        3..=5 => {
            let easy = world.easy(slot);
            // SAFETY: a good handle.
            unsafe { curl_easy_reset(easy.handle) };
            world.furnish(slot);
        }
        6..=9 => {
            let to = usize::from(rest.first().copied().unwrap_or(0)) % EASIES;
            let easy = world.easy(slot);
            world.duplicate(easy.handle, Some(to));
        }
        10 => world.cleanup_multi(slot % MULTIS),
        _ => world.read_messages(slot % MULTIS),
    }
}

pub fn share(world: &World, first: u8, rest: &[u8]) {
    let slot = usize::from(first & 1);
    let share = world.share(slot);
    let what = rest.first().map_or(0, |byte| c_int::from(byte & 15));
    // SAFETY: a good handle; what each option asks for.
    unsafe {
        match first >> 1 & 3 {
            0 | 1 => _ = curl_share_setopt(share, shopt::SHARE, what),
            2 => _ = curl_share_setopt(share, shopt::UNSHARE, what),
            _ => {
                if curl_share_cleanup(share) == 0 {
                    world.shares[slot].set(None);
                }
            }
        }
    }
}

pub fn url(world: &World, first: u8, rest: &[u8]) {
    let url = world.url((first & 1).into());
    let Some((&[part, flags], text)) = rest.split_first_chunk::<2>() else { return };
    let (part, flags) = (c_int::from(part % 12), c_uint::from(flags) << (first >> 5));
    let mut out = null_mut();
    // SAFETY: good handles, strings and places.
    unsafe {
        match first >> 1 & 3 {
            0 | 1 => _ = curl_url_set(url, part, world.text(text), flags),
            2 => {
                if curl_url_get(url, part, &raw mut out, flags) == 0 {
                    std::hint::black_box(std::ffi::CStr::from_ptr(out).to_bytes().len());
                    curl_free(out.cast());
                }
            }
            _ => curl_url_cleanup(curl_url_dup(url)),
        }
    }
}

/// Builds bodies of parts.
pub fn mime(world: &World, first: u8, text: &[u8]) {
    if first & 7 == 0 || world.mimes.borrow().is_empty() {
        let easy = world.easy((first >> 3).into());
        // SAFETY: a good handle.
        let mime = unsafe { curl_mime_init(easy.handle) };
        world.mimes.borrow_mut().push(mime);
    }
    let mimes = world.mimes.borrow().clone();
    let (mime, last) = (mimes[usize::from(first >> 3) % mimes.len()], mimes[mimes.len() - 1]);
    let easy = usize::from(first >> 3) % EASIES;
    // SAFETY: living mimes; strings outlive the call; the functions are the fuzzer's.
    unsafe {
        let part = curl_mime_addpart(mime);
        match first & 7 {
            1 => _ = curl_mime_name(part, world.text(text)),
            2 => _ = curl_mime_filename(part, world.text(text)),
            3 => _ = curl_mime_encoder(part, world.text(text)),
            4 => {
                let len = number(text.get(..2).unwrap_or_default());
                let (read, seek, free) =
                    (callbacks::mime_read as _, callbacks::seek as _, callbacks::mime_free as _);
                let user = callbacks::user(easy);
                curl_mime_data_cb(part, len, Some(read), Some(seek), Some(free), user);
            }
            5 if mime != last => {
                if curl_mime_subparts(part, last) == 0 {
                    world.mimes.borrow_mut().pop();
                }
            }
            6 => _ = curl_mime_headers(part, world.list(text), 0),
            7 => _ = curl_mime_type(part, world.text(text)),
            _ => _ = curl_mime_data(part, world.bytes(text).cast(), text.len()),
        }
    }
}

/// All that is known about a transfer.
pub fn ask(world: &World, first: u8, rest: &[u8]) {
    let easy = world.easy(first.into()).handle;
    // SAFETY: a good handle, and places of each info's type.
    unsafe {
        for row in INFOS {
            let mut place = [0_u64; 2];
            let code = curl_easy_getinfo(easy, row.id, place.as_mut_ptr());
            if code == 0 && row.kind == Kind::Slist {
                curl_slist_free_all(std::ptr::with_exposed_provenance_mut(place[0] as usize));
            }
        }
        let (mut header, mut seen) = (null_mut::<c_void>(), 0);
        loop {
            header = curl_easy_nextheader(easy, 0x1f, -1, header);
            seen += 1;
            if header.is_null() || seen > 10_000 {
                break;
            }
        }
        let (name, index) = (world.text(rest), usize::from(first >> 4));
        curl_easy_header(easy, name, index, first.into(), -1, &raw mut header);
    }
}

/// The connection itself, and WebSocket frames.
pub fn raw(world: &World, first: u8, rest: &[u8]) {
    let easy = world.easy((first & 7).into()).handle;
    let (mut buffer, mut count, mut meta) = ([0; 64], 0, null_mut());
    let (bytes, len) = (world.bytes(rest), rest.len());
    // SAFETY: a good handle and good places.
    unsafe {
        match first >> 3 & 7 {
            0 | 1 => _ = curl_ws_recv(easy, buffer.as_mut_ptr(), 64, &raw mut count, &raw mut meta),
            2 => _ = curl_ws_send(easy, bytes, len, &raw mut count, 0, 1 << (first >> 6)),
            3 => {
                let fragment = rest.first().map_or(0, |byte| i64::from(*byte));
                let flags = rest.get(1).map_or(1, |byte| c_uint::from(*byte));
                curl_ws_send(easy, bytes, len, &raw mut count, fragment, flags);
            }
            4 => _ = curl_ws_start_frame(easy, 1 << (first >> 6), number(rest)),
            5 => _ = curl_easy_recv(easy, buffer.as_mut_ptr(), 64, &raw mut count),
            6 => _ = curl_easy_send(easy, bytes, len, &raw mut count),
            _ => _ = curl_easy_upkeep(easy),
        }
    }
    assert!(count <= 64.max(len));
}

/// `curl_easy_perform`: nobody else acts, so nothing is paused and time ends it.
pub fn blocking(world: &World, slot: usize) {
    let slot = slot % EASIES;
    let easy = world.easy(slot);
    if easy.busy {
        return;
    }
    world.forbid_files(slot);
    world.net.answers_at_once.set(true);
    world.net.room.set(None);
    world.performing.set(true);
    world.update(slot, |easy| easy.busy = true);
    // SAFETY: a good handle.
    unsafe {
        curl_easy_pause(easy.handle, 0);
        curl_easy_setopt(easy.handle, opt::TIMEOUT_MS, 1500 as std::ffi::c_long);
        curl_easy_perform(easy.handle);
    }
    world.update(slot, |easy| easy.busy = false);
    world.performing.set(false);
    world.net.answers_at_once.set(false);
}

pub fn text(world: &World, first: u8, rest: &[u8]) {
    if first & 2 != 0 {
        return form(world, first >> 2, rest);
    }
    let easy = world.easy((first >> 2).into()).handle;
    let text = world.text(rest);
    let mut len = 0;
    // SAFETY: a good handle and C strings; what comes out is given back.
    unsafe {
        let out: *mut c_char = match first & 1 {
            0 => curl_easy_escape(easy, text, 0),
            _ => curl_easy_unescape(easy, text, 0, &raw mut len),
        };
        curl_free(out.cast());
    }
}

/// A form by curl_formadd(3), each line a part, which a handle sends.
fn form(world: &World, slot: u8, text: &[u8]) {
    /// `CURLFORM_*`
    const COPYNAME: c_int = 1;
    const COPYCONTENTS: c_int = 4;
    const PTRCONTENTS: c_int = 5;
    const CONTENTSLENGTH: c_int = 6;
    const FILECONTENT: c_int = 7;
    const FILE: c_int = 10;
    const BUFFER: c_int = 11;
    const BUFFERPTR: c_int = 12;
    const BUFFERLENGTH: c_int = 13;
    const CONTENTTYPE: c_int = 14;
    const CONTENTHEADER: c_int = 15;
    const END: c_int = 17;
    const STREAM: c_int = 19;

    let (mut first, mut last) = (null_mut(), null_mut());
    let places = (&raw mut first, &raw mut last);
    let slot = usize::from(slot) % EASIES;
    for line in text.split(|&b| b == b'\n') {
        let Some((&kind, value)) = line.split_first() else { continue };
        let name = world.text(value);
        // As with libcurl, a length of 0 stands for that of a C string.
        let pointer = if value.is_empty() { name.cast() } else { world.bytes(value) };
        let file = world.text(options::file(kind >> 4).to_string_lossy().as_bytes());
        let (len, list) = (value.len() as std::ffi::c_long, world.list(value));
        let ((f, l), user) = (places, callbacks::user(slot));
        // SAFETY: good places; values are of each option's type and outlive the form.
        unsafe {
            match kind & 7 {
                0 | 1 => _ = curl_formadd(f, l, COPYNAME, name, COPYCONTENTS, name, END),
                2 => {
                    let length = (CONTENTSLENGTH, len);
                    curl_formadd(
                        f,
                        l,
                        COPYNAME,
                        name,
                        PTRCONTENTS,
                        pointer,
                        length.0,
                        length.1,
                        END,
                    );
                }
                3 => {
                    curl_formadd(
                        f,
                        l,
                        COPYNAME,
                        name,
                        BUFFER,
                        name,
                        BUFFERPTR,
                        pointer,
                        BUFFERLENGTH,
                        len,
                        END,
                    );
                }
                4 => _ = curl_formadd(f, l, COPYNAME, name, FILE, file, FILE, file, END),
                5 => _ = curl_formadd(f, l, COPYNAME, name, FILECONTENT, file, END),
                6 => {
                    curl_formadd(
                        f,
                        l,
                        COPYNAME,
                        name,
                        STREAM,
                        user,
                        CONTENTSLENGTH,
                        len,
                        CONTENTTYPE,
                        name,
                        END,
                    );
                }
                _ => {
                    curl_formadd(
                        f,
                        l,
                        COPYNAME,
                        name,
                        COPYCONTENTS,
                        name,
                        CONTENTHEADER,
                        list,
                        END,
                    );
                }
            }
        }
    }
    world.forms.borrow_mut().push(first);
    // SAFETY: a good form, which outlives the handle.
    unsafe {
        curl_easy_setopt(world.easy(slot).handle, opt::HTTPPOST, first);
        if text.len() % 2 == 1 {
            curl_formget(first, null_mut(), form_text);
        }
    }
}

unsafe extern "C" fn form_text(_: *mut c_void, _: *const c_char, len: usize) -> usize {
    len
}

/// Writes one of the process's own files.
pub fn file(first: u8, bytes: &[u8]) {
    let _ = std::fs::write(options::file(first), bytes);
}
