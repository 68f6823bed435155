//! Which folders file sources and file deliveries may use, and whose they are.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use platform::vocab::codes::CreditCode;
use serde::Deserialize;

/// Which folders file sources and file deliveries may use.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Files {
    /// Folders of every organisation.
    pub(crate) roots: Vec<PathBuf>,
    /// Folders of one organisation alone, by its unified social credit code.
    pub(crate) private: BTreeMap<String, Vec<PathBuf>>,
}

impl Files {
    /// Relative paths are meant from the configuration file's folder.
    pub(super) fn beside(&mut self, folder: &Path) {
        for root in self.roots.iter_mut().chain(self.private.values_mut().flatten()) {
            *root = folder.join(&root);
        }
    }

    /// What cannot work, with what to do.
    pub(super) fn faults(&self, data_dir: &Path) -> Vec<String> {
        let mut faults = Vec::new();
        for (code, folders) in &self.private {
            if code.parse::<CreditCode>().is_err() || folders.is_empty() {
                faults.push(format!(
                    "files.private: `{code}` must be a unified social credit code with at least one folder"
                ));
            }
        }
        for root in self.roots.iter().chain(self.private.values().flatten()) {
            if root.starts_with(data_dir) {
                faults.push(format!(
                    "files: {} lies in data_dir, which is the node's alone; choose a folder beside it",
                    root.display()
                ));
            }
        }
        faults
    }
}
