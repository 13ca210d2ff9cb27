//! BTP and ILP bytes.
