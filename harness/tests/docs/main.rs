//! What the documents say, held against the code and against each other. What is generated is written
//! anew by `make generated`.

mod exit_codes;
mod schema;
mod support;
