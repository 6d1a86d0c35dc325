// Package flow decides when a message may begin: valves let messages through to a provider at its limits, shared
// fairly between incidents, and breakers keep messages from a provider that is down. It keeps counts in memory
// alone; the present instant is always an argument.
//
// Imports of ours: none.
package flow
