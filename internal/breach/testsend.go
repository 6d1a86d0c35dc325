package breach

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// TestQuery asks for a notice of a plan to be sent to whoever tries it out. Without Person and Worst it is the
// notice of a person who does not exist.
type TestQuery struct {
	Wave    int     // number of the list; 0 is the newest that has a plan
	Person  int64   // place in the list, from 1
	Worst   bool    // a message for each of those whose notice is the likeliest to go wrong
	Channel Channel // email, sms or push
	Locale  string  // BCP 47; empty: that of the person
	To      string  // address, E.164 number or push token of the tester; personal data
}

// TestSent is what became of one test. It is nobody's delivery.
type TestSent struct {
	Why      string       `json:"why"` // whose notice it is: person 12, longest name, made up
	Channel  Channel      `json:"channel"`
	Locale   string       `json:"locale,omitempty"` // of the text
	To       string       `json:"to"`               // masked
	Provider string       `json:"provider,omitempty"`
	State    AttemptState `json:"state,omitempty"`
	Reason   string       `json:"reason,omitempty"` // code of the reason catalogue
	None     string       `json:"none,omitempty"`   // why nothing was sent
}

// TestsSent is the answer to a TestQuery.
type TestsSent struct {
	PlanHash string     `json:"plan_hash"`
	Tests    []TestSent `json:"tests"`
}

// Testers are those to whom tests may go: whole addresses, domains as @organisation.example (without those below
// it), numbers in E.164, push tokens (of a browser: its subscription as JSON). Nobody else is ever sent one.
type Testers []string

// ReadTesters reads a list with commas. Those within a subscription part nothing.
func ReadTesters(list string) Testers {
	var out Testers
	for rest, more := list, true; more; {
		var entry string
		d := json.NewDecoder(strings.NewReader(rest))
		var object json.RawMessage
		if strings.HasPrefix(strings.TrimSpace(rest), "{") && d.Decode(&object) == nil {
			entry, rest = rest[:d.InputOffset()], rest[d.InputOffset():]
		}
		var after string
		after, rest, more = strings.Cut(rest, ",")
		out = append(out, PlainToken(strings.TrimSpace(entry+after)))
	}
	return out
}

// PlainToken is a push token as it is sent on: a browser's subscription without blanks, anything else as it is.
func PlainToken(token string) string {
	var plain bytes.Buffer
	if !strings.HasPrefix(strings.TrimSpace(token), "{") || json.Compact(&plain, []byte(token)) != nil {
		return token
	}
	return plain.String()
}

// subscription is what makes a browser's PushSubscription the same one, however it is written.
type subscription struct {
	Endpoint string `json:"endpoint"`
	Keys     struct {
		P256DH string `json:"p256dh"`
		Auth   string `json:"auth"`
	} `json:"keys"`
}

// Subscription says whether a push token is a browser's subscription.
func Subscription(token string) bool { return subscriptionOf(token) != subscription{} }

func subscriptionOf(token string) (s subscription) {
	if !strings.HasPrefix(token, "{") || json.Unmarshal([]byte(token), &s) != nil || s.Endpoint == "" {
		return subscription{}
	}
	return s
}

// Allow says that a test may go there by a channel.
func (t Testers) Allow(c Channel, to string) bool {
	if to == "" {
		return false
	}
	domain, browser := "\x00", subscriptionOf(PlainToken(to))
	if i := strings.LastIndexByte(to, '@'); i > 0 && c == Email {
		domain = to[i:]
	}
	for _, each := range t {
		if browser != (subscription{}) && c == Push && subscriptionOf(each) == browser {
			return true
		}
		if each == to || strings.Contains(each, "@") && (strings.EqualFold(each, to) || strings.EqualFold(each, domain)) {
			return true
		}
	}
	return false
}

// Fault says what cannot be meant by the first entry that is wrong; empty when all are right. It repeats no entry.
func (t Testers) Fault() string {
	for i, each := range t {
		_, domain, mail := strings.Cut(each, "@")
		what := ""
		switch {
		case Subscription(each):
		case each == "" || strings.ContainsAny(each, " \t\r\n*?\"<>"):
			what = "is no address, @domain, number or token"
		case mail && (!strings.Contains(strings.Trim(domain, "."), ".") || strings.Contains(domain, "@")):
			what = "names no domain"
		case !mail && each[0] != '+' && len(each) < 20:
			what = "is neither an address, nor @domain, nor a number with + and country code, nor a push token"
		}
		if what != "" {
			return "entry " + strconv.Itoa(i+1) + " " + what
		}
	}
	return ""
}
