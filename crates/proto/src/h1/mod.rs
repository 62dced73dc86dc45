//! HTTP/1: responses in, chunks out (RFC 9112).

pub mod response;

pub use response::{
    Advance, BodyFraming, CloseOutcome, Event, Field, Head, Response, ResponseConfig, Span, Version,
};
