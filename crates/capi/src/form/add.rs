//! `curl_formadd`: options in any order, put together into links of the chain.

use std::ffi::{c_char, c_int, c_long, c_void};
use std::ptr::null_mut;

use tress_model::mime::guess_content_type;

use super::{HttpPost, flag};
use crate::arguments::Arguments;
use crate::entry::entry;
use crate::memory;
use crate::slist::Slist;

/// `CURL_FORMADD_*`
const OK: c_int = 0;
const MEMORY: c_int = 1;
const OPTION_TWICE: c_int = 2;
const NULL: c_int = 3;
const UNKNOWN_OPTION: c_int = 4;
const INCOMPLETE: c_int = 5;
const ILLEGAL_ARRAY: c_int = 6;

/// `CURLFORM_*`
mod option {
    use std::ffi::c_int;

    pub const COPYNAME: c_int = 1;
    pub const PTRNAME: c_int = 2;
    pub const NAMELENGTH: c_int = 3;
    pub const COPYCONTENTS: c_int = 4;
    pub const PTRCONTENTS: c_int = 5;
    pub const CONTENTSLENGTH: c_int = 6;
    pub const FILECONTENT: c_int = 7;
    pub const ARRAY: c_int = 8;
    pub const FILE: c_int = 10;
    pub const BUFFER: c_int = 11;
    pub const BUFFERPTR: c_int = 12;
    pub const BUFFERLENGTH: c_int = 13;
    pub const CONTENTTYPE: c_int = 14;
    pub const CONTENTHEADER: c_int = 15;
    pub const FILENAME: c_int = 16;
    pub const END: c_int = 17;
    pub const STREAM: c_int = 19;
    pub const CONTENTLEN: c_int = 20;
}

/// `struct curl_forms`
#[repr(C)]
#[derive(Clone, Copy)]
struct Forms {
    option: c_int,
    value: *const c_char,
}

entry! {
    /// `curl_formadd(3)`; the shim passes what follows the two pointers.
    fn tress_formadd(first: *mut *mut HttpPost, last: *mut *mut HttpPost, args: Option<Arguments>)
    -> c_int [MEMORY] {
        let (false, false, Some(args)) = (first.is_null(), last.is_null(), args) else {
            return NULL;
        };
        // SAFETY: the caller's places, and options with the arguments that they take.
        unsafe { add(&mut *first, &mut *last, &mut Given { args, array: std::ptr::null() }) }
    }
}

/// The options as they come: from the call, or from an array that the call gave.
struct Given {
    args: Arguments,
    array: *const Forms,
}

impl Given {
    /// The next option; END ends an array first.
    ///
    /// # Safety (of all methods)
    /// Every option is followed by the argument that it takes, and all end with END.
    unsafe fn option(&mut self) -> c_int {
        loop {
            if self.array.is_null() {
                // SAFETY: as the caller promises.
                return unsafe { self.args.int() };
            }
            // SAFETY: the array ends with END.
            match unsafe { (*self.array).option } {
                option::END => self.array = std::ptr::null(),
                other => return other,
            }
        }
    }

    unsafe fn pointer<T>(&mut self) -> *mut T {
        // SAFETY: as the caller promises.
        match unsafe { self.in_array() } {
            Some(value) => value.cast_mut().cast(),
            // SAFETY: as the caller promises.
            None => unsafe { self.args.pointer() },
        }
    }

    unsafe fn long(&mut self) -> c_long {
        // SAFETY: as the caller promises.
        match unsafe { self.in_array() } {
            Some(value) => value.addr() as c_long,
            // SAFETY: as the caller promises.
            None => unsafe { self.args.long() },
        }
    }

    unsafe fn in_array(&mut self) -> Option<*const c_char> {
        if self.array.is_null() {
            return None;
        }
        // SAFETY: `option` stands on an entry that is not the last: there is another behind it. A
        // reference would be good for this entry alone.
        unsafe {
            let Forms { value, .. } = *self.array;
            self.array = self.array.add(1);
            Some(value)
        }
    }
}

/// A link in the making. Text is the application's own until the link is made.
#[derive(Default)]
struct Link {
    name: Option<*const c_char>,
    name_length: c_long,
    value: Option<*const c_char>,
    length: i64,
    buffer: Option<*const c_char>,
    buffer_length: c_long,
    content_type: Option<*const c_char>,
    headers: Option<*mut Slist>,
    shown_name: Option<*const c_char>,
    user: Option<*mut c_void>,
    flags: c_long,
}

/// # Safety
/// As for [`Given`]; the chain is alive.
unsafe fn add(first: &mut *mut HttpPost, last: &mut *mut HttpPost, given: &mut Given) -> c_int {
    let mut links = vec![Link::default()];
    // SAFETY: as the caller promises.
    unsafe {
        loop {
            let option = given.option();
            if option == option::END {
                break;
            }
            let code = take(&mut links, option, given);
            if code != OK {
                return code;
            }
        }
        if !links.iter().enumerate().all(|(at, link)| link.is_complete(at == 0)) {
            return INCOMPLETE;
        }
        if links.iter().any(|link| link.name_has_nul()) {
            return NULL;
        }
        match chain(&links) {
            Some(new) => {
                match last.as_mut() {
                    Some(last) => last.next = new,
                    None => *first = new,
                }
                *last = new;
                OK
            }
            None => MEMORY,
        }
    }
}

