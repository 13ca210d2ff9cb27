//! A topology drawn: the network in the middle, homes around it, an arrow per peering. The page draws
//! a run's topology with what did not hold; a plan is drawn as it is meant to be.

use std::f64::consts::TAU;

use maud::{Markup, PreEscaped, html as markup};

use super::topology::{HomeView, PeeringView, TopologyView};
use crate::plan::Plan;
use crate::topology::Daemon;

/// The colours of both schemes, which the page has in common.
pub(super) const SCHEME: &str = include_str!("scheme.css");
/// How the parts of a drawing look, in those colours.
pub(super) const STYLE: &str = include_str!("drawing.css");

/// Height of a home's box with nothing but its name.
const BOX_HEIGHT: f64 = 32.0;
/// Height of a line about what stands in a home.
const LINE: f64 = 16.0;
/// Width of one character of a home's name, and of a line below it.
const CHARACTER: f64 = 7.4;
/// Longest name that is drawn in full.
const LONGEST: usize = 13;
/// Half axes of the network.
const NETWORK: (f64, f64) = (70.0, 62.0);
/// Distance of the homes from the middle, when there are few.
const RADIUS: f64 = 138.0;
/// Room between two homes on the circle.
const GAP: f64 = 10.0;
/// Room between the network and a home that tells what stands in it.
const ROOM: f64 = 56.0;
/// How far an arrow bows to its left, so that the two directions of a pair lie apart.
const BOW: f64 = 84.0;
/// The same where boxes are high, so that arrows still cross the network.
const FLAT_BOW: f64 = 48.0;
/// Room around a drawing of its own.
const MARGIN: f64 = 22.0;
/// Room for the legend below it.
const LEGEND: f64 = 30.0;

/// A point in the drawing.
#[derive(Debug, Clone, Copy)]
struct Point {
    x: f64,
    y: f64,
}

/// A home with its place.
struct Placed<'a> {
    home: &'a HomeView,
    inside: &'a [&'static str],
    bad: bool,
    middle: Point,
    width: f64,
    height: f64,
}

/// How a peering's session went.
pub(super) struct Session {
    /// In words.
    pub(super) text: String,
    /// Whether it is not as it should be.
    pub(super) bad: bool,
}

/// A topology, and what of it did not hold.
pub(super) struct Drawing<'a> {
    topology: &'a TopologyView,
    /// What stands in each home, in the homes' order; only names are drawn where it is not told.
    inside: Vec<Vec<&'static str>>,
    /// Authorities and relays that ended.
    pub(super) bad_nodes: Vec<&'a str>,
    /// Homes of which something was not reached or ended.
    pub(super) bad_homes: Vec<&'a str>,
    /// The peerings' sessions, in their order; none of a topology that was not run.
    pub(super) sessions: Vec<Session>,
}

/// A plan's topology as a picture of its own (SVG), readable on light and on dark pages.
#[must_use]
pub fn topology_svg(plan: &Plan) -> String {
    let view = TopologyView::of(&plan.topology);
    let mut drawing = Drawing::of(&view);
    drawing.inside = plan
        .topology
        .homes
        .iter()
        .map(|home| inside(home.daemon))
        .collect();
    // An element a line, so that two versions of a picture can be compared by eye.
    drawing.alone().into_string().replace("><", ">\n<")
}

/// What stands in a home.
fn inside(daemon: Daemon) -> Vec<&'static str> {
    match daemon {
        Daemon::Sidecar => vec!["onion daemon", "connector", "business-logic server"],
        Daemon::Managed => vec!["connector, runs its onion daemon", "business-logic server"],
        Daemon::None => vec!["connector", "business-logic server"],
    }
}

impl<'a> Drawing<'a> {
    /// A topology of which everything holds, drawn with its homes' names.
    pub(super) const fn of(topology: &'a TopologyView) -> Self {
        Self {
            topology,
            inside: Vec::new(),
            bad_nodes: Vec::new(),
            bad_homes: Vec::new(),
            sessions: Vec::new(),
        }
    }

    /// The drawing as a part of a page with [`SCHEME`] and [`STYLE`].
    pub(super) fn within(&self) -> Markup {
        let homes = self.places();
        let half = half_size(&homes);
        let view = view(half, 0.0, 0.0);
        markup! {
            svg class="drawing" viewBox=(view) role="img" aria-label=(self.text()) { (self.content(&homes)) }
        }
    }

