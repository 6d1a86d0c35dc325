// Package breach is the vocabulary of the product: facts about an incident, obligations, people,
// notices, plans, approvals, the four state machines and the catalogue of errors. It is pure: no I/O,
// no clock, no provider.
//
// Imports of ours: none.
package breach
