//! Reading `[[fault]]`, and adding faults of the catalogue.

use std::time::Duration;

use super::fault::{Fault, FaultKind, FaultNodes, FaultTarget, Lasts};
use super::fault_catalogue::NamedFault;
use crate::suggest::did_you_mean;
use crate::toml_file::{Collector, Fields, Located};

/// How long anything about a fault may take: a run is given up after half an hour.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// How much longer a packet may take: twice as long as the packets live that flow meanwhile.
const SLOWEST: Duration = Duration::from_secs(10);
/// How long recovery may take where nothing is said.
const RECOVERS: Duration = Duration::from_secs(60);

/// Reads every `[[fault]]`, and puts those of the catalogue that are `added` behind them. `probed` is the home that the
/// probe dials, to which these are done.
pub(super) fn read_faults<'a, 'i>(
    fields: &mut Fields<'a, 'i>,
    into: &mut Collector<'_>,
    homes: &[&str],
    probed: Option<&str>,
    added: &[&'static NamedFault],
) -> Vec<Located<'a, 'i, Fault>> {
    let mut faults = Vec::new();
    let homes = Homes {
        // One that is there, as an example.
        one: probed
            .filter(|id| homes.contains(id))
            .or(homes.first().copied())
            .unwrap_or("home-b"),
        all: homes,
    };
    for mut table in fields.tables(into, "fault") {
        if let Some(value) = read_fault(&mut table, into, &homes) {
            faults.push(Located {
                fields: table,
                value,
            });
        }
    }
    let added = added.iter().filter_map(|named| {
        Some(Located {
            fields: fields.of_option(format!("--fault {}", named.name)),
            value: named.of_home(probed?),
        })
    });
    faults.extend(added);
    faults
}

/// The homes of a file.
struct Homes<'h> {
    all: &'h [&'h str],
    one: &'h str,
}

impl Homes<'_> {
    /// What a fault can be done to, with a home that is there.
    fn example(&self, what: FaultKind) -> String {
        what.example().replace("home-b", self.one)
    }
}

/// Everything by a name that a fault can be done to, but nodes by their nicknames.
pub(super) fn targets(homes: &[&str]) -> Vec<String> {
    let named = FaultNodes::NAMES.into_iter();
    let named = named.map(|(name, _)| name.to_owned());
    let of_home = |home: &&str| {
        let parts = FaultTarget::PARTS.map(|part| format!("{home}/{part}"));
        std::iter::once((*home).to_owned()).chain(parts)
    };
    named
        .chain(["links".to_owned()])
        .chain(homes.iter().flat_map(of_home))
        .collect()
}

fn read_fault(
    table: &mut Fields<'_, '_>,
    into: &mut Collector<'_>,
    homes: &Homes<'_>,
) -> Option<Fault> {
    if !table.has("what") {
        table.string(into, "what", "\"cut\"");
    }
    let kinds = FaultKind::ALL;
    let what = table.choice(into, "what", FaultKind::Kill, &kinds, FaultKind::name);
    let target = table.string(into, "on", &format!("\"{}\"", homes.example(what)));
    let after = bounded(table, into, "after", Some(Fault::AFTER)).unwrap_or(Fault::AFTER);
    let lasts = read_lasts(table, into, what);
    let percent = read_percent(table, into, what);
    let by = read_by(table, into, what, target.as_deref());
    let recovers = match table.has("recovers_within") {
        true => bounded(table, into, "recovers_within", None),
        false => {
            table.know("recovers_within");
            None
        }
    };
    let loses_at_most = match table.has("loses_at_most") {
        true => Some(table.integer(into, "loses_at_most", 0, 0..=1_000_000)),
        false => {
            table.know("loses_at_most");
            None
        }
    };
    table.finish(into);
    let text = target.as_deref()?;
    let read = |text: &str| FaultTarget::read(text, |id| homes.all.contains(&id));
    // What is no home may be a nickname, where nodes are what it is done to.
    let takes_nodes = what.takes(&FaultTarget::Nodes(FaultNodes::Relays));
    let is_name = |on: &FaultTarget| matches!(on, FaultTarget::Nodes(FaultNodes::Named(_)));
    let Some(on) = read(text).filter(|on| takes_nodes || !is_name(on)) else {
        let mut known = targets(homes.all);
        known.retain(|known| read(known).is_some_and(|on| what.takes(&on)));
        let message = format!(
            "{text:?} is nothing that something could be done to; for {} it is {}{}",
            what.name(),
            homes.example(what),
            did_you_mean(text, known.iter().map(String::as_str))
        );
        table.mistake(into, "on", message);
        return None;
    };
    if !what.takes(&on) {
        let message = format!(
            "{text:?} is not for {}, which is done to {}",
            what.name(),
            homes.example(what)
        );
        table.mistake(into, "on", message);
        return None;
    }
    let mut fault = Fault {
        what,
        on,
        percent,
        by,
        after,
        lasts,
        recovers_within: recovers,
        loses_at_most,
    };
    match (fault.takes_a_home_away(), recovers) {
        (true, Some(_)) => table.mistake(
            into,
            "recovers_within",
            format!("is given, and after \"{fault}\" that home is not reached again; remove it"),
        ),
        (false, None) => fault.recovers_within = Some(RECOVERS),
        _ => {}
    }
    Some(fault)
}

