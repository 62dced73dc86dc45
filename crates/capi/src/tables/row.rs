//! The shapes of the tables' rows, and the macros that the tables are written in.

use std::ffi::CStr;

/// An option or an info.
#[derive(Clone, Copy, Debug)]
pub struct OptionRow {
    /// The name without its prefix: `URL` of `CURLOPT_URL`.
    pub name: &'static CStr,
    /// Its number.
    pub id: i32,
    /// What is passed.
    pub kind: Kind,
    /// The C type, where the kind alone does not tell it.
    pub c_type: Option<&'static str>,
    /// Whether a newer name or way replaces it.
    pub deprecated: Option<Deprecated>,
}

/// What kind of argument an option takes, or what kind of answer an info gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    Long,
    /// A long that is one of a set, or bits.
    Values,
    OffT,
    /// A pointer to something of libcurl's or C's own.
    Object,
    String,
    Slist,
    /// A pointer that only callbacks look at.
    CbPtr,
    Blob,
    Function,
    Int,
    Double,
    Ptr,
    Socket,
}

/// Since when, and what the compiler says.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct Deprecated {
    pub since: &'static str,
    pub message: &'static str,
}

/// A result code.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct CodeRow {
    pub name: &'static str,
    pub value: i32,
    /// The text; none for numbers no longer used.
    pub text: Option<&'static CStr>,
}

/// A public function.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct Function {
    pub name: &'static str,
    pub returns: &'static str,
    pub parameters: &'static str,
    /// For printf-like ones: `format,first` counted from one; first is 0 for a va_list.
    pub format: Option<&'static str>,
    pub deprecated: Option<Deprecated>,
}

/// A string literal as a C string; refused at compile time if it has a NUL inside.
pub(super) const fn c_str(with_nul: &'static str) -> &'static CStr {
    match CStr::from_bytes_with_nul(with_nul.as_bytes()) {
        Ok(text) => text,
        Err(_) => panic!("NUL within a name"),
    }
}

/// `Some` of what is given, `None` of nothing.
macro_rules! maybe {
    () => {
        None
    };
    ($value:expr) => {
        Some($value)
    };
}

/// A table of options: an enum of the known numbers, the rows, a module of plain constants.
macro_rules! options {
    ($(#[$doc:meta])* $prefix:literal $Enum:ident $ROWS:ident $consts:ident; $(
        $Variant:ident $NAME:ident $Kind:ident $id:literal
        $(takes $c_type:literal)? $(since $since:literal $message:literal)?;
    )*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(i32)]
        #[allow(missing_docs)]
        pub enum $Enum { $($Variant = $id),* }

        impl TryFrom<i32> for $Enum {
            type Error = i32;

            /// The option of this number; an unknown number comes back.
            fn try_from(id: i32) -> Result<Self, i32> {
                match id {
                    $($id => Ok(Self::$Variant),)*
                    unknown => Err(unknown),
                }
            }
        }

        #[doc = concat!("Every `", $prefix, "*` with its facts.")]
        pub const $ROWS: &[$crate::tables::row::OptionRow] = &[$(
            $crate::tables::row::OptionRow {
                name: $crate::tables::row::c_str(concat!(stringify!($NAME), "\0")),
                id: $id,
                kind: $crate::tables::row::Kind::$Kind,
                c_type: $crate::tables::row::maybe!($($c_type)?),
                deprecated: $crate::tables::row::maybe!($($crate::tables::row::Deprecated {
                    since: $since,
                    message: $message,
                })?),
            },
        )*];

        #[doc = concat!("The numbers of `", $prefix, "*`.")]
        #[allow(missing_docs)]
        pub mod $consts {
            $(pub const $NAME: i32 = $id;)*
        }
    };
}

/// A table of result codes and a module of plain constants.
macro_rules! codes {
    ($(#[$doc:meta])* $prefix:literal $ROWS:ident $consts:ident; $(
        $NAME:ident $value:literal $($text:literal)?;
    )*) => {
        $(#[$doc])*
        pub const $ROWS: &[$crate::tables::row::CodeRow] = &[$(
            $crate::tables::row::CodeRow {
                name: stringify!($NAME),
                value: $value,
                text: $crate::tables::row::maybe!($($crate::tables::row::c_str(concat!($text, "\0")))?),
            },
        )*];

        #[doc = concat!("The numbers of `", $prefix, "*`.")]
        #[allow(missing_docs)]
        pub mod $consts {
            $(pub const $NAME: i32 = $value;)*
        }
    };
}

/// A header's functions.
macro_rules! functions {
    ($header:literal $ROWS:ident; $(
        $name:ident: $returns:literal, $parameters:literal
        $(format $format:literal)? $(since $since:literal $message:literal)?;
    )*) => {
        #[doc = concat!("The functions of `curl/", $header, "`.")]
        pub const $ROWS: &[$crate::tables::row::Function] = &[$(
            $crate::tables::row::Function {
                name: stringify!($name),
                returns: $returns,
                parameters: $parameters,
                format: $crate::tables::row::maybe!($($format)?),
                deprecated: $crate::tables::row::maybe!($($crate::tables::row::Deprecated {
                    since: $since,
                    message: $message,
                })?),
            },
        )*];
    };
}

pub(super) use {codes, functions, maybe, options};
