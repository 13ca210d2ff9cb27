//! The topology drawn: the network in the middle, homes around it, an arrow per peering.

use std::f64::consts::TAU;

use maud::{Markup, html as markup};

use super::super::model::{HomeView, PeeringView, Report};
use super::super::stages::StageTime;
use super::super::words::show_ms;
use crate::events::Stage;
use crate::evidence::{ContainerRole, Subject};

/// Height of a home's box.
const BOX_HEIGHT: f64 = 32.0;
/// Width of one character of a home's name.
const CHARACTER: f64 = 7.4;
/// Longest name that is drawn in full.
const LONGEST: usize = 13;
/// Half axes of the network.
const NETWORK: (f64, f64) = (70.0, 62.0);
/// Distance of the homes from the middle, when there are few.
const RADIUS: f64 = 138.0;
/// Room between two homes on the circle.
const GAP: f64 = 10.0;
/// How far an arrow bows to its left, so that the two directions of a pair lie apart.
const BOW: f64 = 84.0;

/// A point in the drawing.
#[derive(Debug, Clone, Copy)]
struct Point {
    x: f64,
    y: f64,
}

/// A home with its place.
struct Placed<'a> {
    home: &'a HomeView,
    middle: Point,
    width: f64,
}

/// The section.
pub(super) fn topology(report: &Report) -> Markup {
    let topology = &report.topology;
    let network = &topology.network;
    markup! {
        div class="topology" {
            figure {
                (drawing(report))
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
                        @for home in &topology.homes { tr { td { (home.id) } td { code { (home.prefix) } } } }
                    }
                }
            }
        }
    }
}

