// Package activities holds every side effect of the story, one file per stage. It declares the ports that
// it needs (ports.go) and knows no adapter; each activity is idempotent against the ledger, so it may run
// twice or after a crash. Nothing that it returns holds personal data: counts, hashes, ids and enums only.
//
// Imports of ours: breach, policy, protocol, delivery, evidence.
package activities
