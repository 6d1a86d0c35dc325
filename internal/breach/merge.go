package breach

import "encoding/json"

// MergeFile applies a merge patch (RFC 7396) to an incident file. A patch with a key facts, narrative,
// contact, contents or offers changes those parts; any other patch is one of the facts. The policy binds the organisation and
// cannot be changed while the incident runs.
func MergeFile(base IncidentFile, patch []byte) (IncidentFile, error) {
	p, err := parseTree(patch, "change of the incident")
	if err != nil {
		return IncidentFile{}, err
	}
	whole := false
	for _, key := range []string{"facts", "narrative", "contact", "contents", "offers"} {
		_, has := p.get(key)
		whole = whole || has
	}
	if _, has := p.get("policy"); has {
		return IncidentFile{}, Errorf(ErrInvalid, "the policy cannot be changed").With(
			FieldError{"policy", "binds the incident from its opening; open another incident under the other policy"})
	}
	if !whole {
		base.Facts, err = MergeFacts(base.Facts, patch)
		return base, err
	}
	if facts, has := p.get("facts"); has {
		if err := notCounted(facts, "facts.list"); err != nil {
			return IncidentFile{}, err
		}
	}
	b, err := json.Marshal(base)
	if err != nil {
		return IncidentFile{}, Errorf(ErrInternal, "the incident at hand cannot be written: %w", err)
	}
	t, err := parseJSON(b, "incident at hand")
	if err != nil {
		return IncidentFile{}, err
	}
	return incidentOf(merge(t, p))
}

// notCounted refuses a change of what the product itself counts.
func notCounted(facts *tree, where string) error {
	if _, has := facts.get("list"); !has {
		return nil
	}
	return counted(where)
}

func counted(where string) error {
	return Errorf(ErrInvalid, "what the lists hold cannot be stated or changed").With(
		FieldError{where, "is counted by the product when a list is loaded; load a list, or decide about a number with a reason"})
}
