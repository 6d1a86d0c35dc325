package intake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

const maxTitle = 200 // characters

// classes are the data classes of the fact file.
var classes = []string{
	"name", "email", "phone", "postal_address", "birth_date", "national_id", "passport", "password", "password_hash",
	"security_answer", "payment_card", "card_security_code", "bank_account", "transactions", "balance", "income",
	"location", "browsing", "communications", "biometric", "genetic", "health", "sex_life", "religion", "politics",
	"ethnicity", "union", "criminal", "education", "employment", "photo", "device_id", "account_id", "preferences", "insurance",
}

// finding reads the data of a suspected breach. Of its fields
//
//	title         is the title,
//	data_classes  are the classes, when all of them are classes of ours,
//	estimated_people is a note: an estimate is no count, and people.total is a count,
//	countries     is a note: by_country wants a number for each,
//	first_seen    is a note: the detector's first sight is neither when it began nor when we knew.
//
// A field of another type is a note, not an error: the clock must start whatever a detector writes.
func finding(data json.RawMessage, f *breach.Facts) []string {
	var m map[string]json.RawMessage
	if json.Unmarshal(data, &m) != nil {
		return nil
	}
	var notes []string
	note := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	if repeats(data) {
		note("data names a field twice: the last value was taken, and the other one stands in the event that is kept")
	}
	if raw, ok := given(m, "title"); ok {
		var s string
		if json.Unmarshal(raw, &s) == nil && goodTitle(s) {
			title := strings.TrimSpace(s)
			f.Incident.Title = &title
		} else {
			note("data.title is not a line of up to %d characters and was not taken", maxTitle)
		}
	}
	if raw, ok := given(m, "data_classes"); ok {
		findingClasses(raw, f, note)
	}
	if raw, ok := given(m, "estimated_people"); ok {
		var n int64
		if json.Unmarshal(raw, &n) == nil && n >= 0 {
			note("data.estimated_people is %d: an estimate, so people.total stays unknown", n)
		} else {
			note("data.estimated_people is not a number and was not taken")
		}
	}
	if raw, ok := given(m, "countries"); ok {
		var list []string
		if json.Unmarshal(raw, &list) == nil && len(list) <= 250 && !slices.ContainsFunc(list, func(c string) bool { return !twoLetters(c) }) {
			note("data.countries names %s without numbers, so people.by_country stays unknown", strings.Join(list, ", "))
		} else {
			note("data.countries is not a list of country codes and was not taken")
		}
	}
	if raw, ok := given(m, "first_seen"); ok {
		var s string
		if t, err := time.Parse(time.RFC3339Nano, text(raw, &s)); err == nil {
			note("data.first_seen is %s: the detector's first sight; whether the incident began then, or was noticed then, is for a person to say", t.UTC().Format(time.RFC3339))
		} else {
			note("data.first_seen is not an instant with a zone and was not taken")
		}
	}
	return notes
}

func findingClasses(raw json.RawMessage, f *breach.Facts, note func(string, ...any)) {
	var list []string
	if json.Unmarshal(raw, &list) != nil {
		note("data.data_classes is not a list and was not taken")
		return
	}
	known := []string{} // an empty list says that there are none
	unknown := 0
	for _, c := range list {
		switch {
		case !slices.Contains(classes, c):
			unknown++
		case !slices.Contains(known, c):
			known = append(known, c)
		}
	}
	switch {
	case unknown == 0:
		f.Data.Classes = known
	case len(known) > 0:
		f.Data.Classes = known
		note("data.data_classes names %d that are not known here; the list of classes is not complete", unknown)
	default:
		note("data.data_classes names %d that are not known here and no other; data.classes stays unknown", unknown)
	}
}

func given(m map[string]json.RawMessage, name string) (json.RawMessage, bool) {
	raw, ok := m[name]
	return raw, ok && !bytes.Equal(raw, []byte("null"))
}

func text(raw json.RawMessage, s *string) string {
	if json.Unmarshal(raw, s) != nil {
		return ""
	}
	return *s
}

// goodTitle keeps out what could break a line, a header or a page.
func goodTitle(s string) bool {
	if s = strings.TrimSpace(s); s == "" || utf8.RuneCountInString(s) > maxTitle {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || r == utf8.RuneError || r == '<' || r == '>' || r == '\u2028' || r == '\u2029' || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
	})
}

func twoLetters(s string) bool {
	return len(s) == 2 && s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'A' && s[1] <= 'Z'
}
