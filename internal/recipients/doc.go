// Package recipients reads a list of affected people, row by row, and judges each row: what is usable is
// kept, what is not is named with its row and reason, and no row vanishes. It reads CSV in UTF-8;
// another format or encoding is a new scanner in front of the same judge.
//
// Everything that it reads is personal data: errors and summaries name positions and codes, never values.
//
// Imports of ours: breach.
package recipients
