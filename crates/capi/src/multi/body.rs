//! Bodies and headers go to the application, uploads come from it.

use std::ffi::{c_int, c_void};
use std::ptr::NonNull;

use tress_engine::options::BodySource;
use tress_engine::{Delivered, Delivery, Lent, Sought, Supplied};

use super::{Multi, call};
use crate::callbacks::{MAX_WRITE_SIZE, PAUSE, READ_ABORT, Write};
use crate::easy::Easy;
use crate::guard::Callback;
use crate::stdio;

/// Hands bytes to the write or header callback: bodies in slices, header lines whole. With
/// `CURLOPT_HEADER` header lines go to both.
///
/// # Safety
/// `multi` and `easy` are good and not borrowed.
pub unsafe fn deliver(
    multi: NonNull<Multi>,
    easy: Option<NonNull<Easy>>,
    kind: Delivery,
    bytes: &mut Lent,
) -> Delivered {
    let Some(easy) = easy else { return Delivered::Taken };
    match kind {
        // libcurl promises no end of string behind a line, but has one, and programs rely on it
        // (ostree makes requests of what they find).
        Delivery::Header | Delivery::Reply => bytes.with_nul_behind(|line| {
            let (line, len) = (line.as_mut_ptr(), line.len() - 1);
            // SAFETY: by contract.
            unsafe {
                if kind == Delivery::Header && easy.as_ref().options.header {
                    match in_pieces(multi, easy, (line, len), &[]) {
                        Delivered::Taken => {}
                        answer => return answer,
                    }
                }
                hand_over(multi, easy, kind, (line, len))
            }
        }),
        Delivery::Body => {
            let lent = (bytes.as_mut_ptr(), bytes.len());
            // SAFETY: by contract.
            unsafe { in_pieces(multi, easy, lent, bytes.cuts()) }
        }
        Delivery::Rtp => {
            let lent = (bytes.as_mut_ptr(), bytes.len());
            // SAFETY: by contract.
            unsafe { hand_over(multi, easy, kind, lent) }
        }
    }
}

/// A body, piece by piece: as the peer has cut it, and none too large.
unsafe fn in_pieces(
    multi: NonNull<Multi>,
    easy: NonNull<Easy>,
    (start, len): (*mut u8, usize),
    cuts: &[usize],
) -> Delivered {
    let mut ends = cuts.iter().copied().chain([len]);
    let (mut taken, mut end) = (0, ends.next().unwrap_or(len));
    // A WebSocket frame may be empty, and is told all the same.
    loop {
        let part = MAX_WRITE_SIZE.min(end - taken);
        // SAFETY: by contract; the part lies within the bytes.
        match unsafe { hand_over(multi, easy, Delivery::Body, (start.add(taken), part)) } {
            Delivered::Taken => taken += part,
            Delivered::Pause { .. } => return Delivered::Pause { taken },
            failed @ Delivered::Failed { .. } => return failed,
        }
        if taken >= len {
            return Delivered::Taken;
        }
        if taken == end {
            end = ends.next().unwrap_or(len);
        }
        // SAFETY: by contract.
        if !unsafe { (*multi.as_ptr()).engine.taken(part) } {
            return Delivered::Pause { taken };
        }
    }
}

/// `lent`: where the bytes are, and how many; the application may write to them.
unsafe fn hand_over(
    multi: NonNull<Multi>,
    easy: NonNull<Easy>,
    kind: Delivery,
    (start, len): (*mut u8, usize),
) -> Delivered {
    // SAFETY: by contract; read anew each time, callbacks may change it.
    let Some((write, data)) = (unsafe { destination(easy, kind) }) else {
        return Delivered::Taken;
    };
    // SAFETY: the application's function, with the arguments its type asks for.
    let returned = unsafe { call(multi, Callback::Transfer, || write(start.cast(), 1, len, data)) };
    match returned {
        PAUSE => Delivered::Pause { taken: 0 },
        _ if returned == len => Delivered::Taken,
        _ => Delivered::Failed { passed: len, returned },
    }
}

/// The function for these bytes, and its pointer; none when nobody wants them.
unsafe fn destination(easy: NonNull<Easy>, kind: Delivery) -> Option<(Write, *mut c_void)> {
    // SAFETY: by the caller's contract.
    let callbacks = unsafe { &(*easy.as_ptr()).callbacks };
    let write = callbacks.write.unwrap_or(stdio::write);
    match kind {
        Delivery::Rtp if callbacks.rare().interleave.is_some() => {
            let rare = callbacks.rare();
            rare.interleave.map(|interleave| (interleave, rare.interleave_data))
        }
        Delivery::Body | Delivery::Rtp
            if callbacks.write.is_none() && callbacks.write_data.is_null() =>
        {
            Some((write, stdio::stdout_stream().cast()))
        }
        Delivery::Body | Delivery::Rtp => Some((write, callbacks.write_data)),
        Delivery::Header | Delivery::Reply => match callbacks.header {
            Some(header) => Some((header, callbacks.header_data)),
            None if callbacks.header_data.is_null() => None,
            None => Some((write, callbacks.header_data)),
        },
    }
}

