// Package app builds the product's roles from configuration: the API with its pages (Serve), the worker
// (Worker) and the migration (Migrate). The desk (desk.go) is what API and console ask: it joins ledger,
// engine, list reader and evidence.
//
// It is a composition root: it sees both sides.
package app
