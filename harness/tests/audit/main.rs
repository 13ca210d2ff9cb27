//! `audit`: every check on files that are wrong and on files that are right, and whole deployments.

mod compose;
mod deployments;
mod forms;
mod hostile;
mod pairs;
mod running;
mod support;
