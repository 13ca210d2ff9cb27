//! How a connector is set up, where rows ask for more than one way.

use crate::conformance::{Need, Row};
use crate::connectors::{Configuration, Connector, secret_variable};
use crate::secret::Secret;

/// One way to set a connector up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Setup {
    /// Whether peers may come in without a secret.
    pub(super) admits_without_secret: bool,
    /// Variables that are set, or made sure to be unset.
    env: &'static [(&'static str, Option<&'static str>)],
}

/// Rows with the setup that they need, in the order of the table; those that need nothing of their own first.
pub(super) struct Group {
    pub(super) setup: Setup,
    pub(super) rows: Vec<Row>,
}

impl Setup {
    /// Whether rows had it made for them alone.
    pub(super) fn is_own(self) -> bool {
        !self.env.is_empty()
    }

    /// An environment with this one's changes.
    pub(super) fn environment(
        self,
        mut environment: Vec<(String, Secret)>,
    ) -> Vec<(String, Secret)> {
        for (name, value) in self.env {
            environment.retain(|(known, _)| known != name);
            environment.extend(value.map(|value| ((*name).to_owned(), Secret::new(value))));
        }
        environment
    }
}

/// What can be set up of a connector, as its configuration with and without it shows.
pub(super) struct Means {
    /// Whether it can be told to let peers in without a secret.
    admission: bool,
    /// Whether it looks for secrets, and for who comes in without, in the variables of the contract.
    variables: bool,
}

impl Means {
    /// `refusing` and `admitting` are its configuration where peers without a secret may not come in, and where
    /// they may.
    pub(super) fn of(
        connector: &dyn Connector,
        refusing: &Configuration,
        admitting: &Configuration,
    ) -> Self {
        let of_contract = Some(secret_variable!("CO_CLIENT").to_owned());
        let mut variables = refusing.environment.iter();
        Self {
            admission: refusing != admitting,
            variables: connector.secret_variable("co-client") == of_contract
                && variables.any(|(name, _)| name == "BTP_ALLOW_NOAUTH"),
        }
    }

    /// The setup that a row needs; the plain one also where there are no means for its own.
    fn setup(&self, need: Need) -> Setup {
        match need {
            Need::NoAuth(true) | Need::BestWithNoAuth if self.admission => Setup {
                admits_without_secret: true,
                ..Setup::default()
            },
            Need::Setup(setup) if self.variables && setup.peers.is_empty() && !setup.dials_us => {
                Setup {
                    admits_without_secret: false,
                    env: setup.env,
                }
            }
            _ => Setup::default(),
        }
    }

    /// The rows by the setup that each needs.
    pub(super) fn groups(&self, rows: Vec<Row>) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for row in rows {
            let setup = self.setup(row.need);
            match groups.iter_mut().find(|group| group.setup == setup) {
                Some(group) => group.rows.push(row),
                None => groups.push(Group {
                    setup,
                    rows: vec![row],
                }),
            }
        }
        groups.sort_by_key(|group| group.setup != Setup::default());
        groups
    }
}
