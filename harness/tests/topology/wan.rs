//! Link shaping between the nodes.

use std::time::Duration;

use ator_harness::topology::{Access, Topology};

use super::{GOOD, extended};

fn wan(text: &str) -> Vec<String> {
    extended(&format!("[wan]\n{text}"))
}

#[test]
fn a_node_has_what_its_own_entry_says_and_the_rest_as_everybody() {
    let text = format!(
        "{GOOD}[wan]\nseed = 7\nlatency = \"38ms\"\njitter = \"6ms\"\nkilobytes_per_second = 5000\n\
         [[wan.node]]\nname = \"relay2\"\nlatency = \"120ms\"\n\
         [[wan.node]]\nname = \"da1\"\nkilobytes_per_second = 10\n"
    );
    let topology = Topology::parse("file.toml", &text).expect("parses");
    let wan = topology.wan.expect("links are shaped");
    assert_eq!(wan.seed, 7);
    let common = Access {
        latency: Duration::from_millis(38),
        jitter: Duration::from_millis(6),
        bandwidth: 5_000_000,
    };
    assert_eq!(wan.of("relay1"), common);
    let far = Access {
        latency: Duration::from_millis(120),
        ..common
    };
    assert_eq!(wan.of("relay2"), far);
    let narrow = Access {
        bandwidth: 10_000,
        ..common
    };
    assert_eq!(wan.of("da1"), narrow);
}

#[test]
fn without_a_table_no_link_is_shaped() {
    let topology = Topology::parse("file.toml", GOOD).expect("parses");
    assert_eq!(topology.wan, None);
    let text = format!("{GOOD}[wan]\nlatency = \"20ms\"\n");
    let topology = Topology::parse("file.toml", &text).expect("parses");
    let wan = topology.wan.expect("links are shaped");
    let access = wan.of("relay1");
    assert_eq!((wan.seed, access.jitter), (1, Duration::ZERO));
    assert_eq!(access.bandwidth, 12_500_000);
}

#[test]
fn mistakes_have_a_line_and_a_path() {
    for (text, expected) in [
        (
            "seed = 1\n",
            "line 25: wan.latency is missing; add latency = \"250ms\"",
        ),
        (
            "latency = \"20\"\n",
            "line 26: wan.latency \"20\" has no unit; write \"20ms\", \"20s\", \"20m\" or \"20h\"",
        ),
        (
            "latency = \"20ms\"\njitter = \"21ms\"\n",
            "line 27: wan.jitter is longer than the latency, so that bytes would arrive before they are sent",
        ),
        (
            "latency = \"20ms\"\nkilobytes_per_second = 9\n",
            "line 27: wan.kilobytes_per_second expected a whole number from 10 to 10000000",
        ),
        (
            "latency = \"20ms\"\ncolour = 1\n",
            "line 27: wan.colour is not a key here; known keys are jitter, kilobytes_per_second, latency, node, seed",
        ),
        (
            "latency = \"20ms\"\n[[wan.node]]\nlatency = \"1s\"\n",
            "line 27: wan.node[0].name is missing; add name = \"relay1\"",
        ),
        (
            "latency = \"20ms\"\njitter = \"9ms\"\n[[wan.node]]\nname = \"relay1\"\nlatency = \"8ms\"\n",
            "line 28: wan.node[0].jitter is longer than the latency, so that bytes would arrive before they are sent",
        ),
        (
            "latency = \"20ms\"\n[[wan.node]]\nname = \"relay1\"\ncolour = 1\n",
            "line 29: wan.node[0].colour is not a key here; known keys are jitter, kilobytes_per_second, latency, name",
        ),
        (
            "latency = \"20ms\"\n[[wan.node]]\nname = \"relay5\"\n",
            "line 27: wan.node \"relay5\" is no node of this network; use one of da1, da2, da3, relay1, relay2, relay3, relay4",
        ),
        (
            "latency = \"20ms\"\n[[wan.node]]\nname = \"relay1\"\n[[wan.node]]\nname = \"relay1\"\n",
            "line 27: wan.node \"relay1\" is there twice; remove one",
        ),
    ] {
        assert_eq!(wan(text), [expected]);
    }
}
