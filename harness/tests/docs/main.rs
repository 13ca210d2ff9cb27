//! What the documents say, held against the code and against each other.

mod exit_codes;
mod support;
