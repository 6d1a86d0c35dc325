// Package policy holds decisions, pure: the severity score, the rule packs (which duties follow from the
// facts, and by when), and the policy profiles (what an organisation promised about how people are told).
// now is always an argument; nothing here reads a clock, a network or a file that is not embedded or given.
//
// Imports of ours: breach.
package policy
