//! The local plane.
