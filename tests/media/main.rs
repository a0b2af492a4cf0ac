//! The media plane from outside: simulated peers on virtual time, real sockets, real browsers.

mod allocations;
mod browsers;
mod peer;
mod simulated;
