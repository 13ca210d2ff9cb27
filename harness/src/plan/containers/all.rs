//! Every container of a plan, once the images and the authorities' keys are there.

use super::specs::{Images, Specs};
use crate::onion::anonrc::AuthorityLine;
use crate::onion::authority::{AuthorityKeyError, AuthorityKeys};
use crate::plan::model::Plan;

impl Plan {
    /// Makes the keys of authority `index`. Takes some 0.3 s of processor time each.
    ///
    /// # Errors
    ///
    /// [`AuthorityKeyError`] when the RSA library refuses.
    pub fn authority_keys(&self, index: usize) -> Result<AuthorityKeys, AuthorityKeyError> {
        let seed = self.seed.derive(&format!("authority/{index}"));
        let certified = self.authorities.get(index).and_then(|node| node.certified);
        AuthorityKeys::generate(&seed, self.now, certified)
    }

    /// What every node of the run's own network is told of its authorities, given the keys of all in
    /// order.
    #[must_use]
    pub fn authority_lines(&self, keys: &[AuthorityKeys]) -> Vec<AuthorityLine> {
        self.authorities
            .iter()
            .zip(keys)
            .map(|(node, keys)| AuthorityLine {
                nickname: node.nickname.clone(),
                published: node.published,
                fingerprint: keys.fingerprint.clone(),
                v3_identity: keys.v3_identity.clone(),
            })
            .collect()
    }

    /// Every container, given the images and the keys of all authorities in order.
    #[must_use]
    pub fn containers(&self, images: &Images, keys: &[AuthorityKeys]) -> Specs {
        let mut lines = self.authority_lines(keys);
        lines.extend_from_slice(&self.joined);
        lines.extend(self.standing.iter().flat_map(|one| one.lines.clone()));
        // The nodes of a network that stands already have their containers.
        let (authorities, relays) = match self.standing {
            Some(_) => (&[][..], &[][..]),
            None => (&*self.authorities, &*self.relays),
        };
        Specs {
            authorities: authorities
                .iter()
                .zip(keys)
                .map(|(node, keys)| self.node(node, images, &lines, Some(keys)))
                .collect(),
            relays: relays
                .iter()
                .map(|node| self.node(node, images, &lines, None))
                .collect(),
            shaping: authorities
                .iter()
                .chain(relays)
                .filter_map(|node| self.shaping(node, images))
                .collect(),
            homes: self
                .homes
                .iter()
                .map(|home| self.home_containers(home, images, &lines))
                .collect(),
        }
    }
}