/// # Safety
/// As for [`Given`].
unsafe fn take(links: &mut Vec<Link>, option: c_int, given: &mut Given) -> c_int {
    let Some(link) = links.last_mut() else { return MEMORY };
    // SAFETY: as the caller promises.
    unsafe {
        match option {
            option::ARRAY if !given.array.is_null() => return ILLEGAL_ARRAY,
            option::ARRAY => {
                given.array = given.args.pointer::<Forms>();
                return if given.array.is_null() { NULL } else { OK };
            }
            option::PTRNAME | option::COPYNAME => {
                link.flags |= if option == option::PTRNAME { flag::PTRNAME } else { 0 };
                return once(&mut link.name, given);
            }
            option::NAMELENGTH if link.name_length != 0 => return OPTION_TWICE,
            option::NAMELENGTH => link.name_length = given.long(),
            option::PTRCONTENTS | option::COPYCONTENTS => {
                link.flags |= if option == option::PTRCONTENTS { flag::PTRCONTENTS } else { 0 };
                return once(&mut link.value, given);
            }
            option::CONTENTSLENGTH => link.length = given.long(),
            option::CONTENTLEN => {
                link.flags |= flag::LARGE;
                link.length = given.long();
            }
            option::FILECONTENT if link.flags & (flag::PTRCONTENTS | flag::READFILE) != 0 => {
                return OPTION_TWICE;
            }
            option::FILECONTENT => {
                link.flags |= flag::READFILE;
                link.value = None;
                return once(&mut link.value, given);
            }
            option::FILE => return file(links, given),
            option::BUFFERPTR => {
                link.flags |= flag::PTRBUFFER | flag::BUFFER;
                let code = once(&mut link.buffer, given);
                link.value = link.value.or(link.buffer);
                return code;
            }
            option::BUFFERLENGTH if link.buffer_length != 0 => return OPTION_TWICE,
            option::BUFFERLENGTH => link.buffer_length = given.long(),
            option::STREAM => {
                link.flags |= flag::CALLBACK;
                let code = once(&mut link.user, given);
                link.value = link.user.map(|user| user.cast_const().cast());
                return code;
            }
            option::CONTENTTYPE => return content_type(links, given),
            option::CONTENTHEADER if link.headers.is_some() => return OPTION_TWICE,
            option::CONTENTHEADER => link.headers = Some(given.pointer()),
            option::FILENAME | option::BUFFER => return once(&mut link.shown_name, given),
            _ => return UNKNOWN_OPTION,
        }
    }
    OK
}

/// A pointer that must not be NULL and not be given twice.
///
/// # Safety
/// As for [`Given`].
unsafe fn once<T: FromPointer>(place: &mut Option<T>, given: &mut Given) -> c_int {
    if place.is_some() {
        return OPTION_TWICE;
    }
    // SAFETY: as the caller promises.
    let pointer = unsafe { given.pointer::<c_void>() };
    if pointer.is_null() {
        return NULL;
    }
    *place = Some(T::from_pointer(pointer));
    OK
}

trait FromPointer {
    fn from_pointer(pointer: *mut c_void) -> Self;
}

impl FromPointer for *const c_char {
    fn from_pointer(pointer: *mut c_void) -> Self {
        pointer.cast_const().cast()
    }
}

impl FromPointer for *mut c_void {
    fn from_pointer(pointer: *mut c_void) -> Self {
        pointer
    }
}

/// A file; a further one opens a link of its own.
///
/// # Safety
/// As for [`Given`].
unsafe fn file(links: &mut Vec<Link>, given: &mut Given) -> c_int {
    let Some(link) = links.last_mut() else { return MEMORY };
    if link.value.is_none() {
        link.flags |= flag::FILENAME;
        // SAFETY: as the caller promises.
        return unsafe { once(&mut link.value, given) };
    }
    if link.flags & flag::FILENAME == 0 {
        return OPTION_TWICE;
    }
    let mut further = Link { flags: flag::FILENAME, ..Link::default() };
    // SAFETY: as the caller promises.
    let code = unsafe { once(&mut further.value, given) };
    links.push(further);
    code
}

/// A type; of a file that has one, it is the next file's.
///
/// # Safety
/// As for [`Given`].
unsafe fn content_type(links: &mut Vec<Link>, given: &mut Given) -> c_int {
    let Some(link) = links.last_mut() else { return MEMORY };
    if link.content_type.is_none() || link.flags & flag::FILENAME == 0 {
        // SAFETY: as the caller promises.
        return unsafe { once(&mut link.content_type, given) };
    }
    let mut further = Link { flags: flag::FILENAME, ..Link::default() };
    // SAFETY: as the caller promises.
    let code = unsafe { once(&mut further.content_type, given) };
    links.push(further);
    code
}

