//! Why a machine says no. Nothing has changed then.

use vocab::deadline::DeadlineError;

vocab::list! {
    /// Something an application must have and has not (Order 809 Art. 20).
    Lack: "lack" {
        /// 使用依据.
        Basis = "basis", "使用依据", "Legal or duty basis";
        /// 使用场景.
        Scenario = "scenario", "使用场景", "Scenario";
        /// 使用范围: at least one item, each once.
        Items = "items", "使用范围（信息项）", "Scope: items";
        /// 共享方式.
        Modes = "modes", "共享方式", "Sharing mode";
        /// 使用时限: a beginning before its end, the end not past.
        Period = "period", "使用时限", "Period of use";
        /// A daily quota of at least one.
        Quota = "quota", "每日调用次数", "Daily quota";
        /// 真实性、合法性、必要性承诺.
        Warrant = "warrant", "真实性、合法性、必要性承诺", "Warrant of truth, legality and necessity";
    }
}

/// Why an event is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Nothing of this kind can happen in this state.
    #[error("{event} cannot happen: the {thing} is {state}")]
    NotNow {
        /// `request`, `agreement`, ….
        thing: &'static str,
        /// The state's code.
        state: &'static str,
        /// The event's code.
        event: &'static str,
    },
    /// Parts are missing; all of them are told at once.
    #[error("the application lacks {}", codes(.0))]
    Incomplete(Vec<Lack>),
    /// Whoever applied neither checks nor decides.
    #[error("the applicant neither checks nor decides the own request")]
    OwnRequest,
    /// The law allows one whole request for a supplement.
    #[error("a supplement was asked before; the law allows to ask once, for everything")]
    AskedBefore,
    /// A list of what is missing was empty.
    #[error("name everything that is missing")]
    NothingNamed,
    /// Reasons are duty.
    #[error("reasons must be given")]
    NoReasons,
    /// 不予共享 without the law.
    #[error("a refusal as not shareable must name the law, regulation or State Council decision")]
    NoLaw,
    /// The resource is 不予共享 and cannot be granted.
    #[error("the resource is catalogued as not shareable and cannot be granted")]
    Withheld,
    /// Terms reach beyond what was asked.
    #[error("the terms are wider than asked: {}", .0.join(", "))]
    Wider(Vec<String>),
    /// The limit cannot be extended, or not by so much.
    #[error("clock {clock} can be extended by {most} working days at most")]
    TooLong {
        /// Which limit.
        clock: &'static str,
        /// By how much at most.
        most: u32,
    },
    /// A wish for more time waits for its answer.
    #[error("an extension was asked already and is not answered yet")]
    ExtensionOpen,
    /// The limit was extended before.
    #[error("the limit was extended before")]
    ExtendedBefore,
    /// Nobody consents to their own wish for more time.
    #[error("whoever asked for an extension does not answer it")]
    OwnExtension,
    /// No extension was asked.
    #[error("no extension was asked")]
    NotAsked,
    /// On the first rung a dispute ends by what one department proposed and the other agrees to.
    #[error("nobody settles alone: one department proposes, the other agrees")]
    NotAgreed,
    /// The proof of disposal says nothing, or lies in the future.
    #[error("a proof of disposal says how, when and by whom")]
    NoProof,
    /// The term has not ended.
    #[error("the term has not ended yet")]
    NotYet,
    /// A clock cannot be counted.
    #[error("the limit cannot be counted")]
    Clock(#[from] DeadlineError),
}

impl Refused {
    /// A stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotNow { .. } => "not-now",
            Self::Incomplete(_) => "incomplete",
            Self::OwnRequest => "own-request",
            Self::AskedBefore => "asked-before",
            Self::NothingNamed => "nothing-named",
            Self::NoReasons => "no-reasons",
            Self::NoLaw => "no-law",
            Self::Withheld => "withheld",
            Self::Wider(_) => "wider",
            Self::TooLong { .. } => "too-long",
            Self::ExtensionOpen => "extension-open",
            Self::ExtendedBefore => "extended-before",
            Self::OwnExtension => "own-extension",
            Self::NotAsked => "not-asked",
            Self::NotAgreed => "not-agreed",
            Self::NoProof => "no-proof",
            Self::NotYet => "not-yet",
            Self::Clock(_) => "clock",
        }
    }

    /// What it speaks of, as codes and names: for `not-now` the thing, its state and the event.
    #[must_use]
    pub fn arguments(&self) -> Vec<String> {
        match self {
            Self::NotNow { thing, state, event } => [*thing, *state, *event].map(str::to_owned).to_vec(),
            Self::Incomplete(lacks) => lacks.iter().map(|it| it.code().to_owned()).collect(),
            Self::Wider(parts) => parts.clone(),
            Self::TooLong { clock, most } => vec![(*clock).to_owned(), most.to_string()],
            Self::OwnRequest
            | Self::AskedBefore
            | Self::NothingNamed
            | Self::NoReasons
            | Self::NoLaw
            | Self::Withheld
            | Self::ExtensionOpen
            | Self::ExtendedBefore
            | Self::OwnExtension
            | Self::NotAsked
            | Self::NotAgreed
            | Self::NoProof
            | Self::NotYet
            | Self::Clock(_) => Vec::new(),
        }
    }
}

fn codes(lacks: &[Lack]) -> String {
    lacks.iter().map(|it| it.code()).collect::<Vec<_>>().join(", ")
}
