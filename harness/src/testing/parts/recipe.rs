//! What the images of single parts are built of.

use testcontainers::core::{BuildContextBuilder, CopyToContainerCollection};

use crate::engine::ImageContent;
use crate::ingredients::IngredientError;
use crate::testing::builder::not_had;
use crate::testing::checkout::checkout;
use crate::testing::error::TestError;

/// What an image is built of: its name and tag, and the root file system.
#[derive(Clone)]
pub(super) struct Recipe {
    pub(super) name: String,
    pub(super) tag: String,
    dockerfile: String,
    root: Vec<u8>,
}

/// Without its megabytes.
impl std::fmt::Debug for Recipe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{} ({} bytes)", self.name, self.tag, self.root.len())
    }
}

impl Recipe {
    /// The recipe of what is at hand.
    pub(super) fn new(
        find: fn(Option<&std::path::Path>) -> Result<ImageContent, IngredientError>,
    ) -> Result<Self, TestError> {
        let checkout = checkout(None);
        let checkout = checkout.as_deref();
        let content = find(checkout).map_err(|error| not_had(error, checkout))?;
        let (tag, root) = content.packed()?;
        Ok(Self {
            dockerfile: content.dockerfile(),
            name: content.repository,
            tag,
            root,
        })
    }

    pub(super) fn context(&self) -> CopyToContainerCollection {
        BuildContextBuilder::default()
            .with_dockerfile_string(self.dockerfile.clone())
            .with_data(self.root.clone(), "./root.tar")
            .collect()
    }

    pub(super) fn descriptor(&self) -> String {
        format!("{}:{}", self.name, self.tag)
    }
}

/// Has a part be made on an engine of its recipe.
macro_rules! made_of_recipe {
    ($part:ty) => {
        impl BuildableImage for $part {
            type Built = Self;

            fn build_context(&self) -> CopyToContainerCollection {
                self.recipe.context()
            }

            fn descriptor(&self) -> String {
                self.recipe.descriptor()
            }

            fn into_image(self) -> Self {
                self
            }
        }
    };
}
pub(super) use made_of_recipe;
