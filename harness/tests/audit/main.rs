//! `audit`: every check on files that are wrong and on files that are right, and whole deployments.

mod committed;
mod compose;
mod deployments;
mod exported;
mod forms;
mod given;
mod hostile;
mod pairs;
mod running;
mod support;
