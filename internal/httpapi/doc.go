// Package httpapi is the JSON API: incidents, lists of people, plans, sending, evidence, the intake of
// detectors and the callbacks of providers. It reads and checks requests, asks the desk, and answers;
// decisions are made behind its ports. Nothing of a request's content comes back in an error, a log or a
// metric.
//
// Imports of ours: breach.
package httpapi
