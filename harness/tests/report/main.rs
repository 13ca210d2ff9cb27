//! Reports: their fields, their forms, and what they never show.

mod comparison;
mod forms;
mod json;
mod live;
mod measurements;
mod page;
mod repeats;
mod support;
mod terminal;
