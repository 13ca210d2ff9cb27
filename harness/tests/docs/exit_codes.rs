//! `docs/exit-codes.md`.

use ator_harness::cli::Exit;

use crate::support::read;

pub(crate) const ALL: [Exit; 6] = [
    Exit::Pass,
    Exit::Fail,
    Exit::Usage,
    Exit::Environment,
    Exit::Inconclusive,
    Exit::Interrupted,
];

#[test]
fn every_exit_code_has_its_row() {
    let text = read("docs/exit-codes.md");
    let codes: Vec<u8> = text
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(' ').next()?.parse().ok())
        .collect();
    assert_eq!(codes, ALL.map(Exit::code));
}

#[test]
fn the_order_of_severity_is_that_of_the_code() {
    let mut order = ALL;
    order.sort();
    order.reverse();
    let order = order.map(|exit| exit.code().to_string()).join(", ");
    let text = read("docs/exit-codes.md");
    assert!(
        text.lines().any(|line| line.trim() == order),
        "docs/exit-codes.md should have the line {order}"
    );
}
