package breach

import (
	"encoding/json"
	"slices"
)

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
	if facts, has := p.get("facts"); has {
		had, _ := t.get("facts")
		p = p.with("facts", keepAnswers(had, facts))
	}
	return incidentOf(merge(t, p))
}

// keepAnswers puts the answers that persons gave before in front of those of a patch of facts, but for questions that
// it answers anew: who answers one question must not take back the answers to others. null still takes back all.
func keepAnswers(base, patch *tree) *tree {
	const key = "determinations"
	had, _ := base.get(key)
	says, _ := patch.get(key)
	if had == nil || says == nil || had.kind != kindList || says.kind != kindList {
		return patch
	}
	all := &tree{kind: kindList}
	for _, answer := range had.values {
		if question, _ := answer.get("question"); !answers(says, question) {
			all.values = append(all.values, answer)
		}
	}
	all.values = append(all.values, says.values...)
	return patch.with(key, all)
}

// with is an object with another value for a key that it has.
func (t *tree) with(key string, v *tree) *tree {
	values := slices.Clone(t.values)
	if i := slices.Index(t.keys, key); i >= 0 && i < len(values) {
		values[i] = v
	}
	return &tree{kind: kindObject, keys: t.keys, values: values}
}

func answers(list, question *tree) bool {
	return question != nil && slices.ContainsFunc(list.values, func(d *tree) bool {
		q, has := d.get("question")
		return has && q.text == question.text
	})
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
