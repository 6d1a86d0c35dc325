// Package crash does harm to the product while it tells people, and proves afterwards that nobody was lost and
// who was told twice. Product and providers' simulators run as processes of their own; the outbox that the
// simulators keep on disk is the witness, and the product's evidence pack is what is held against it.
//
// There are two kinds of product: tocsin-standalone, all in one process (run, in product_test.go), and a
// deployment of PostgreSQL, Temporal, API and workers that are started again when they end (deployment_test.go).
// chaos_test.go runs the faults of faults_test.go on the latter, small in every full test run and large by
// `make chaos`, which writes docs/RELIABILITY.md.
//
// It starts the programs as an operator would and reads what they leave behind, so it needs neither the
// Temporal server nor the rest of the composition.
package crash
