package intake

import (
	"bytes"
	"encoding/json"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Source is an outside form of incidents.
type Source struct {
	Name string // as people give it: veris, hibp
	Read func([]byte) (breach.IncidentFile, []string, error)
}

// Sources are all of them, the first one first.
var Sources = []Source{{"veris", FromVERIS}, {"hibp", FromHIBP}}

// Read reads one record of a source by its name.
func Read(source string, b []byte) (breach.IncidentFile, []string, error) {
	for _, s := range Sources {
		if s.Name == source {
			return s.Read(b)
		}
	}
	return breach.IncidentFile{}, nil, breach.Errorf(breach.ErrInvalid, "this form of incidents is not known here")
}

// Records splits a file that holds one record or a list of them. list says which. Errors are
// breach.ErrInvalid; what is wrong with a single record shows when it is read.
func Records(b []byte) (records [][]byte, list bool, err error) {
	plain, ok := plainJSON(b)
	if !ok {
		return nil, false, breach.Errorf(breach.ErrInvalid, "the file is not UTF-8 text: save it as UTF-8")
	}
	if first := bytes.TrimSpace(plain); len(first) == 0 || first[0] != '[' {
		return [][]byte{plain}, false, nil
	}
	var all []json.RawMessage
	if err := json.Unmarshal(plain, &all); err != nil {
		return nil, false, breach.Errorf(breach.ErrInvalid, "the list in the file is not well-formed JSON")
	}
	for _, r := range all {
		records = append(records, r)
	}
	return records, true, nil
}