    /// The drawing as a file of its own, on a ground of its own, with a legend.
    fn alone(&self) -> Markup {
        let homes = self.places();
        let half = half_size(&homes);
        let (width, height) = (half.x + MARGIN, half.y + MARGIN);
        markup! {
            svg xmlns="http://www.w3.org/2000/svg" class="drawing" viewBox=(view(half, MARGIN, LEGEND))
                width=(short(width * 2.0)) height=(short(height * 2.0 + LEGEND)) role="img" aria-label=(self.text()) {
                title { (self.text()) }
                style { (PreEscaped(SCHEME)) (PreEscaped(STYLE)) }
                rect class="ground" x=(short(0.5 - width)) y=(short(0.5 - height)) rx="8"
                    width=(short(width * 2.0 - 1.0)) height=(short(height * 2.0 + LEGEND - 1.0)) {}
                (self.content(&homes))
                (self.legend(height + LEGEND / 2.0 - 8.0))
            }
        }
    }

    /// What the signs mean.
    fn legend(&self, y: f64) -> Markup {
        let network = &self.topology.network;
        markup! {
            g class="legend" {
                @if network.is_public() {
                    text x="0" y=(short(y)) text-anchor="middle" { "arrow: who dials whom · each home behind NAT" }
                } @else {
                    rect class="node" x="-222" y=(short(y - 9.0)) width="10" height="10" {}
                    text x="-207" y=(short(y)) { "directory authority" }
                    circle class="node" cx="-82" cy=(short(y - 4.0)) r="5" {}
                    text x="-72" y=(short(y)) { "relay" }
                    text x="-26" y=(short(y)) { "arrow: who dials whom · each home behind NAT" }
                }
            }
        }
    }

    fn places(&self) -> Vec<Placed<'_>> {
        let count = self.topology.homes.len().max(1) as f64;
        let inside = |index: usize| self.inside.get(index).map_or(&[][..], Vec::as_slice);
        let mut homes: Vec<Placed<'_>> = self
            .topology
            .homes
            .iter()
            .enumerate()
            .map(|(index, home)| Placed {
                home,
                inside: inside(index),
                bad: self.bad_homes.contains(&&*home.id),
                middle: Point { x: 0.0, y: 0.0 },
                width: width(&home.id, inside(index)),
                height: BOX_HEIGHT + LINE * inside(index).len() as f64,
            })
            .collect();
        let most = |size: fn(&Placed<'_>) -> f64| homes.iter().map(size).fold(0.0, f64::max);
        let (widest, highest) = (most(|home| home.width), most(|home| home.height));
        // Two boxes whose middles are a diagonal apart do not overlap, wherever on the circle they are.
        let diagonal = (widest + GAP).hypot(highest + GAP);
        let apart = diagonal / 2.0 / (TAU / 2.0 / count.max(2.0)).sin();
        let mut radius = RADIUS.max(apart);
        if !self.inside.is_empty() {
            radius = radius.max(NETWORK.0 + ROOM + widest / 2.0);
        }
        for (index, home) in homes.iter_mut().enumerate() {
            let angle = TAU / 2.0 + index as f64 / count * TAU;
            home.middle = Point {
                x: radius * angle.cos(),
                y: radius * angle.sin(),
            };
        }
        homes
    }

    fn text(&self) -> String {
        let network = if self.topology.network.is_public() {
            "a network that others run".to_owned()
        } else {
            let (authorities, relays) = (
                self.topology.network.authorities,
                self.topology.network.relays,
            );
            format!("a network of {authorities} authorities and {relays} relays")
        };
        let tables = if self.inside.is_empty() {
            "; the tables name them"
        } else {
            ""
        };
        format!(
            "{} homes around {network}, with {} peerings{tables}",
            self.topology.homes.len(),
            self.topology.peerings.len()
        )
    }

