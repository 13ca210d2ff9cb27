//! The topology: drawn with what of it did not hold, and in words.

use maud::{Markup, html as markup};

use super::super::drawing::{Drawing, Session};
use super::super::model::Report;
use super::super::stages::StageTime;
use super::super::topology::PeeringView;
use super::super::words::show_ms;
use super::links;
use crate::events::Stage;
use crate::evidence::{ContainerRole, Subject};

/// The section.
pub(super) fn topology(report: &Report) -> Markup {
    let topology = &report.topology;
    let network = &topology.network;
    markup! {
        div class="topology" {
            figure {
                (drawing(report).within())
                figcaption {
                    @if !network.is_public() { "Squares are directory authorities, circles relays. " }
                    "An arrow points from the home that dials to the home that accepts. "
                    "What did not hold is drawn dashed and marked with ✗."
                }
            }
            div {
                p {
                    @if network.is_public() {
                        "A ." (network.family) " network that others run; "
                    } @else {
                        "A private ." (network.family) " network of " (network.authorities) " authorities and "
                        (network.relays) " relays; "
                    }
                    (topology.homes.len()) " homes, each with an onion daemon, a connector and a business-logic server behind its own NAT. "
                    "The harness's own peer " code { (topology.probe.id) } " dials " (topology.probe.to)
                    " through the daemon of " (topology.probe.via) "."
                }
                table class="plain" {
                    caption { "Peerings" }
                    thead { tr { th scope="col" { "Dials" } th scope="col" { "Accepts" } th scope="col" { "Proof" } th scope="col" { "Session" } } }
                    tbody {
                        @for peering in &topology.peerings {
                            tr { td { (peering.from) } td { (peering.to) } td { (peering.auth) } td { (session(report, peering)) } }
                        }
                    }
                }
                table class="plain" {
                    caption { "Homes" }
                    thead { tr { th scope="col" { "Home" } th scope="col" { "ILP prefix" } } }
                    tbody {
                        @for home in &topology.homes { tr { td { (home_link(report, &home.id)) } td { code { (home.prefix) } } } }
                    }
                }
            }
        }
    }
}

/// A home's name, which leads to its stages where it has any.
fn home_link(report: &Report, home: &str) -> Markup {
    let mut nodes = report
        .stages
        .iter()
        .filter_map(|stage| stage.node.as_deref());
    let known = nodes.any(|node| node == home);
    markup! { @if known { a href={ "#" (links::node(home)) } { (home) } } @else { (home) } }
}

/// How a peering's stage went, in words.
fn session(report: &Report, peering: &PeeringView) -> String {
    stage_of(report, peering).map_or_else(
        || "not begun".to_owned(),
        |stage| {
            let word = match stage.outcome() {
                "reached" => "up",
                "interrupted" => "interrupted",
                _ => "not up",
            };
            format!("{word} after {}", show_ms(stage.millis))
        },
    )
}

fn stage_of<'a>(report: &'a Report, peering: &PeeringView) -> Option<&'a StageTime> {
    let name = format!("{} to {}", peering.from, peering.to);
    let stages = report
        .stages
        .iter()
        .filter(|stage| stage.node.as_deref() == Some(name.as_str()));
    // What was not reached before all else; then the session as a whole, before its parts.
    stages.min_by_key(|stage| (stage.reached, stage.stage != Stage::Peering.name()))
}

/// Whether something of a home was not reached or died.
fn is_bad(report: &Report, home: &str) -> bool {
    let missed = report
        .stages
        .iter()
        .filter(|stage| stage.missed())
        .filter_map(|stage| stage.node.as_deref())
        .any(|node| match Subject::from(node) {
            Subject::Node(name) | Subject::Home(name) | Subject::Upload { home: name, .. } => {
                name == home
            }
            _ => false,
        });
    let died = report
        .deaths
        .iter()
        .any(|death| ContainerRole::from(&*death.role).home() == Some(home));
    missed || died
}

/// What is drawn: everything, and what of it did not hold.
fn drawing(report: &Report) -> Drawing<'_> {
    let topology = &report.topology;
    let mut drawing = Drawing::of(topology);
    drawing.bad_nodes = report.deaths.iter().map(|death| &*death.role).collect();
    drawing.bad_homes = topology
        .homes
        .iter()
        .map(|home| &*home.id)
        .filter(|home| is_bad(report, home))
        .collect();
    drawing.sessions = topology
        .peerings
        .iter()
        .map(|peering| Session {
            text: session(report, peering),
            bad: stage_of(report, peering).is_some_and(StageTime::missed),
        })
        .collect();
    drawing
}
