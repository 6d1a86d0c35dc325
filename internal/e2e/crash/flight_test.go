package crash

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/activities"
	"github.com/tocsin-engine/tocsin/internal/breach"
)

// unknownAtMost is how many messages of a process can be intended without an outcome when it is killed, and so how
// many people can be told twice by it.
var unknownAtMost = activities.DefaultLimits.InFlight

// connections is how many the product holds to a mail server unless it is told otherwise, and together how many
// messages leave on one of them in one write at most: all of these wait for their answers.
const (
	connections = 20
	together    = 16
)

// mayBreakOff bounds what a mail server leaves unknown that breaks connections off or answers twice: the groups on all
// connections of a process, once. After the first, its messages go one by one for longer than any row takes.
func mayBreakOff(processes int) int { return processes * connections * (together - 1) }

// mayStayUnknown bounds what a crash leaves unknown: what was under way by the product's own account, a batch that
// was begun while it was asked, and never more than the senders may have under way.
func mayStayUnknown(senders, underWay int) int {
	return min(senders*unknownAtMost, underWay+activities.DefaultLimits.Batch)
}

// underWay counts the messages that are intended without an outcome, or unknown and not settled.
func underWay(v breach.Overview) (n int) {
	for _, counts := range v.Channels {
		n += int(counts[string(breach.Intended)] + counts[string(breach.Unknown)])
	}
	return n
}

// countedFor is for how long the product answers with what it counted last.
const countedFor = time.Second

// cut adds to the bound what a crash of senders, or of the ledger below all of them, may leave unknown. It is counted
// when somebody answers again: what a killed sender leaves open stays so until its lease is over.
func (c *chaos) cut(senders int) {
	c.t.Helper()
	time.Sleep(countedFor - time.Since(c.counted))
	n := 0
	c.await("the API answers", c.endPatience(), func() bool {
		v, ok := c.overview()
		n = underWay(v)
		return ok
	})
	c.counted = time.Now()
	c.bound += mayStayUnknown(senders, n)
	c.say("%d messages are under way", n)
}

// cut adds to the bound what the end of the whole product may leave unknown, just before it. While nobody answers
// that is as many as can be under way.
func (r *rig) cut() {
	r.t.Helper()
	address, incident, token, ok := r.whom()
	n := len(r.people)
	if ok {
		if v, answered := r.ask("http://"+address, incident, token); answered {
			n = underWay(v)
		}
	}
	r.bound += mayStayUnknown(1, n)
}

// whom says where the product that runs as one process answers, about which incident, and to whom.
func (r *rig) whom() (address, incident, token string, ok bool) {
	at, _ := os.ReadFile(r.file("data/api-address"))
	about, _ := os.ReadFile(r.file("data/demo-incident"))
	tokens, _ := os.ReadFile(r.file("data/keys/demo-tokens.json"))
	var who struct{ Approver string }
	ok = json.Unmarshal(tokens, &who) == nil && len(about) > 0
	return string(at), strings.TrimSpace(string(about)), who.Approver, ok
}

// ask gives how an incident stands; ok is false while nobody answers.
func (r *rig) ask(url, incident, token string) (v breach.Overview, ok bool) {
	req, err := http.NewRequest(http.MethodGet, url+"/v1/incidents/"+incident, nil)
	require.NoError(r.t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := (&http.Client{Timeout: 20 * time.Second}).Do(req)
	if err != nil {
		return v, false
	}
	defer res.Body.Close()
	return v, res.StatusCode == http.StatusOK && json.NewDecoder(res.Body).Decode(&v) == nil
}
