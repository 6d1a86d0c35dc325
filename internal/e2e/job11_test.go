package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// browser is somebody at the console without scripts.
type browser struct {
	base   string
	client *http.Client
}

func (w *world) browser(t *testing.T, token string) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	b := &browser{base: w.BaseURL, client: &http.Client{Jar: jar, Timeout: 30 * time.Second}}
	status, page := b.post(t, "/console/sign-in", url.Values{"token": {token}})
	require.Equal(t, http.StatusOK, status, "%s", page)
	return b
}

func (b *browser) get(t *testing.T, path string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.base+path, nil)
	require.NoError(t, err)
	return b.read(t, req)
}

func (b *browser) post(t *testing.T, path string, form url.Values) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.base+path, bytes.NewBufferString(form.Encode()))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.read(t, req)
}

func (b *browser) read(t *testing.T, req *http.Request) (int, string) {
	t.Helper()
	res, err := b.client.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(page)
}

var csrfField = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// Two people at the console: one sees that it waits for the other, who approves by the form; then it goes
// out.
func TestMainJob11ApprovedAtTheConsole(t *testing.T) {
	t.Parallel()
	w, c := theWorld(t), newCrowd()
	file := example(t)
	title := "Seen at the console " + c.tag
	file.Facts.Incident.Title = &title
	people := c.some(4)
	k := w.open(t, file)
	k.load(t, listOf(t, people), "")
	hash := k.submit(t)

	status, page := (&browser{base: w.BaseURL, client: &http.Client{Timeout: 30 * time.Second}}).get(t, "/console/incidents/"+k.id)
	require.Equal(t, http.StatusOK, status)
	require.NotContains(t, page, title, "who is not signed in sees nothing")
	author, lead := w.browser(t, w.author), w.browser(t, w.lead)
	_, page = author.get(t, "/console/")
	require.Contains(t, visible(t, page), title)
	status, page = author.get(t, "/console/incidents/"+k.id)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, visible(t, page), title)
	for _, h := range people {
		require.NotContains(t, page, h.Email)
	}
	approve := "/console/incidents/" + k.id + "/approve"
	_, page = author.get(t, approve)
	require.NotContains(t, page, `value="approve"`, "the author has no button")
	_, page = lead.get(t, approve)
	require.Contains(t, page, `value="approve"`)
	token := csrfField.FindStringSubmatch(page)
	require.Len(t, token, 2)
	form := url.Values{"csrf": {token[1]}, "plan_hash": {hash}, "decision": {"approve"}, "unreviewed": {"yes"}}
	forged := url.Values{"csrf": {"guessed"}, "plan_hash": {hash}, "decision": {"approve"}, "unreviewed": {"yes"}}
	status, _ = lead.post(t, approve, forged)
	require.Equal(t, http.StatusForbidden, status)
	require.Equal(t, breach.PlanAwaiting, k.overview(t).Waves[0].Plan.State)
	status, page = lead.post(t, approve, form)
	require.Equal(t, http.StatusOK, status, "%s", visible(t, page))
	v := k.told(t)
	require.EqualValues(t, len(people), v.People[breach.Reached])
	_, page = author.get(t, "/console/incidents/"+k.id)
	require.Contains(t, visible(t, page), "Reached")
	status, _ = w.browser(t, w.reader).get(t, "/console/incidents/"+k.id)
	require.Equal(t, http.StatusOK, status)
}

// command is the operator's program in the hands of one person.
type command struct {
	program, dir string
	env          []string
}

// run runs one command line and gives what it wrote to stdout.
func (c command) run(t *testing.T, want int, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), c.program, args...)
	cmd.Dir, cmd.Env = c.dir, c.env
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	_ = cmd.Run() // the exit status says it
	require.Equal(t, want, cmd.ProcessState.ExitCode(), "tocsin %q\n%s\n%s", args, out.Bytes(), said.Bytes())
	return out.Bytes()
}

func (c command) json(t *testing.T, into any, args ...string) {
	t.Helper()
	out := c.run(t, 0, append(args, "-o", "json")...)
	require.NoError(t, json.Unmarshal(out, into), "tocsin %q: %s", args, out)
}

// The whole story by commands, against the running product: two people, one opens and writes, the other
// one approves and closes; the evidence verifies where no server is.
func TestMainJob11TheStoryByCommands(t *testing.T) {
	t.Parallel()
	w, c := theWorld(t), newCrowd()
	dir := t.TempDir()
	as := w.commands(t, dir)
	author, lead := as(w.author), as(w.lead)

	file, err := json.Marshal(example(t))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "incident.json"), file, 0o600))
	people := append(c.some(5), theForty(c)[:12]...)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "people.csv"), listOf(t, people), 0o600))

	var opened breach.Opened
	author.json(t, &opened, "incident", "open", "-f", "incident.json")
	k := &kase{w: w, id: opened.Incident, author: w.as(w.author), lead: w.as(w.lead)}
	var list struct {
		Added int64 `json:"added"`
	}
	author.json(t, &list, "recipients", "load", k.id, "people.csv")
	require.EqualValues(t, len(people), list.Added)
	var plan breach.Submitted
	author.json(t, &plan, "plan", "submit", k.id)
	require.NotEmpty(t, plan.PlanHash)
	require.Contains(t, string(author.run(t, 0, "plan", "show", k.id)), "mei.chen")
	author.run(t, 1, "plan", "approve", k.id, "--plan-hash", plan.PlanHash, "--accept-unreviewed")
	lead.run(t, 0, "plan", "approve", k.id, "--plan-hash", plan.PlanHash, "--accept-unreviewed")
	k.told(t)
	var v breach.Overview
	lead.json(t, &v, "incident", "status", k.id)
	require.EqualValues(t, len(people), v.People.Sum())
	require.Zero(t, v.People[breach.Pending])
	require.Contains(t, string(lead.run(t, 0, "person", "find", k.id, "--email", people[0].Email)), "Reached")
	lead.run(t, 0, "report", "acknowledge", k.id, "cn-pipl-57/authority/notice", "--number", "CAC-11")
	lead.run(t, 1, "incident", "close", k.id)
	lead.run(t, 0, "incident", "close", k.id, "--reason", "follow-up reports are not in this story")
	k.until(t, "sealed evidence", func(v breach.Overview) bool { return v.Evidence != nil })
	lead.run(t, 0, "evidence", "export", k.id, "-O", "pack.zip")

	alone := command{author.program, dir, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir}}
	alone.run(t, 0, "evidence", "verify", "pack.zip")
	pack, err := os.ReadFile(filepath.Join(dir, "pack.zip"))
	require.NoError(t, err)
	pack[len(pack)/2] ^= 1
	require.NoError(t, os.WriteFile(filepath.Join(dir, "forged.zip"), pack, 0o600))
	alone.run(t, 1, "evidence", "verify", "forged.zip")
	alone.run(t, 0, "assess", "-f", "incident.json")
	nowhere := as(w.lead)
	nowhere.env[2] = "TOCSIN_SERVER=http://127.0.0.1:1"
	nowhere.run(t, 3, "incident", "status", k.id)
}