    fn content(&self, homes: &[Placed<'_>]) -> Markup {
        markup! {
            defs {
                (arrowhead("arrow"))
                (arrowhead("arrow-bad"))
            }
            (self.network())
            @for (index, peering) in self.topology.peerings.iter().enumerate() {
                (arrow(peering, self.sessions.get(index), homes))
            }
            @for home in homes { (home_box(home)) }
        }
    }

    fn network(&self) -> Markup {
        let network = &self.topology.network;
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
                @let bad = self.bad_nodes.contains(&&*name);
                @let class = if bad { "node bad" } else { "node" };
                @if authority {
                    rect class=(class) x=(short(at.x - 5.0)) y=(short(at.y - 5.0)) width="10" height="10" { title { (name) } }
                } @else {
                    circle class=(class) cx=(short(at.x)) cy=(short(at.y)) r="5" { title { (name) } }
                }
                @if bad { text class="bad" x=(short(at.x + 8.0)) y=(short(at.y + 4.0)) { "✗" } }
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
}

/// How far a drawing reaches from its middle.
fn half_size(homes: &[Placed<'_>]) -> Point {
    let reach =
        |edge: fn(&Placed<'_>) -> f64, least: f64| homes.iter().map(edge).fold(least, f64::max);
    Point {
        x: reach(|home| home.middle.x.abs() + home.width / 2.0, NETWORK.0) + 6.0,
        y: reach(
            |home| home.middle.y.abs() + home.height / 2.0,
            NETWORK.1 + 8.0,
        ) + 6.0,
    }
}

/// The part of the plane that is seen, with room around it and below.
fn view(half: Point, margin: f64, below: f64) -> String {
    let (x, y) = (half.x + margin, half.y + margin);
    format!("{:.0} {:.0} {:.0} {:.0}", -x, -y, x * 2.0, y * 2.0 + below)
}

/// Width of a home's box. The sign of a home that is marked takes room too.
fn width(id: &str, inside: &[&str]) -> f64 {
    let lines = inside.iter().map(|line| line.chars().count());
    let longest = lines
        .max()
        .unwrap_or(0)
        .max(id.chars().count().min(LONGEST));
    longest as f64 * CHARACTER + 36.0
}

fn arrowhead(id: &str) -> Markup {
    markup! {
        marker id=(id) class=(id) viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto" {
            path d="M0 0 L8 4 L0 8 Z" {}
        }
    }
}

fn home_box(placed: &Placed<'_>) -> Markup {
    let id = &placed.home.id;
    let name = if id.chars().count() > LONGEST {
        let start: String = id.chars().take(LONGEST - 1).collect();
        format!("{start}…")
    } else {
        id.clone()
    };
    let top = placed.middle.y - placed.height / 2.0;
    let strong = (!placed.inside.is_empty()).then_some("strong");
    markup! {
        g class=(if placed.bad { "home bad" } else { "home" }) {
            title { (id) ", " (placed.home.prefix) }
            rect x=(short(placed.middle.x - placed.width / 2.0)) y=(short(top))
                width=(short(placed.width)) height=(short(placed.height)) rx="6" {}
            text class=[strong] x=(short(placed.middle.x)) y=(short(top + BOX_HEIGHT / 2.0 + 4.5)) text-anchor="middle" {
                @if placed.bad { "✗ " }
                (name)
            }
            @for (index, line) in placed.inside.iter().enumerate() {
                text x=(short(placed.middle.x)) text-anchor="middle"
                    y=(short(top + BOX_HEIGHT / 2.0 + 4.5 + LINE * (index as f64 + 1.0))) { (line) }
            }
        }
    }
}

fn arrow(peering: &PeeringView, session: Option<&Session>, homes: &[Placed<'_>]) -> Markup {
    let find = |id: &str| homes.iter().find(|placed| placed.home.id == id);
    let (Some(from), Some(to)) = (find(&peering.from), find(&peering.to)) else {
        return markup! {};
    };
    let (a, b) = (from.middle, to.middle);
    let length = (b.x - a.x).hypot(b.y - a.y).max(1.0);
    let bow = if from.inside.is_empty() {
        BOW
    } else {
        FLAT_BOW
    };
    // Towards the middle, and to the left of the way, so that a pair's two arrows lie apart.
    let control = Point {
        x: (a.x + b.x) * 0.2 + (b.y - a.y) / length * bow,
        y: (a.y + b.y) * 0.2 - (b.x - a.x) / length * bow,
    };
    let start = edge(from, control);
    let end = edge(to, control);
    let bad = session.is_some_and(|session| session.bad);
    markup! {
        path class=(if bad { "peering bad" } else { "peering" })
            d={ "M" (short(start.x)) " " (short(start.y)) " Q" (short(control.x)) " " (short(control.y)) " " (short(end.x)) " " (short(end.y)) }
            marker-end=(if bad { "url(#arrow-bad)" } else { "url(#arrow)" }) {
            title {
                (peering.from) " dials " (peering.to)
                @if let Some(session) = session { ": " (session.text) }
            }
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
    let along = (placed.height / 2.0 + 4.0) / dy.abs().max(0.001);
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