/// Fetches bytes of the request's body, from the application's memory or by the read callback.
///
/// # Safety
/// As for [`deliver`]; `POSTFIELDS` are as long as their size says.
pub unsafe fn read(
    multi: NonNull<Multi>,
    easy: Option<NonNull<Easy>>,
    room: usize,
    buffer: &mut Vec<u8>,
) -> Supplied {
    let Some(easy) = easy else { return Supplied::Abort };
    // SAFETY: by contract.
    unsafe {
        let handle = &mut *easy.as_ptr();
        match handle.options.body {
            BodySource::Application { len: Some(len), fields: true } => {
                handle.read_fields(len, room, buffer)
            }
            BodySource::Mime { .. } => super::form::supply(multi, easy, room, buffer),
            _ => read_callback(multi, easy, room, buffer),
        }
    }
}

impl Easy {
    /// The next bytes of `POSTFIELDS`.
    unsafe fn read_fields(&mut self, len: u64, room: usize, buffer: &mut Vec<u8>) -> Supplied {
        let left = len.saturating_sub(self.body_offset);
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(room);
        let fields = self.postfields();
        if count == 0 || fields.is_null() {
            return Supplied::End;
        }
        // SAFETY: the application promises `len` bytes there (CURLOPT_POSTFIELDS).
        let bytes =
            unsafe { std::slice::from_raw_parts(fields.add(self.body_offset as usize), count) };
        buffer.extend_from_slice(bytes);
        self.body_offset += count as u64;
        Supplied::Data
    }
}

unsafe fn read_callback(
    multi: NonNull<Multi>,
    easy: NonNull<Easy>,
    room: usize,
    buffer: &mut Vec<u8>,
) -> Supplied {
    // SAFETY: by the caller's contract.
    let callbacks = unsafe { &(*easy.as_ptr()).callbacks };
    let (function, mut data) = (callbacks.read.unwrap_or(stdio::read), callbacks.read_data);
    if callbacks.read.is_none() && data.is_null() {
        data = stdio::stdin_stream().cast();
    }
    buffer.reserve(room);
    let start = buffer.len();
    let place = buffer.spare_capacity_mut().as_mut_ptr();
    // SAFETY: the application's function, with `room` writable bytes.
    let returned =
        unsafe { call(multi, Callback::Transfer, || function(place.cast(), 1, room, data)) };
    match returned {
        0 => Supplied::End,
        READ_ABORT => Supplied::Abort,
        PAUSE => Supplied::Pause,
        count if count <= room => {
            // SAFETY: the callback says that it has written so many bytes, and they fit.
            unsafe { buffer.set_len(start + count) };
            Supplied::Data
        }
        _ => Supplied::TooMuch,
    }
}

/// Sets the request's body to an offset from its start.
///
/// # Safety
/// As for [`deliver`].
pub unsafe fn seek(multi: NonNull<Multi>, easy: Option<NonNull<Easy>>, offset: u64) -> Sought {
    let Some(easy) = easy else { return Sought::CantSeek };
    // SAFETY: by contract.
    unsafe {
        let handle = &mut *easy.as_ptr();
        match handle.options.body {
            BodySource::Application { fields: true, .. } => {
                handle.body_offset = offset;
                Sought::Ok
            }
            BodySource::Mime { .. } => super::form::rewind(multi, easy, offset),
            _ => seek_callback(multi, easy, offset),
        }
    }
}

unsafe fn seek_callback(multi: NonNull<Multi>, easy: NonNull<Easy>, offset: u64) -> Sought {
    /// `CURLIOCMD_RESTARTREAD`.
    const RESTART_READ: c_int = 1;
    // SAFETY: by the caller's contract; the application's functions get what their types ask for.
    unsafe {
        let callbacks = &(*easy.as_ptr()).callbacks;
        let (rare, read, read_data) = (callbacks.rare(), callbacks.read, callbacks.read_data);
        if let Some(seek) = rare.seek {
            let answer = call(multi, Callback::Transfer, || {
                seek(rare.seek_data, offset as i64, libc::SEEK_SET)
            });
            return match answer {
                0 => Sought::Ok,
                returned => Sought::Refused(returned),
            };
        }
        if let Some(ioctl) = rare.ioctl.filter(|_| offset == 0) {
            let answer = call(multi, Callback::Transfer, || {
                ioctl(easy.as_ptr().cast(), RESTART_READ, rare.ioctl_data)
            });
            return if answer == 0 { Sought::Ok } else { Sought::Refused(answer) };
        }
        if read.is_none() && !read_data.is_null() && stdio::seek(read_data.cast(), offset) {
            return Sought::Ok;
        }
        Sought::CantSeek
    }
}
