//! Declares the error codes of a version of HTTP.

/// A number on the wire with its names: constants, `name`, `Display`.
macro_rules! error_codes {
    ($(#[$doc:meta])* pub struct $type:ident($number:ty) { $($name:ident = $value:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct $type(pub $number);

        #[allow(missing_docs)]
        impl $type {
            $(pub const $name: Self = Self($value);)*

            /// The code's name in its RFC, `unknown` for others, as libcurl writes it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                    _ => "unknown",
                }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

pub(crate) use error_codes;
