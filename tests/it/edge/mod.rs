//! What every route does alike: errors, trace ids, limits of size and time, and requests that are none.

mod bodies;
mod envelope;
mod malformed;
mod ops;
