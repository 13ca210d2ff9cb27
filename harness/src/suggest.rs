//! What somebody may have meant by a name that nobody has.

/// How alike two names have to be, from 0 to 1: as much as the parser of the command line takes.
const ALIKE: f64 = 0.7;
/// The longest name that is compared, in bytes: no name of anything is longer.
const LONGEST: usize = 256;

/// `"; did you mean "NAME"?"` with the name that is most like the given one; nothing where none is.
#[must_use]
pub fn did_you_mean<'k>(given: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    nearest(given, known).map_or_else(String::new, |name| format!("; did you mean {name:?}?"))
}

fn nearest<'k>(given: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    if given.len() > LONGEST {
        return None;
    }
    let given = given.to_lowercase();
    let alike = known.into_iter().map(|name| {
        let same = strsim::jaro(&given, &name.to_lowercase());
        (name, same)
    });
    let alike = alike.filter(|(_, same)| *same > ALIKE);
    // Of names that are alike as much, the first: their order is the reader's.
    let best = alike.reduce(|best, other| if other.1 > best.1 { other } else { best });
    best.map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 4] = ["two-home-local", "three-hop", "many-homes", "colour"];

    #[test]
    fn a_name_that_was_mistyped_is_found() {
        for (given, meant) in [
            ("two-home-locl", "two-home-local"),
            ("twohomelocal", "two-home-local"),
            ("three-hops", "three-hop"),
            ("Color", "colour"),
        ] {
            assert_eq!(nearest(given, NAMES), Some(meant), "{given}");
        }
        let told = did_you_mean("tree-hop", NAMES);
        assert_eq!(told, "; did you mean \"three-hop\"?");
    }

    #[test]
    fn what_is_like_none_suggests_none() {
        for given in ["", "x", "zzzzzzzz", &"two-home-local".repeat(100)] {
            assert_eq!(did_you_mean(given, NAMES), "", "{given}");
        }
        assert_eq!(did_you_mean("any", []), "");
    }
}
