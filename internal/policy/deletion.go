package policy

// Deletion is how a provider is told to delete what it got (promise M25).
type Deletion string

const (
	// DeleteThere: its records of the messages are deleted through its interface.
	DeleteThere Deletion = "delete"
	// RedactThere: the texts are removed through its interface, the records stay.
	RedactThere Deletion = "redact"
	// RequestThere: it has no such interface; a person asks it by its contract, and says so.
	RequestThere Deletion = "request"
	// NothingThere: it keeps nothing that could be deleted.
	NothingThere Deletion = "nothing"
)

var deletions = []Deletion{DeleteThere, RedactThere, RequestThere, NothingThere}

func (d Deletion) byInterface() bool { return d == DeleteThere || d == RedactThere }

// Deletes is how a provider is told to delete: as the policy says, else by request to whoever is not run by the
// organisation itself.
func (v Provider) Deletes() Deletion {
	switch {
	case v.Deletion != "":
		return v.Deletion
	case v.OperatedBy == operatedBySelf:
		return NothingThere
	}
	return RequestThere
}