/// How a peering's stage went, in words.
fn session(report: &Report, peering: &PeeringView) -> String {
    stage_of(report, peering).map_or_else(
        || "not begun".to_owned(),
        |stage| {
            let word = if stage.reached { "up" } else { "not up" };
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
        .filter(|stage| !stage.reached)
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

fn drawing(report: &Report) -> Markup {
    let topology = &report.topology;
    let count = topology.homes.len().max(1) as f64;
    let widths = topology.homes.iter().map(|home| width(&home.id));
    let room = widths.fold(0.0, f64::max) + GAP;
    let radius = RADIUS.max(room / 2.0 / (TAU / 2.0 / count.max(2.0)).sin());
    let homes: Vec<Placed<'_>> = topology
        .homes
        .iter()
        .enumerate()
        .map(|(index, home)| {
            let angle = TAU / 2.0 + index as f64 / count * TAU;
            Placed {
                home,
                middle: Point {
                    x: radius * angle.cos(),
                    y: radius * angle.sin(),
                },
                width: width(&home.id),
            }
        })
        .collect();
    let reach =
        |edge: fn(&Placed<'_>) -> f64, least: f64| homes.iter().map(edge).fold(least, f64::max);
    let half_width = reach(|home| home.middle.x.abs() + home.width / 2.0, NETWORK.0) + 6.0;
    let half_height = reach(
        |home| home.middle.y.abs() + BOX_HEIGHT / 2.0,
        NETWORK.1 + 8.0,
    ) + 6.0;
    let view = format!(
        "{:.0} {:.0} {:.0} {:.0}",
        -half_width,
        -half_height,
        half_width * 2.0,
        half_height * 2.0
    );
    let network = if topology.network.is_public() {
        "a network that others run".to_owned()
    } else {
        let (authorities, relays) = (topology.network.authorities, topology.network.relays);
        format!("a network of {authorities} authorities and {relays} relays")
    };
    let text = format!(
        "{} homes around {network}, with {} peerings; the tables name them",
        topology.homes.len(),
        topology.peerings.len()
    );
    markup! {
        svg class="drawing" viewBox=(view) role="img" aria-label=(text) {
            defs {
                (arrowhead("arrow"))
                (arrowhead("arrow-bad"))
            }
            (self::network(report))
            @for peering in &topology.peerings { (arrow(report, peering, &homes)) }
            @for home in &homes { (home_box(report, home)) }
        }
    }
}

/// Width of a home's box. The sign of a home that is marked takes room too.
fn width(id: &str) -> f64 {
    id.chars().count().min(LONGEST) as f64 * CHARACTER + 36.0
}

fn arrowhead(id: &str) -> Markup {
    markup! {
        marker id=(id) class=(id) viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto" {
            path d="M0 0 L8 4 L0 8 Z" {}
        }
    }
}

fn network(report: &Report) -> Markup {
    let network = &report.topology.network;
    let total = network.authorities + network.relays;
    let nodes = (0..total).map(|index| {
        let angle = -TAU / 4.0 + index as f64 / total.max(1) as f64 * TAU;
        let authority = index < network.authorities;
        let name = if authority {
            format!("da{}", index + 1)
        } else {
            format!("relay{}", index - network.authorities + 1)
        };
        let at = Point {
            x: NETWORK.0 * angle.cos(),
            y: NETWORK.1 * angle.sin(),
        };
        (name, authority, at)
    });
    markup! {
        ellipse class="network" cx="0" cy="0" rx=(NETWORK.0) ry=(NETWORK.1) {}
        @for (name, authority, at) in nodes {
            @let died = report.deaths.iter().any(|death| death.role == name);
            @let class = if died { "node bad" } else { "node" };
            @if authority {
                rect class=(class) x=(short(at.x - 5.0)) y=(short(at.y - 5.0)) width="10" height="10" { title { (name) } }
            } @else {
                circle class=(class) cx=(short(at.x)) cy=(short(at.y)) r="5" { title { (name) } }
            }
            @if died { text class="bad" x=(short(at.x + 8.0)) y=(short(at.y + 4.0)) { "✗" } }
        }
        text class="strong" x="0" y="-12" text-anchor="middle" { "." (network.family) " network" }
        @if network.is_public() {
            text x="0" y="5" text-anchor="middle" { "run by others" }
        } @else {
            text x="0" y="5" text-anchor="middle" { (network.authorities) " authorities" }
            text x="0" y="21" text-anchor="middle" { (network.relays) " relays" }
        }
    }
}

fn home_box(report: &Report, placed: &Placed<'_>) -> Markup {
    let bad = is_bad(report, &placed.home.id);
    let id = &placed.home.id;
    let name = if id.chars().count() > LONGEST {
        let start: String = id.chars().take(LONGEST - 1).collect();
        format!("{start}…")
    } else {
        id.clone()
    };
    markup! {
        g class=(if bad { "home bad" } else { "home" }) {
            title { (id) ", " (placed.home.prefix) }
            rect x=(short(placed.middle.x - placed.width / 2.0)) y=(short(placed.middle.y - BOX_HEIGHT / 2.0))
                width=(short(placed.width)) height=(BOX_HEIGHT) rx="6" {}
            text x=(short(placed.middle.x)) y=(short(placed.middle.y + 4.5)) text-anchor="middle" {
                @if bad { "✗ " }
                (name)
            }
        }
    }
}

fn arrow(report: &Report, peering: &PeeringView, homes: &[Placed<'_>]) -> Markup {
    let find = |id: &str| homes.iter().find(|placed| placed.home.id == id);
    let (Some(from), Some(to)) = (find(&peering.from), find(&peering.to)) else {
        return markup! {};
    };
    let (a, b) = (from.middle, to.middle);
    let length = (b.x - a.x).hypot(b.y - a.y).max(1.0);
    // Towards the middle, and to the left of the way, so that a pair's two arrows lie apart.
    let control = Point {
        x: (a.x + b.x) * 0.2 + (b.y - a.y) / length * BOW,
        y: (a.y + b.y) * 0.2 - (b.x - a.x) / length * BOW,
    };
    let start = edge(from, control);
    let end = edge(to, control);
    let bad = stage_of(report, peering).is_some_and(|stage| !stage.reached);
    markup! {
        path class=(if bad { "peering bad" } else { "peering" })
            d={ "M" (short(start.x)) " " (short(start.y)) " Q" (short(control.x)) " " (short(control.y)) " " (short(end.x)) " " (short(end.y)) }
            marker-end=(if bad { "url(#arrow-bad)" } else { "url(#arrow)" }) {
            title { (peering.from) " dials " (peering.to) ": " (session(report, peering)) }
        }
        @if bad {
            text class="bad" text-anchor="middle"
                x=(short((start.x + 2.0 * control.x + end.x) / 4.0)) y=(short((start.y + 2.0 * control.y + end.y) / 4.0 + 4.0)) { "✗" }
        }
    }
}

/// Where the way from a box's middle to a point leaves the box, with a little air.
fn edge(placed: &Placed<'_>, towards: Point) -> Point {
    let (dx, dy) = (towards.x - placed.middle.x, towards.y - placed.middle.y);
    let across = (placed.width / 2.0 + 4.0) / dx.abs().max(0.001);
    let along = (BOX_HEIGHT / 2.0 + 4.0) / dy.abs().max(0.001);
    let share = across.min(along).min(1.0);
    Point {
        x: placed.middle.x + dx * share,
        y: placed.middle.y + dy * share,
    }
}

/// A coordinate with one decimal.
fn short(value: f64) -> String {
    format!("{value:.1}")
}
