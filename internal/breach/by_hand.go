package breach

// ByHand finds a duty that a person may have carried out outside the product: any that applies or may apply, but for
// telling the people on the lists, who are counted one by one.
func (j Judgement) ByHand(obligation string) (Obligation, error) {
	for _, o := range j.Obligations {
		switch {
		case o.ID != obligation:
		case o.Verdict == DoesNotApply:
			return o, Errorf(ErrConflict, "this duty does not apply; amend the facts first if it does")
		case o.Duty == "notify_individuals":
			return o, Errorf(ErrConflict, "people are told one by one; load who they are, or decide about those who are left")
		default:
			return o, nil
		}
	}
	return Obligation{}, Errorf(ErrNotFound, "the incident has no duty of this id")
}

// OpenQuestions are the ids of questions that no fact can answer and nobody has answered, in the order of the duties.
func (j Judgement) OpenQuestions() []string {
	var out []string
	seen := map[string]bool{}
	for _, o := range j.Obligations {
		for _, q := range o.Questions {
			if !seen[q] {
				seen[q], out = true, append(out, q)
			}
		}
	}
	return out
}
