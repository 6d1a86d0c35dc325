// Package crash kills the product in the middle of a send and proves afterwards that nobody was lost and who
// was told twice. The product and the simulators of its providers run as processes of their own; the outbox
// that the simulators keep on disk is the witness, and the product's evidence pack is what is held against it.
//
// It starts the program as an operator would and reads what it leaves behind, so it needs neither the
// Temporal server nor the rest of the composition.
package crash
