//! Proving who asks: HTTP authentication (RFC 9110 section 11).
