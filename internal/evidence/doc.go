// Package evidence makes proof that a stranger can check: the audit hash chain, commitments to people,
// and the evidence pack, a signed ZIP that is written here and verified here, offline and without the
// product's database.
//
// A pack holds these files; the record types of this package give their fields:
//
//	audit.jsonl            breach.AuditEntry, the timeline, hash-chained from the first entry
//	people.jsonl           PersonRecord, one per person, by ascending number
//	attempts.jsonl         AttemptRecord, one per try (optional while nothing was sent)
//	acknowledgements.jsonl AcknowledgementRecord, one per person (optional)
//	approvals.jsonl        ApprovalRecord
//	counts.json            Counts
//	plans/<wave>-<revision>.json   breach.Plan
//	texts/<sha256>.json    every text, named by the SHA-256 of its bytes
//	anything else          covered by hashes and signature, its meaning is not checked
//	manifest.json          every file with size and SHA-256
//	signature.json         Ed25519 over the bytes of manifest.json
//
// Nothing in a pack is personal data: people are commitments (see Commitment).
//
// Imports of ours: breach.
package evidence
