# Rows in the browser, SQL and deliveries.

data-title = Data: { $a }
data-lead = You see exactly the columns and rows that were agreed, masked as agreed. Each look is recorded.
data-filter = Filter
data-sort = Order
data-sort-none = None
data-limit = Rows on a page
data-show = Show
data-columns = Columns
data-receipt = receipt: ledger entry { $n }
sql-title = SQL query
sql-lead = Read-only questions across all tables your organisation may use, also joined.
sql-empty = There is no agreement to ask yet.
sql-label = Question
sql-run = Run
sql-answer = Answer
sql-cut = (only the first ones are shown)
sql-tables = Tables
deliveries-title = Deliveries
deliveries-lead = Bring agreed data into your own table or file. Both sides are compared at the end.
deliveries-empty = There are no deliveries yet.
delivery-new = New delivery
delivery-no-agreement = No agreement allows batch exchange.
delivery-agreement = Agreement
delivery-which = Where to?
delivery-name = Name
delivery-target = Target
delivery-user-hint = It must be allowed to make tables and write.
delivery-table-hint = It is made when it does not exist.
delivery-path-hint = A path in the output folders that the server allows.
delivery-save = Save
delivery-save-run = Save and run
preflight-exact =
    { $n ->
        [one] { $n } item arrives exactly,
        *[other] { $n } items arrive exactly,
    }
preflight-mapped = { $n } in another form,
preflight-quarantined =
    { $n ->
        [one] { $n } may send rows into quarantine.
        *[other] { $n } may send rows into quarantine.
    }
delivery-run = Run now
delivery-runs = Runs
delivery-no-runs = It has not run yet.
delivery-last = Last run
delivery-remove = Remove the delivery
delivery-remove-sure = Data already delivered stays. Remove the delivery?
run-title = Run: { $a }
run-began = Began { $a }
run-at = Began
run-took = Took
run-seconds =
    { $n ->
        [one] { $n } second
        *[other] { $n } seconds
    }
run-rate = { $a } rows a second
run-chunks = chunk { $a } of { $b }
run-failed = The run failed:
run-failed-help = Run it again: it goes on from the last checkpoint, nothing twice, nothing lost.
run-cancel = Cancel the run
run-cancel-sure = Cancel it?
phase-queued = Queued
phase-planning = Planning
phase-copying = Copying
phase-reconciling = Reconciling
phase-done = Done
phase-failed = Failed
phase-cancelled = Cancelled
report-title = Reconciliation
report-equal = Equal
report-equal-help = Counts and digests are the same on both sides.
report-unequal = Not equal
report-unequal-help = Do not use the target, and speak to the provider.
report-side = Side
report-digest = Digest
report-source = What was agreed
report-target = Target
report-reading = When it was read
reading-one-moment = All rows at one moment
reading-each-chunk = Each chunk at its own moment; what changed in the source meanwhile may be in some chunks and not in others
report-noticed = Noticed in the source
report-noticed-text = { $a } values without a place in their type became empty; { $b } rows of the file could not be read and were left out
report-receipt = Receipt
data-filter-or = A filter here joins its conditions with AND only; ask in SQL for OR
data-format = Download { $a }
run-failed-cancelled = The run was stopped.
run-failed-not-equal = What stands in the target is not what the source gave; the old table was kept.
run-failed-denied = The rules in force do not allow this delivery.
run-failed-quota-used-up = The agreement's quota for today is used up.
run-failed-state = The state of the agreement, resource or delivery does not allow a run: { $a }
run-failed-gone = The agreement, resource or delivery is gone.
run-failed-target = The target did not take the data: { $a }
run-failed-platform = The platform failed; the reason is in its log.
run-failed-limit = A limit of the platform was reached: { $a }
run-failed-engine = The engine failed; the reason is in its log.
run-failed-source = The source did not answer well: { $a }
run-failed-busy = Another run writes to the target.
run-failed-occupied = The target has a table or file of this name that this delivery did not make.
run-failed-too-many-bad = Too many rows of the source cannot be read.
run-failed-source-changed = The source changed while the run read it.
sql-masked = Masked items in this question:
run-failed-withheld = The catalogue withholds items of this delivery now, so nothing was moved.
run-path = { $a }: { $b }.
path-pass-through = Passed through as the database's own tuples in { $a } lanes
path-columnar = Copied by columns
path-why-tuples = source and target are PostgreSQL, and every item passes as the agreement lets it out
path-why-source-kind = the source is not PostgreSQL
path-why-target-kind = the target is not PostgreSQL
path-why-encoding = one of the databases is not in UTF-8
path-why-mask = the mask of “{ $a }” is computed by columns only
path-why-type = “{ $a }” is declared as another type than its column has
path-why-row-rule = the row rule cannot be said exactly in the source's SQL
path-why-target-refused = the target refused values of the source, so rows are taken one by one
report-bytes = Bytes
report-algorithm = Digest made by
delivery-refresh = What a run brings
delivery-refresh-hint = “Only what has changed” compares source and target row by row and writes what is new, different or gone; deletions and silent changes are found too. It needs a key without masks. The first run, and the first after the agreement has changed, copy everything.
refresh-full = Everything, in place of the old table
refresh-changes = Only what has changed
run-refreshed = { $a }: { $b }.
refreshed-full = Everything is copied
refreshed-changes = Only rows that have changed are written
refreshed-why-compared = they were compared with the target row by row
refreshed-why-first = no table of this delivery stands there yet
refreshed-why-other-basis = items, types, masks, row rule, agreement or source are not those of the last run
refreshed-why-other-table = the target table has other columns than were delivered, or columns of other types
refreshed-why-no-key = the target table has no unique key over the key’s items, or the key does not tell rows apart any more
refreshed-why-key-missing = a row has no key
refreshed-why-key-repeats = two rows have the same key
refreshed-why-mostly-changed = so much has changed that a copy costs less
refreshed-why-target-refused = the target table refused rows by a rule, a type or a right of its own
refreshed-why-target-changed = somebody else changed the target table meanwhile, or put values into it that cannot be read
refreshed-why-not-equal = what was read back was not what should stand there
changed-inserted = Rows inserted
changed-updated = Rows updated
changed-deleted = Rows deleted
changed-unchanged = Rows unchanged
path-why-changes = rows are compared by columns where only changes are brought
