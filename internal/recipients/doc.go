// Package recipients reads a list of affected people, row by row, and judges each row: what is usable is
// kept, what is not is named with its row and reason, and no row vanishes. It reads CSV with any usual
// delimiter, XLSX, JSON Lines and the answer to an SQL query, in the encodings of charsets; whatever the
// format, a source (source.go) gives records to the same judge.
//
// Everything that it reads is personal data: errors and summaries name positions and codes, never values.
// What does not fit in memory (who was met, the texts of a large spreadsheet) waits in temporary files that have no
// name any more: hashes under a key, and texts encrypted under one, that never leave memory.
//
// Imports of ours: breach.
package recipients
