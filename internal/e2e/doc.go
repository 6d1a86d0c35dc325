// Package e2e holds the end-to-end stories: the whole product on one machine (PostgreSQL child, embedded
// Temporal server, worker, API, console) against the simulators, driven over HTTP by two people with tokens.
// There is one test per item of what the product must do, named TestMainJob03 and so on. They share one
// running product and work on incidents of their own, side by side; what must be broken is started apart.
//
// The waits of the policies are made short (48 hours are four and a half seconds) and never skipped.
//
// It is a composition root: it sees both sides.
package e2e
