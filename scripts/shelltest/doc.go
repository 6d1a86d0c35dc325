// Package shelltest holds tests of the shell scripts beside it.
//
// Imports of ours: none.
package shelltest
