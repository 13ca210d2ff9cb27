//! The faults of a soak, drawn from its seed.

use std::ops::RangeInclusive;
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use super::fault::{Fault, FaultKind, Lasts};
use super::model::{Daemon, Topology};
use super::soak::Soak;

/// How long packets flow undisturbed before a fault, in seconds.
const PAUSES: RangeInclusive<u64> = 10..=90;
/// How long a program is gone that would else stay so, in seconds.
const AWAY: RangeInclusive<u64> = 5..=30;

/// The faults, without an end: equal seeds give equal ones. Each is over after a time: what would stay dead is
/// started again.
pub fn draws<'t>(topology: &'t Topology, soak: &'t Soak) -> impl Iterator<Item = Fault> + use<'t> {
    let mut rng = ChaCha8Rng::seed_from_u64(soak.seed.unwrap_or_default());
    let homes: Vec<&str> = topology
        .homes
        .iter()
        .filter(|home| home.daemon == Daemon::Sidecar)
        .map(|home| home.id.as_str())
        .collect();
    let probed = topology.probe.to.as_str();
    std::iter::repeat_with(move || {
        soak.seed?;
        let named = pick(&mut rng, &soak.pool)?;
        // Every draw takes the same numbers, whatever it comes to.
        let home = pick(&mut rng, &homes).copied().unwrap_or(probed);
        let pause = among(&mut rng, &PAUSES);
        let away = among(&mut rng, &AWAY);
        let home = match named.what {
            FaultKind::SecondSession if topology.comes_again_to(home).is_none() => probed,
            _ => home,
        };
        let mut fault = named.of_home(home);
        fault.after = pause;
        if fault.lasts.is_none() && fault.what.lasts() == Lasts::Sometimes {
            fault.lasts = Some(away);
        }
        Some(fault)
    })
    .map_while(|fault| fault)
}

fn number(rng: &mut ChaCha8Rng, below: u64) -> u64 {
    // Uneven by less than a billionth for the few that are drawn from.
    rng.next_u64() % below.max(1)
}

fn pick<'a, T>(rng: &mut ChaCha8Rng, from: &'a [T]) -> Option<&'a T> {
    let count = u64::try_from(from.len()).unwrap_or(u64::MAX);
    let drawn = number(rng, count);
    from.get(usize::try_from(drawn).unwrap_or(usize::MAX))
}

fn among(rng: &mut ChaCha8Rng, seconds: &RangeInclusive<u64>) -> Duration {
    let (least, most) = (*seconds.start(), *seconds.end());
    Duration::from_secs(least + number(rng, most - least + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::FAULTS;

    fn topology() -> Topology {
        let file = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../fixtures/topologies/two-home-local.toml"
        );
        let text = std::fs::read_to_string(file).expect("is there");
        Topology::parse(file, &text).expect("parses")
    }

    fn soak(seed: Option<u64>) -> Soak {
        let pool = FAULTS.iter().filter(|one| one.recovers_within_s.is_some());
        Soak {
            lasts: Duration::from_secs(60),
            seed,
            pool: pool.collect(),
        }
    }

    #[test]
    fn equal_seeds_give_equal_faults_and_others_others() {
        let topology = topology();
        let first = |seed| -> Vec<Fault> {
            let soak = soak(Some(seed));
            draws(&topology, &soak).take(50).collect()
        };
        assert_eq!(first(7), first(7));
        assert_ne!(first(7), first(8));
        assert_eq!(first(7).len(), 50);
    }

    #[test]
    fn each_is_over_after_a_time_and_comes_back() {
        let topology = topology();
        let soak = soak(Some(1));
        let mut homes = std::collections::BTreeSet::new();
        for fault in draws(&topology, &soak).take(200) {
            assert!(!fault.stays(), "{fault}");
            assert!(fault.recovers_within.is_some(), "{fault}");
            assert!(fault.after >= Duration::from_secs(10), "{fault}");
            homes.extend(fault.on.home().map(str::to_owned));
        }
        assert_eq!(homes.len(), 2, "{homes:?}");
    }

    #[test]
    fn without_a_seed_there_is_none() {
        assert_eq!(draws(&topology(), &soak(None)).count(), 0);
        assert!(!soak(None).breaks_nodes());
        assert!(soak(Some(1)).breaks_nodes());
    }
}
