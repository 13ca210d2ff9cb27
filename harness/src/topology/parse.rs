//! TOML in, [`Topology`] or the list of all mistakes out.

use std::time::Duration;

use toml::de::DeTable;

use super::bound::{self, Bound};
use super::extra::{read_connector, read_many, read_mutant, read_paths, read_variant, read_wan};
use super::fault_catalogue::NamedFault;
use super::fault_file::read_faults;
use super::mistake::TopologyError;
use super::model::{
    Auth, Budget, ComposeService, Daemon, Deadlines, Home, Metric, Peering, Probe, Topology,
    Transport,
};
use super::network::{Network, NetworkKind};
use super::validate::{Whole, validate};
use crate::connectors::Kind;
use crate::onion::TldFamily;
use crate::suggest::did_you_mean;
use crate::toml_file::{Collector, Fields, Located, small, syntax};

/// What takes the place of what a topology says.
#[derive(Debug, Clone, Copy, Default)]
pub struct Choices<'c> {
    /// How many homes there are, for a topology with a `[many]` table.
    pub homes: Option<usize>,
    /// The connector of every home.
    pub connector: Option<Kind>,
    /// Faults of the catalogue that are added to the file's.
    pub faults: &'c [&'static NamedFault],
    /// Bounds that come before those of the file's budgets.
    pub bounds: &'c [Bound],
}

impl Topology {
    /// Reads a topology. `file` is only used in messages.
    ///
    /// # Errors
    ///
    /// [`TopologyError`], with every mistake that one pass can find.
    pub fn parse(file: &str, text: &str) -> Result<Self, TopologyError> {
        Self::parse_as(file, text, Choices::default())
    }

    /// Reads the name alone of a topology, which may have mistakes elsewhere. `file` is only used in
    /// messages.
    ///
    /// # Errors
    ///
    /// [`TopologyError`] when the text is no TOML, or has no name.
    pub fn name_in(file: &str, text: &str) -> Result<String, TopologyError> {
        let document = document(file, text)?;
        let mut collector = Collector::new(text);
        let mut fields = Fields::new(document.get_ref(), "", 0);
        let name = fields.string(&mut collector, "name", NAME_EXAMPLE);
        name.ok_or_else(|| TopologyError::Invalid {
            file: file.to_owned(),
            mistakes: collector.mistakes,
        })
    }

    /// Reads a topology, with some of what it says replaced.
    ///
    /// # Errors
    ///
    /// [`TopologyError`], also when a number of homes is given and the topology has no `[many]` table.
    pub fn parse_as(file: &str, text: &str, choices: Choices<'_>) -> Result<Self, TopologyError> {
        let document = document(file, text)?;
        let mut collector = Collector::new(text);
        if let Some(homes) = choices.homes
            && !document.get_ref().contains_key("many")
        {
            let file = file.to_owned();
            return Err(TopologyError::NotMany { file, homes });
        }
        let topology = read(document.get_ref(), &mut collector, choices);
        let mut mistakes = collector.mistakes;
        match topology {
            Some(topology) if mistakes.is_empty() => Ok(topology),
            _ => {
                mistakes.sort_by(|a, b| (a.line, &a.path).cmp(&(b.line, &b.path)));
                Err(TopologyError::Invalid {
                    file: file.to_owned(),
                    mistakes,
                })
            }
        }
    }
}

/// How a topology's name is written.
const NAME_EXAMPLE: &str = "\"my-topology\"";

fn document<'t>(file: &str, text: &'t str) -> Result<toml::Spanned<DeTable<'t>>, TopologyError> {
    DeTable::parse(text).map_err(|error| TopologyError::Syntax {
        file: file.to_owned(),
        message: syntax(text, &error),
    })
}