impl Link {
    fn is_complete(&self, is_first: bool) -> bool {
        let has = |flags| self.flags & flags == flags;
        let named = !is_first || (self.name.is_some() && self.value.is_some());
        let file_and_length = self.length != 0 && has(flag::FILENAME);
        let file_and_pointer = has(flag::FILENAME | flag::PTRCONTENTS);
        let no_buffer = self.buffer.is_none() && has(flag::BUFFER | flag::PTRBUFFER);
        let content_and_pointer = has(flag::READFILE | flag::PTRCONTENTS);
        named && !file_and_length && !file_and_pointer && !no_buffer && !content_and_pointer
    }

    /// # Safety
    /// The name is as long as said.
    unsafe fn name_has_nul(&self) -> bool {
        let (Some(name), Ok(length)) = (self.name, usize::try_from(self.name_length)) else {
            return false;
        };
        // SAFETY: as the caller promises.
        length > 0 && unsafe { std::slice::from_raw_parts(name.cast::<u8>(), length) }.contains(&0)
    }

    /// The type of a file that was given none: by its name, or as the file before it.
    ///
    /// # Safety
    /// The names are C strings.
    unsafe fn guessed_type<'a>(&self, before: Option<&'a [u8]>) -> Option<&'a [u8]> {
        if self.flags & (flag::FILENAME | flag::BUFFER) == 0 {
            return None;
        }
        let shown = if self.flags & flag::BUFFER != 0 { self.shown_name } else { self.value };
        // SAFETY: as the caller promises.
        let shown = shown.and_then(|name| unsafe { memory::bytes(name) });
        let known = shown.and_then(guess_content_type).map(str::as_bytes);
        Some(known.or(before).unwrap_or(b"application/octet-stream"))
    }
}

/// The links as C structures: the first with the others as its further files. None: no memory.
///
/// # Safety
/// Every text is alive and as long as said.
unsafe fn chain(links: &[Link]) -> Option<*mut HttpPost> {
    let mut first: *mut HttpPost = null_mut();
    let mut tail: *mut HttpPost = null_mut();
    let mut type_before: Option<Box<[u8]>> = None;
    for link in links {
        // SAFETY: as the caller promises.
        unsafe {
            let given = link.content_type.and_then(|kind| memory::bytes(kind));
            let kind: Option<Box<[u8]>> =
                given.or_else(|| link.guessed_type(type_before.as_deref())).map(Box::from);
            let Some(post) = post(link, kind.as_deref()) else {
                super::free(first);
                return None;
            };
            match tail.as_mut() {
                Some(tail) => tail.more = post,
                None => first = post,
            }
            tail = post;
            type_before = kind.or(type_before);
        }
    }
    (!first.is_null()).then_some(first)
}

/// One link; none when memory is out, and nothing is left of it.
///
/// # Safety
/// As for `chain`.
unsafe fn post(link: &Link, kind: Option<&[u8]>) -> Option<*mut HttpPost> {
    const KEPT: c_long = flag::PTRCONTENTS | flag::PTRBUFFER | flag::CALLBACK;
    const WHOLE: c_long = flag::FILENAME | flag::READFILE;
    let mut out_of_memory = false;
    let mut made = |copy: *mut c_char| {
        out_of_memory |= copy.is_null();
        copy
    };
    // SAFETY: as the caller promises; what is freed was made here.
    unsafe {
        let name = match link.name {
            Some(name) if link.flags & flag::PTRNAME != 0 => name.cast_mut(),
            Some(name) => made(copied(name, link.name_length)),
            None => null_mut(),
        };
        let contents = match link.value {
            Some(value) if link.flags & KEPT != 0 => value.cast_mut(),
            Some(value) if link.flags & WHOLE != 0 => made(copied(value, 0)),
            Some(value) => made(copied(value, link.length)),
            None => null_mut(),
        };
        let post = HttpPost {
            next: null_mut(),
            name,
            namelength: link.name_length,
            contents,
            contentslength: if link.flags & flag::LARGE != 0 { 0 } else { link.length },
            buffer: link.buffer.map_or(null_mut(), <*const c_char>::cast_mut),
            bufferlength: link.buffer_length,
            contenttype: kind.map_or(null_mut(), |kind| made(memory::c_string(kind))),
            contentheader: link.headers.unwrap_or(null_mut()),
            more: null_mut(),
            flags: link.flags,
            showfilename: link.shown_name.map_or(null_mut(), |name| made(copied(name, 0))),
            userp: link.user.unwrap_or(null_mut()),
            contentlen: link.length,
        };
        let place = memory::boxed(post);
        if place.is_null() {
            super::free_texts(&post);
            return None;
        }
        if out_of_memory {
            super::free(place);
            return None;
        }
        Some(place)
    }
}

/// # Safety
/// The text is as long as said, or a C string for 0.
unsafe fn copied(text: *const c_char, length: i64) -> *mut c_char {
    // SAFETY: as the caller promises.
    unsafe {
        match usize::try_from(length) {
            Ok(length) if length > 0 => {
                memory::c_string(std::slice::from_raw_parts(text.cast(), length))
            }
            _ => memory::c_string(memory::bytes(text).unwrap_or_default()),
        }
    }
}
