//! What the documents say, held against the code and against each other. What is generated is written
//! anew by `make generated`.

mod audit;
mod causes;
mod checks;
mod exit_codes;
mod faults;
mod links;
mod picture;
mod readme;
mod reports;
mod schema;
mod support;
mod topologies;