fn read(root: &DeTable<'_>, into: &mut Collector<'_>, choices: Choices<'_>) -> Option<Topology> {
    let mut fields = Fields::new(root, "", 0);
    let name = fields.string(into, "name", NAME_EXAMPLE);
    let description = fields.string(into, "description", "\"what this topology is for\"");
    let network = read_network(&mut fields, into);
    let named = read_connector(&mut fields, into);
    let connector = choices.connector.unwrap_or(named);
    let mut homes = read_homes(&mut fields, into);
    let mut peerings = read_peerings(&mut fields, into);
    read_many(&mut fields, into, choices.homes, &mut homes, &mut peerings);
    let paths = read_paths(&mut fields, into);
    let wan = read_wan(&mut fields, into);
    let mutant = read_mutant(&mut fields, into);
    let variant = read_variant(&mut fields, into);
    let probe = read_probe(&mut fields, into);
    let ids: Vec<&str> = homes.iter().map(|home| &*home.value.id).collect();
    let probed = probe.as_ref().map(|probe| probe.value.to.as_str());
    let faults = read_faults(&mut fields, into, &ids, probed, choices.faults);
    let deadlines = read_deadlines(&mut fields, into);
    let mut budgets = read_budgets(&mut fields, into);
    let located = |value| Located {
        fields: fields.clone(),
        value,
    };
    bound::put(
        choices.bounds,
        &mut budgets,
        |budget| &mut budget.value,
        located,
    );
    let whole = Whole {
        root: &fields,
        name: name.as_deref(),
        network: &network,
        connector,
        homes: &homes,
        peerings: &peerings,
        paths: &paths,
        probe: probe.as_ref(),
        wan: wan.as_ref(),
        mutant,
        faults: &faults,
        budgets: &budgets,
        deadlines: &deadlines,
    };
    validate(&whole, into);
    fields.finish(into);
    Some(Topology {
        name: name?,
        description: description?,
        network,
        connector,
        homes: homes.into_iter().map(|home| home.value).collect(),
        peerings: peerings.into_iter().map(|peering| peering.value).collect(),
        paths: paths.into_iter().map(|path| path.value).collect(),
        probe: probe?.value,
        deadlines,
        budgets: budgets.into_iter().map(|budget| budget.value).collect(),
        wan: wan.map(|wan| wan.value),
        faults: faults.into_iter().map(|fault| fault.value).collect(),
        soak: None,
        mutant,
        variant,
    })
}

/// How often authorities vote where nothing is said: so that one complete consensus is made for a run
/// and none is replaced in the middle of it.
const VOTING_INTERVAL: Duration = Duration::from_secs(30 * 60);
/// The shortest that a network was seen to keep up on two busy cores.
const MIN_VOTING_INTERVAL: Duration = Duration::from_secs(20);

impl Network {
    /// A private network as it is where a topology says nothing of it.
    #[must_use]
    pub fn private(family: TldFamily) -> Self {
        Self {
            kind: NetworkKind::Private,
            terms_agreed: false,
            family,
            authorities: 3,
            relays: 4,
            own: false,
            voting_interval: VOTING_INTERVAL,
        }
    }
}

impl Topology {
    /// The name of every topology that is a network alone.
    pub const NETWORK: &str = "network";

    /// A network and nothing else: no home, nobody who dials.
    #[must_use]
    pub fn of_network(network: Network) -> Self {
        Self {
            name: Self::NETWORK.to_owned(),
            description: "a private network that stands by".to_owned(),
            network,
            connector: Kind::default(),
            homes: Vec::new(),
            peerings: Vec::new(),
            paths: Vec::new(),
            probe: Probe {
                id: "probe".to_owned(),
                via: String::new(),
                to: String::new(),
                far: None,
                packets: 0,
                dials: 0,
            },
            deadlines: DEADLINES,
            budgets: Vec::new(),
            wan: None,
            faults: Vec::new(),
            soak: None,
            mutant: None,
            variant: None,
        }
    }
}

