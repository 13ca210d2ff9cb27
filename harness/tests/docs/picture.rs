//! `docs/two-home-local.svg`, which README.md shows.

use ator_harness::report::topology_svg;

use crate::support::{assert_generated, plan, topology};

const PICTURE: &str = "docs/two-home-local.svg";

#[test]
fn is_generated() {
    let fresh = topology_svg(&plan(&topology("two-home-local"))) + "\n";
    assert_generated(PICTURE, &fresh, |one, other| one == other);
}

#[test]
fn every_topology_can_be_drawn_without_a_word_about_where_it_is() {
    for name in crate::topologies::names() {
        let plan = plan(&topology(&name));
        let svg = topology_svg(&plan);
        assert_eq!(
            svg.matches("<g class=\"home\">").count(),
            plan.homes.len(),
            "{name}"
        );
        assert_eq!(
            svg.matches("class=\"peering\"").count(),
            plan.peerings.len(),
            "{name}"
        );
        let boxes = boxes(&svg);
        for (index, a) in boxes.iter().enumerate() {
            for b in &boxes[index + 1..] {
                let apart = a.x + a.width <= b.x
                    || b.x + b.width <= a.x
                    || a.y + a.height <= b.y
                    || b.y + b.height <= a.y;
                assert!(apart, "{name}: {a:?} and {b:?}");
            }
        }
        for home in &plan.homes {
            if let Some(onion) = home.onion() {
                assert!(!svg.contains(onion.address.expose()), "{name}");
            }
            assert!(!svg.contains(&home.address.to_string()), "{name}");
        }
        // One file, for light pages and dark ones.
        assert_eq!(svg.matches("http").count(), 1, "{name}: the namespace");
        assert!(svg.contains("prefers-color-scheme: dark"), "{name}");
        assert!(svg.contains("class=\"ground\""), "{name}");
    }
}

#[derive(Debug)]
struct Box {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

/// The boxes of the homes.
fn boxes(svg: &str) -> Vec<Box> {
    let homes = svg.split("<g class=\"home\">").skip(1);
    homes
        .map(|home| {
            let rect = home.split("<rect").nth(1).expect("a box");
            let number = |name: &str| {
                let value = rect.split(&format!(" {name}=\"")).nth(1).expect(name);
                let value = value.split('"').next().expect("its end");
                value.parse().expect("a number")
            };
            Box {
                x: number("x"),
                y: number("y"),
                width: number("width"),
                height: number("height"),
            }
        })
        .collect()
}
