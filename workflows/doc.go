// Package workflows is the deterministic story: no I/O, no clock, no provider. incident.go reads from top
// to bottom as the business sentence; each stage has a file of its own.
//
// Imports of ours: breach, protocol, activities, and of policy only the pure clock functions.
package workflows