fn read_network(fields: &mut Fields<'_, '_>, into: &mut Collector<'_>) -> Network {
    let mut network = Network::private(TldFamily::Anon);
    let Some(mut table) = fields.table(into, "network") else {
        return network;
    };
    if let Some(family) = table.string(into, "family", "\"anon\"") {
        match family.parse() {
            Ok(family) => network.family = family,
            Err(_) => table.mistake(
                into,
                "family",
                format!("{family:?} is not a TLD family; use anon, anyone or onion"),
            ),
        }
    }
    network.kind = table.choice(
        into,
        "kind",
        NetworkKind::Private,
        &NetworkKind::ALL,
        NetworkKind::name,
    );
    if !network.has_own_nodes() {
        (network.authorities, network.relays) = (0, 0);
        let agreed = [true];
        network.terms_agreed = table.choice(into, "terms", false, &agreed, |_| "agreed");
        table.finish(into);
        return network;
    }
    network.authorities = small(table.integer(into, "authorities", 3, 3..=9));
    if network.authorities.is_multiple_of(2) {
        table.mistake(
            into,
            "authorities",
            "must be odd, so that a majority is clear",
        );
    }
    network.relays = small(table.integer(into, "relays", 4, 4..=16));
    network.own = table.choice(into, "fresh", false, &[true], |_| "always");
    let interval = table.duration(into, "voting_interval", Some(VOTING_INTERVAL));
    network.voting_interval = interval.unwrap_or(VOTING_INTERVAL);
    let seconds = network.voting_interval.as_secs();
    // The daemon wants whole seconds of which so many fill a day, and its delays in half of one.
    let bounds = MIN_VOTING_INTERVAL.as_secs()..=VOTING_INTERVAL.as_secs();
    if !bounds.contains(&seconds)
        || network.voting_interval.subsec_nanos() > 0
        || 86_400 % seconds > 0
    {
        table.mistake(
            into,
            "voting_interval",
            "must be a whole part of a day, from 20s to 30m; such as \"30s\"",
        );
    }
    table.finish(into);
    network
}

fn read_homes<'a, 'i>(
    fields: &mut Fields<'a, 'i>,
    into: &mut Collector<'_>,
) -> Vec<Located<'a, 'i, Home>> {
    let mut homes = Vec::new();
    for mut table in fields.tables(into, "home") {
        let id = table.string(into, "id", "\"home-a\"");
        let prefix = table.string(into, "prefix", "\"test.home-a\"");
        let daemon = table.choice(into, "daemon", Daemon::Sidecar, &Daemon::ALL, Daemon::name);
        let beside = table.optional(into, "beside");
        let compose = read_compose(&mut table, into);
        table.finish(into);
        homes.push(Located {
            fields: table,
            value: Home {
                id: id.unwrap_or_default(),
                prefix: prefix.unwrap_or_default(),
                daemon,
                beside,
                compose,
                deployment: None,
            },
        });
    }
    homes
}

/// A file without a service says too little, and a service without a file nothing.
fn read_compose(table: &mut Fields<'_, '_>, into: &mut Collector<'_>) -> Option<ComposeService> {
    if !table.has("compose") && !table.has("service") {
        return None;
    }
    let mut files = match table.has_list("compose") {
        true => table.strings(into, "compose"),
        false => {
            let one = table.string(into, "compose", "\"docker-compose.yml\"");
            one.into_iter().collect()
        }
    };
    if table.has_list("compose") && (files.is_empty() || files.iter().any(String::is_empty)) {
        table.mistake(
            into,
            "compose",
            "names no file; write \"docker-compose.yml\"",
        );
        return None;
    }
    let service = table.string(into, "service", "\"connector\"");
    let over = files.split_off(files.len().min(1));
    Some(ComposeService {
        file: files.pop()?,
        over,
        service: service?,
    })
}

fn read_peerings<'a, 'i>(
    fields: &mut Fields<'a, 'i>,
    into: &mut Collector<'_>,
) -> Vec<Located<'a, 'i, Peering>> {
    let mut peerings = Vec::new();
    for mut table in fields.tables(into, "peering") {
        let from = table.string(into, "from", "\"home-a\"");
        let to = table.string(into, "to", "\"home-b\"");
        // How a peer proves who it is is never left to a default.
        if !table.has("auth") {
            table.string(into, "auth", "\"secret\"");
        }
        let auth = table.choice(into, "auth", Auth::Secret, &Auth::ALL, Auth::name);
        let transport = table.choice(
            into,
            "transport",
            Transport::Onion,
            &Transport::ALL,
            Transport::name,
        );
        table.finish(into);
        peerings.push(Located {
            fields: table,
            value: Peering {
                from: from.unwrap_or_default(),
                to: to.unwrap_or_default(),
                auth,
                transport,
            },
        });
    }
    peerings
}

