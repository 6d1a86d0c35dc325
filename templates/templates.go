// Package templates holds every text that a person or an authority may receive, as files that a lawyer
// can read without knowing the program. It has no code.
//
// Imports of ours: none. Imported by render alone.
package templates

import "embed"

// FS holds the files of this folder. A language is present when it has notice/, announcement/, advice/
// and words/ entries.
//
//go:embed advice announcement notice report words contents.yaml
var FS embed.FS
