use std::ffi::{CStr, c_char, c_int, c_void};

unsafe extern "C" {
    fn curl_msnprintf(buffer: *mut c_char, size: usize, format: *const c_char, ...) -> c_int;
    fn curl_maprintf(format: *const c_char, ...) -> *mut c_char;
}

macro_rules! printed {
    (size $size:literal; $format:literal $(, $arg:expr)*) => {{
        let mut room = [b'#' as c_char; 400];
        // SAFETY: each test passes what its format asks for.
        let count = unsafe { curl_msnprintf(room.as_mut_ptr(), $size, $format.as_ptr() $(, $arg)*) };
        // SAFETY: a size above 0 terminates the text.
        let text = unsafe { CStr::from_ptr(room.as_ptr()) }.to_str().unwrap().to_owned();
        (count, text)
    }};
    ($format:literal $(, $arg:expr)*) => {{
        let (count, text) = printed!(size 400; $format $(, $arg)*);
        assert_eq!(count as usize, text.len());
        text
    }};
}

#[test]
fn numbers() {
    assert_eq!(printed!(c"%d|%5d|%-5d|%05d|%+d", 1, 22, 33, -44, 5), "1|   22|33   |-0044|+5");
    assert_eq!(printed!(c"%x %X %#x %o %#o", 255, 255, 255, 8, 8), "ff FF 0xff 10 010");
    assert_eq!(
        printed!(c"%ld %lld %zu %u", -1i64, i64::MIN, 7usize, u32::MAX),
        "-1 -9223372036854775808 7 4294967295"
    );
    assert_eq!(printed!(c"%.3d %.0d|%*d", 5, 0, 4, 9), "005 |   9");
    assert_eq!(printed!(c"%0*d%c%3c", 3, 7, 'x' as c_int, 'y' as c_int), "007x  y");
}

#[test]
#[cfg_attr(miri, ignore = "snprintf of the C library")]
fn numbers_with_a_point() {
    assert_eq!(
        printed!(c"%.2f %e %g %8.3f", 1.255, 12.5, 0.25, -3.5),
        "1.25 1.250000e+01 0.25   -3.500"
    );
}

#[test]
fn strings_and_pointers() {
    let null = std::ptr::null::<c_char>();
    assert_eq!(
        printed!(
            c"%s|%5s|%-5s|%.2s",
            c"a".as_ptr(),
            c"b".as_ptr(),
            c"c".as_ptr(),
            c"defg".as_ptr()
        ),
        "a|    b|c    |de"
    );
    assert_eq!(printed!(c"%s %.2s %S %p", null, null, c"q".as_ptr(), null), "(nil)  \"q\" (nil)");
    assert_eq!(printed!(c"%p", std::ptr::without_provenance::<c_void>(0xabcd)), "0xabcd");
}

#[test]
fn percent_signs_and_unknown_letters() {
    assert_eq!(printed!(c"100%% %d%%", 5), "100% 5%");
    assert_eq!(printed!(c"%y %d", 3), "%y 3");
}

#[test]
fn numbered_arguments() {
    assert_eq!(printed!(c"%2$s %1$d", 4, c"x".as_ptr()), "x 4");
    assert_eq!(printed!(c"%1$d %d", 4), "", "mixed");
    assert_eq!(printed!(c"%2$d", 1, 2), "", "a gap");
}

#[test]
fn cut_at_the_size() {
    assert_eq!(printed!(size 4; c"%s", c"abcdef".as_ptr()), (3, "abc".into()));
    assert_eq!(printed!(size 1; c"abc"), (0, "".into()));
}

#[test]
fn counts_and_allocates() {
    let mut count: c_int = 0;
    let place = std::ptr::from_mut(&mut count).cast::<c_void>();
    assert_eq!(printed!(c"abc%nd", place), "abcd");
    assert_eq!(count, 3);
    // SAFETY: the format fits its argument; the text is freed once.
    unsafe {
        let text = curl_maprintf(c"<%s>".as_ptr(), c"t".as_ptr());
        assert_eq!(CStr::from_ptr(text), c"<t>");
        crate::memory::release(text.cast());
    }
}
