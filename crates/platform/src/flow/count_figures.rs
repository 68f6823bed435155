//! The figures of the node that its home page shows.

use vocab::AgreementState;

use crate::{App, Error};

/// The figures of the node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Resources that everybody sees.
    pub resources: u64,
    /// Organisations.
    pub orgs: u64,
    /// Agreements in force.
    pub agreements: u64,
}

/// Counts the figures of the node.
///
/// # Errors
/// When the database fails.
pub async fn count_figures(app: &App) -> Result<Figures, Error> {
    let tx = app.read().await?;
    let visible = catalog::State::ALL
        .iter()
        .copied()
        .filter(|it| it.is_visible())
        .collect();
    let filter = catalog::store::Filter {
        states: visible,
        ..Default::default()
    };
    let agreements = sharing::store::count_agreements(&tx).await?;
    Ok(Figures {
        resources: catalog::store::count(&tx, &filter).await?,
        orgs: catalog::store::orgs(&tx).await?.len() as u64,
        agreements: agreements
            .iter()
            .filter(|(state, _)| *state == AgreementState::Active)
            .map(|(_, many)| many)
            .sum(),
    })
}
