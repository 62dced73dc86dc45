//! Declares option groups with the default beside each field, and enums of C values.

/// A struct whose every field names its default: `DEFAULT` and `Default` come from it.
macro_rules! options {
    ($(#[$doc:meta])* pub struct $name:ident {
        $($(#[$field_doc:meta])* $field:ident: $type:ty = $default:expr,)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl $name {
            /// libcurl's defaults.
            pub const DEFAULT: Self = Self { $($field: $default,)* };
        }

        impl Default for $name {
            fn default() -> Self {
                Self::DEFAULT
            }
        }
    };
}

/// Reads a boxed group, or the defaults where none of it was ever set.
macro_rules! groups {
    ($($get:ident, $get_mut:ident: $type:ident;)*) => {
        impl Options {
            $(
                /// The group, all defaults when nothing of it is set.
                pub fn $get(&self) -> &$type {
                    static DEFAULT: $type = $type::DEFAULT;
                    self.$get.as_deref().unwrap_or(&DEFAULT)
                }

                /// The group, to be changed.
                pub fn $get_mut(&mut self) -> &mut $type {
                    self.$get.get_or_insert_default()
                }
            )*
        }
    };
}

/// An enum of the values of a C option, with the way from its `long`.
macro_rules! values {
    ($(#[$doc:meta])* pub enum $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $value:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs)]
        #[repr(u8)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_doc])* $variant = $value,)*
        }

        impl $name {
            /// The value that C programs write as this number.
            pub fn from_long(value: i64) -> Option<Self> {
                match value {
                    $($value => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}
