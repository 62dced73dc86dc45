//! Requests and rules of HTTP that hold for every version of it.
