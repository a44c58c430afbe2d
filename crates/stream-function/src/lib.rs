//! Stream functions.
