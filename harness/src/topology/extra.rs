//! The parts of a topology that few topologies have: many homes alike, paths, link shaping, another
//! connector, mutants.

use std::time::Duration;

use super::model::{Auth, Daemon, Home, Path, Peering, Transport};
use super::wan::{Access, Wan};
use crate::connectors::Kind;
use crate::mutants::{MUTANTS, MutantSpec, VARIANTS, VariantSpec};
use crate::toml_file::{Collector, Fields, Located, small};

/// How many homes a `[many]` table may make.
const MANY: std::ops::RangeInclusive<usize> = 2..=32;

/// Reads `[many]`: homes that are all alike, each of which dials the next, and the last the first.
/// `size` replaces the number in the file.
pub(super) fn read_many<'a, 'i>(
    fields: &mut Fields<'a, 'i>,
    into: &mut Collector<'_>,
    size: Option<usize>,
    homes: &mut Vec<Located<'a, 'i, Home>>,
    peerings: &mut Vec<Located<'a, 'i, Peering>>,
) {
    let Some(mut table) = fields.table(into, "many") else {
        return;
    };
    let written = small(table.integer(into, "homes", 8, 2..=32));
    let id = table.string(into, "id", "\"home\"");
    let prefix = table.string(into, "prefix", "\"test.home\"");
    let auth = table.choice(into, "auth", Auth::Secret, &Auth::ALL, Auth::name);
    table.finish(into);
    // What is missing stays empty, and is reported once.
    let numbered = |text: &Option<String>, number: usize| match text {
        Some(text) => format!("{text}-{number}"),
        None => String::new(),
    };
    let mut count = size.unwrap_or(written);
    if !MANY.contains(&count) {
        table.mistake(
            into,
            "homes",
            format!("expected 2 to 32 homes, {count} were asked for"),
        );
        // So that nothing else seems to be missing.
        count = written;
    }
    for number in 1..=count {
        homes.push(Located {
            fields: table.clone(),
            value: Home {
                id: numbered(&id, number),
                prefix: numbered(&prefix, number),
                daemon: Daemon::Sidecar,
                beside: None,
                compose: None,
                deployment: None,
            },
        });
        peerings.push(Located {
            fields: table.clone(),
            value: Peering {
                from: numbered(&id, number),
                to: numbered(&id, number % count + 1),
                auth,
                transport: Transport::Onion,
            },
        });
    }
}

/// Reads every `[[path]]`.
pub(super) fn read_paths<'a, 'i>(
    fields: &mut Fields<'a, 'i>,
    into: &mut Collector<'_>,
) -> Vec<Located<'a, 'i, Path>> {
    let mut paths = Vec::new();
    for mut table in fields.tables(into, "path") {
        let from = table.string(into, "from", "\"home-a\"");
        let to = table.string(into, "to", "\"home-d\"");
        table.finish(into);
        paths.push(Located {
            fields: table,
            value: Path {
                from: from.unwrap_or_default(),
                to: to.unwrap_or_default(),
            },
        });
    }
    paths
}

/// Reads `[wan]`, with a `[[wan.node]]` for every node that differs.
pub(super) fn read_wan<'a, 'i>(
    fields: &mut Fields<'a, 'i>,
    into: &mut Collector<'_>,
) -> Option<Located<'a, 'i, Wan>> {
    let mut table = fields.table(into, "wan")?;
    let seed = table.integer(into, "seed", 1, 0..=u64::from(u32::MAX));
    let common = Access {
        latency: Duration::from_millis(1),
        jitter: Duration::ZERO,
        bandwidth: 0,
    };
    let access = read_access(&mut table, into, None).unwrap_or(common);
    let mut nodes = Vec::new();
    for mut node in table.tables(into, "node") {
        let name = node.string(into, "name", "\"relay1\"");
        let of_node = read_access(&mut node, into, Some(access));
        node.finish(into);
        if let (Some(name), Some(access)) = (name, of_node) {
            nodes.push((name, access));
        }
    }
    table.finish(into);
    Some(Located {
        fields: table,
        value: Wan {
            seed,
            access,
            nodes,
        },
    })
}

/// Latency, jitter and bandwidth of one table; what is missing is as in `like`.
fn read_access(
    table: &mut Fields<'_, '_>,
    into: &mut Collector<'_>,
    like: Option<Access>,
) -> Option<Access> {
    let latency = table.duration(into, "latency", like.map(|access| access.latency));
    let jitter = table
        .has("jitter")
        .then(|| table.duration(into, "jitter", None))
        .flatten();
    // The key is known also where it is absent.
    let jitter = match jitter {
        Some(jitter) => jitter,
        None => {
            table.know("jitter");
            like.map_or(Duration::ZERO, |access| access.jitter)
        }
    };
    let written = like.map_or(12_500, |access| access.bandwidth / 1000);
    let bandwidth = table.integer(into, "kilobytes_per_second", written, 10..=10_000_000) * 1000;
    let latency = latency?;
    if jitter > latency {
        table.mistake(
            into,
            "jitter",
            "is longer than the latency, so that bytes would arrive before they are sent",
        );
    }
    Some(Access {
        latency,
        jitter,
        bandwidth,
    })
}

/// Reads `connector`.
pub(super) fn read_connector(fields: &mut Fields<'_, '_>, into: &mut Collector<'_>) -> Kind {
    let all: Vec<Kind> = Kind::all().collect();
    fields.choice(into, "connector", Kind::default(), &all, |kind| kind.name())
}

/// Reads `variant`.
pub(super) fn read_variant(
    fields: &mut Fields<'_, '_>,
    into: &mut Collector<'_>,
) -> Option<&'static VariantSpec> {
    let all: Vec<_> = VARIANTS.iter().map(Some).collect();
    fields.choice(into, "variant", None, &all, |variant| {
        variant.map_or("", |variant| variant.name)
    })
}

/// Reads `mutant`.
pub(super) fn read_mutant(
    fields: &mut Fields<'_, '_>,
    into: &mut Collector<'_>,
) -> Option<&'static MutantSpec> {
    let all: Vec<_> = MUTANTS.iter().map(Some).collect();
    fields.choice(into, "mutant", None, &all, |mutant| {
        mutant.map_or("", |mutant| mutant.name)
    })
}