fn read_probe<'a, 'i>(
    fields: &mut Fields<'a, 'i>,
    into: &mut Collector<'_>,
) -> Option<Located<'a, 'i, Probe>> {
    let Some(mut table) = fields.table(into, "probe") else {
        if !fields.has("probe") {
            into.add(
                0,
                "probe",
                "is missing; add a [probe] table with id, via and to",
            );
        }
        return None;
    };
    let id = table.string(into, "id", "\"probe\"");
    let via = table.string(into, "via", "\"home-a\"");
    let to = table.string(into, "to", "\"home-b\"");
    let far = table.optional(into, "far");
    let packets = table.integer(into, "packets", 200, 50..=1_000_000);
    let dials = table.integer(into, "dials", 3, 3..=100);
    table.finish(into);
    Some(Located {
        fields: table,
        value: Probe {
            id: id.unwrap_or_default(),
            via: via.unwrap_or_default(),
            to: to.unwrap_or_default(),
            far,
            packets: u32::try_from(packets).unwrap_or(u32::MAX),
            dials: u32::try_from(dials).unwrap_or(u32::MAX),
        },
    })
}

/// Upstream's budgets for the same stages are the defaults: consensus and relays 90 s, publication
/// 120 s, peering over the onion network 90 s, delivery 30 s.
const DEADLINES: Deadlines = Deadlines {
    descriptors: Duration::from_secs(90),
    consensus: Duration::from_secs(60),
    publication: Duration::from_secs(120),
    peering: Duration::from_secs(90),
    delivery: Duration::from_secs(30),
};

fn read_deadlines(fields: &mut Fields<'_, '_>, into: &mut Collector<'_>) -> Deadlines {
    let mut deadlines = DEADLINES;
    let Some(mut table) = fields.table(into, "deadlines") else {
        return deadlines;
    };
    for (key, slot) in [
        ("descriptors", &mut deadlines.descriptors),
        ("consensus", &mut deadlines.consensus),
        ("publication", &mut deadlines.publication),
        ("peering", &mut deadlines.peering),
        ("delivery", &mut deadlines.delivery),
    ] {
        if let Some(value) = table.duration(into, key, Some(*slot)) {
            *slot = value;
        }
    }
    table.finish(into);
    deadlines
}

fn read_budgets<'a, 'i>(
    fields: &mut Fields<'a, 'i>,
    into: &mut Collector<'_>,
) -> Vec<Located<'a, 'i, Budget>> {
    if !fields.has("budget") {
        into.add(
            0,
            "budget",
            "is missing; add at least one [[budget]] with metric and at_most",
        );
    }
    let mut budgets = Vec::new();
    let mut seen: Vec<(Metric, f64, String)> = Vec::new();
    for mut table in fields.tables(into, "budget") {
        let name = table.string(into, "metric", "\"round-trip\"");
        let metric = name.as_deref().and_then(|name| {
            let found = Metric::ALL.into_iter().find(|metric| metric.name() == name);
            if found.is_none() {
                let known = Metric::ALL.map(Metric::name);
                let meant = did_you_mean(name, known);
                let known = known.join(", ");
                table.mistake(
                    into,
                    "metric",
                    format!("{name:?} is not a metric; use one of {known}{meant}"),
                );
            }
            found
        });
        let percentile = table.percentile(into, "percentile", 100.0);
        let at_most = table.duration(into, "at_most", None);
        let samples = table.integer(into, "samples", 1, 1..=1_000_000);
        table.finish(into);
        let Some(metric) = metric else { continue };
        // Reports name a budget's check by metric and percentile.
        if let Some((.., twin)) = seen
            .iter()
            .find(|(m, p, _)| *m == metric && *p == percentile)
        {
            into.add(
                table.offset_of("metric"),
                table.path_of("percentile"),
                format!("is that of {twin}, for the same metric; remove one"),
            );
        }
        seen.push((metric, percentile, table.path().to_owned()));
        if let Some(at_most) = at_most {
            budgets.push(Located {
                fields: table,
                value: Budget {
                    metric,
                    percentile,
                    at_most,
                    samples,
                },
            });
        }
    }
    budgets
}
