package breach

// ContactGroup are people of a list who are in the same country and have contacts for the same channels.
type ContactGroup struct {
	Country  string    // ISO 3166-1 alpha-2; may be empty
	Channels []Channel // in the order of Channels; empty: none
	People   int64
}

// Ways is how the policy begins to tell the people of a list, as far as countries and contacts say: what a person
// objects to, and which device a token is of, is asked person by person.
type Ways struct {
	// First counts people by the channel that is begun with them; where all channels are begun at once, a person
	// stands at each of theirs.
	First []FirstWay `json:"first"`
	// Nobody counts people who have contacts, none of which the policy lets anybody use.
	Nobody int64 `json:"nobody"`
}

// FirstWay is a channel through one provider.
type FirstWay struct {
	Channel  Channel `json:"channel"`
	Provider string  `json:"provider,omitempty"` // empty: it depends on the device
	People   int64   `json:"people"`
}

// Add counts people; the same way again is one line.
func (w *Ways) Add(c Channel, provider string, people int64) {
	for i := range w.First {
		if w.First[i].Channel == c && w.First[i].Provider == provider {
			w.First[i].People += people
			return
		}
	}
	w.First = append(w.First, FirstWay{c, provider, people})
}

// Begun counts the people with whom a channel is begun.
func (w *Ways) Begun(c Channel) (people int64) {
	for _, f := range w.First {
		if f.Channel == c {
			people += f.People
		}
	}
	return people
}
