package breach

import (
	"slices"
	"strings"
)

// Shape is all that a decision about a person looks at while nothing is recorded of them: which contacts there
// are, not what they are. Two people of one shape get the same steps by any policy whose ages are those that
// Child was found with.
type Shape struct {
	Child                        bool
	Email, Phone, Push, Letter   bool
	GuardianEmail, GuardianPhone bool
	Country, PushPlatform        string
	Objections                   string
}

// Shape reduces a person. child is what IsChild says.
func (p Person) Shape(child bool) Shape {
	s := Shape{
		Child: child, Email: filled(p.Email), Phone: filled(p.Phone), Push: filled(p.PushToken), Letter: filled(p.PostalAddress),
		Country: p.Country, PushPlatform: p.PushPlatform,
	}
	if g := p.Guardian; g != nil {
		s.GuardianEmail, s.GuardianPhone = filled(g.Email), filled(g.Phone)
	}
	for _, c := range Channels {
		if slices.Contains(p.Objections, c) {
			s.Objections += string(c) + " "
		}
	}
	return s
}

func filled(contact string) bool { return strings.TrimSpace(contact) != "" }

// Alike are people of one shape of whom nothing is recorded yet: one of them, and where the others are.
type Alike struct {
	Subject Subject
	Blocks  []AlikeIn // ascending
}

// AlikeIn counts those in one block.
type AlikeIn struct {
	Block, People int64
}
