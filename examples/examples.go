// Package examples holds the shipped sample incident and its list of fictional people.
//
// Imports of ours: none.
package examples

import _ "embed"

// Incident is the sample incident file, JSON.
//
//go:embed incident.json
var Incident []byte

// People is the sample list of affected people, CSV in UTF-8.
//
//go:embed people.csv
var People []byte
