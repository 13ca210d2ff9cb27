//! What the operators' scenarios are played with.

pub(crate) mod pair;
pub(crate) mod side;