/// How much is lost, which has to be said where something is.
fn read_percent(table: &mut Fields<'_, '_>, into: &mut Collector<'_>, what: FaultKind) -> u8 {
    let loses = what == FaultKind::Lose;
    if !loses {
        if table.has("percent") {
            let message = format!("is given, and {} loses no share; remove it", what.name());
            table.mistake(into, "percent", message);
        }
        table.know("percent");
        return 0;
    }
    if !table.has("percent") {
        table.know("percent");
        table.mistake(into, "percent", "is missing; add percent = 10");
        return 1;
    }
    u8::try_from(table.integer(into, "percent", 1, 1..=100)).unwrap_or(1)
}

/// How much longer a home's packets take, which has to be said where they do.
fn read_by(
    table: &mut Fields<'_, '_>,
    into: &mut Collector<'_>,
    what: FaultKind,
    on: Option<&str>,
) -> Option<Duration> {
    table.know("by");
    let is_given = table.has("by");
    let links = FaultTarget::Links.to_string();
    if what != FaultKind::Slow || on == Some(&*links) {
        if is_given {
            let why = match what {
                FaultKind::Slow => "links are as long as [wan] says".to_owned(),
                _ => format!("{} has no packet take longer", what.name()),
            };
            table.mistake(into, "by", format!("is given, and {why}; remove it"));
        }
        return None;
    }
    if !is_given {
        // Whom it is done to is asked for first.
        if on.is_some() {
            table.mistake(into, "by", "is missing; add by = \"300ms\"");
        }
        return None;
    }
    let by = table.duration(into, "by", None);
    if by.is_some_and(|by| by > SLOWEST) {
        table.mistake(
            into,
            "by",
            "is longer than 10 s, and the packets that flow meanwhile live for 5 s",
        );
    }
    by
}

fn read_lasts(
    table: &mut Fields<'_, '_>,
    into: &mut Collector<'_>,
    what: FaultKind,
) -> Option<Duration> {
    match (table.has("lasts"), what.lasts()) {
        (false, Lasts::Never | Lasts::Sometimes) => {
            table.know("lasts");
            None
        }
        (true, Lasts::Never) => {
            table.know("lasts");
            let message = format!("is given, and {} is over at once; remove it", what.name());
            table.mistake(into, "lasts", message);
            None
        }
        (_, Lasts::Always | Lasts::Sometimes) => bounded(table, into, "lasts", None),
    }
}

/// A time that a run can wait for.
fn bounded(
    table: &mut Fields<'_, '_>,
    into: &mut Collector<'_>,
    key: &'static str,
    default: Option<Duration>,
) -> Option<Duration> {
    let time = table.duration(into, key, default);
    if time.is_some_and(|time| time > LONGEST) {
        let message = "is longer than 15 minutes; a run is given up after half an hour";
        table.mistake(into, key, message);
    }
    time
}
