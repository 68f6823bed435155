# The ledger and its proofs.

ledger-title = Ledger
ledger-lead = Each change and each release of rows is written here. Entries are only added, never changed.
ledger-kind = Kind
ledger-subject = About
ledger-actor = Who
ledger-at = When
ledger-index = Number
ledger-from = From
ledger-until = Until
ledger-show = Show
ledger-empty = No entries match.
ledger-platform = The platform
ledger-size =
    { $n ->
        [one] { $n } entry in all.
        *[other] { $n } entries in all.
    }
checkpoint-title = Latest checkpoint
checkpoint-help = The signed checkpoint fixes everything before it.
checkpoint-none = No checkpoint has been published yet.
entry-bundle = Download the evidence bundle
entry-hash = Leaf hash
entry-body = What it says
entry-outcome = How it ended
entry-receipt =
    { $n ->
        [one] Receipt of one answer
        *[other] Receipts of { $n } answers
    }
entry-receipt-help = They hold digests only, never the data. Answers that ended at the same moment share an entry.
answer-release = Release
answer-rows = Rows
answer-bytes = Bytes
answer-ended = Ended
answer-digest = Digest
proof-title = Inclusion proof
proof-help = This entry is in the checkpoint of { $n } entries.
proof-root = Root hash
proof-path =
    { $n ->
        [one] The path ({ $n } hash)
        *[other] The path ({ $n } hashes)
    }
proof-none = The proof comes with the next checkpoint.
verify-title = Verify a proof
verify-lead = Upload an evidence bundle: signature, inclusion and content are checked.
verify-file = Bundle file
verify-text = Or paste the bundle
verify-do = Verify
verify-good = It is true
verify-bad = It is not true
verify-offline = You can check it offline, without trusting this platform:
event-request-changed = Request changed
event-request-granted-at-once = Accepted and granted at once
event-extension-answered = Extension answered
event-correction-closed = Correction closed
event-correction-withdrawn = Correction withdrawn
event-correction-disputed = Correction disputed
event-dispute-raised = Dispute raised
event-dispute-settlement-proposed = Settlement of a dispute proposed
event-dispute-climbed = Dispute taken up a level
event-dispute-settled = Dispute settled
event-dispute-withdrawn = Dispute withdrawn
event-data-previewed = Data previewed
event-source-profiled = Source profiled
event-receipt-opened = Receipt compared with a claim
event-clock-put = Limit changed
event-clock-dropped = Regional limit removed
event-day-put = Calendar changed
event-day-dropped = Calendar change removed
outcome-complete = Every row left
outcome-broken = It broke off on the node’s or the source’s side; the receipt tells how many rows had left
outcome-cancelled = The receiver cancelled or went away; the receipt tells how many rows had left
outcome-limited = A limit of time, memory or size ended it; the receipt tells how many rows had left
outcome-revoked = The right to it ended on the way: the agreement was revoked, suspended, changed or used up, or who asked lost the token, session, role or account
outcome-unknown = The node stopped before it could write down how many rows had left: at least as many as the receipt says, at most every one
outcome-refused-quota = Nothing left: the day’s quota was used up
outcome-refused-terms = Nothing left: the agreement does not allow it
fact-origin = Log
fact-size = Entries under the checkpoint
fact-root = Root hash
fact-suites = Cryptographic suites
fact-witnesses = Witnesses
fact-entry = Entry { $n }
verify-empty = Choose a bundle file or paste its text
bundle-malformed = The bundle is malformed: { $a }
bundle-unknown-key = The log “{ $a }” is not one whose key is trusted.
bundle-not-signed = The checkpoint is not signed by { $a }.
bundle-checkpoint-signature = The checkpoint’s signature by { $a } is wrong: it was altered, or signed with another key.
bundle-empty = The bundle holds no entry, so it proves nothing.
bundle-apart = The checkpoints of the two trees do not belong together.
bundle-altered = Entry { $a } was altered: neither its proof nor its signature fits it.
bundle-proof = The { $b } proof of entry { $a } does not lead to the root of the checkpoint.
bundle-entry-signature = The signature over entry { $a } by { $b } is missing or wrong.
bundle-witnesses = { $a } trusted witnesses cosigned the checkpoint, { $b } are needed.
event-release-opened = Release begun
event-resource-deleted = Draft of an entry deleted
event-submission-taken-back = Submission of an entry taken back
event-change-discarded = Change of an entry given up
event-dispute-time = Time passed for a dispute
