// Command gen writes the sample list of people beside the sample incident: 1,000 fictional people in
// thirteen countries. The same program always writes the same bytes.
//
//	go run ./examples/gen > examples/people.csv
//
// Everything in it is made up. Addresses use domains that are reserved for documentation and tests, phone
// numbers use ranges that are kept for fiction or not assigned. Some contacts make the simulators fail on
// purpose (see the simulators' own documentation): a bouncing mailbox, a phone that is switched off, a
// push token that is gone.
//
// Imports of ours: none.
package main

import (
	"fmt"
	"os"
)

func main() {
	if err := write(os.Stdout, people()); err != nil {
		fmt.Fprintln(os.Stderr, "the list could not be written:", err)
		os.Exit(3)
	}
}
