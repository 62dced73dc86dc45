//! Sans-I/O protocol machines.
#![forbid(unsafe_code)]
