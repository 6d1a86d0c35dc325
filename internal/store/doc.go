// Package store is the ledger in PostgreSQL: incidents, people, plans, approvals, intents, outcomes,
// filings and the audit chain. It is the truth for all of them; the workflow engine only knows where the
// process stands. Every write is idempotent, facts are appended and never changed, and the number of
// people by outcome adds up to the number of people after every commit.
//
// Lock order, which every transaction keeps: incident, plan, chunk, block (ascending), audit head.
//
// Imports of ours: breach, evidence.
package store
