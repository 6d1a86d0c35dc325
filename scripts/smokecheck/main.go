// Command smokecheck judges the summary that a demo wrote: a program of our own, so that a fresh
// machine needs neither jq nor Python for it.
//
//	smokecheck [-policy NAME] SUMMARY   check; every complaint on a line of its own, exit 1
//	smokecheck -print-pack SUMMARY      print the path of the evidence pack
//	smokecheck -flip FILE               change one byte in the middle of a file
//
// Imports of ours: none: it reads what everybody may script against.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// summary is the fixed outside shape; pointers tell absent from zero.
type summary struct {
	Incident     string                    `json:"incident"`
	Policy       string                    `json:"policy"`
	Assessment   *struct{ Level string }   `json:"assessment"`
	Obligations  []json.RawMessage         `json:"obligations"`
	People       map[string]int            `json:"people"`
	Deliveries   map[string]map[string]int `json:"deliveries"`
	Announcement *struct {
		Published bool   `json:"published"`
		Reason    string `json:"reason"`
	} `json:"announcement"`
	Reports []struct {
		Regime          string `json:"regime"`
		Status          string `json:"status"`
		Acknowledgement string `json:"acknowledgement"`
	} `json:"reports"`
	Evidence struct {
		File     string `json:"file"`
		SHA256   string `json:"sha256"`
		Verified bool   `json:"verified"`
	} `json:"evidence"`
	Open []struct {
		What string `json:"what"`
		Ref  string `json:"ref"`
	} `json:"open"`
	TimingsMS map[string]int `json:"timings_ms"`
}

var outcomes = []string{"reached", "attempted", "unreachable", "covered_by_announcement", "exempt", "held", "withdrawn", "pending"}

func main() {
	policy := flag.String("policy", "", "the policy that the demo ran under")
	printPack := flag.Bool("print-pack", false, "print the path of the evidence pack")
	flip := flag.Bool("flip", false, "change one byte of the file")
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(os.Stdout, flag.Arg(0), *policy, *printPack, *flip); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(out io.Writer, file, policy string, printPack, flip bool) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if flip {
		if len(b) == 0 {
			return errors.New("an empty file has no byte to change")
		}
		b[len(b)/2] ^= 1
		return os.WriteFile(file, b, 0o600)
	}
	var s summary
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("the summary is no JSON of the agreed shape: %w", err)
	}
	if printPack {
		_, err := fmt.Fprintln(out, s.Evidence.File)
		return err
	}
	if wrong := check(s, policy); len(wrong) > 0 {
		return errors.New("the demo's summary:\n  " + strings.Join(wrong, "\n  "))
	}
	_, err = fmt.Fprintf(out, "demo %s: %d people accounted for: %s\n", s.Policy, s.People["total"], list(s.People))
	return err
}

func list(people map[string]int) string {
	parts := make([]string, 0, len(outcomes))
	for _, o := range outcomes {
		parts = append(parts, fmt.Sprintf("%d %s", people[o], o))
	}
	return strings.Join(parts, ", ")
}

func check(s summary, policy string) []string {
	var wrong []string
	must := func(ok bool, format string, args ...any) {
		if !ok {
			wrong = append(wrong, fmt.Sprintf(format, args...))
		}
	}
	must(s.Incident != "", "no incident id")
	must(policy == "" || s.Policy == policy, "the policy is %q and should be %q", s.Policy, policy)
	must(s.Assessment != nil && s.Assessment.Level != "", "no assessment")
	must(len(s.Obligations) > 0, "no obligations")
	wrong = append(wrong, checkPeople(s)...)
	wrong = append(wrong, checkDeliveries(s)...)
	must(s.Announcement != nil && s.Announcement.Reason != "", "no reason for or against an announcement")
	covered := s.People["covered_by_announcement"]
	must(covered == 0 || s.Announcement != nil && s.Announcement.Published, "%d people are covered by an announcement that was not published", covered)
	must(len(s.Reports) > 0, "no report")
	for _, r := range s.Reports {
		must(slices.Contains([]string{"filed", "acknowledged", "closed"}, r.Status), "the report of %s is %q", r.Regime, r.Status)
		must(r.Acknowledgement != "", "the report of %s has no acknowledgement", r.Regime)
	}
	for _, o := range s.Open {
		must(false, "something is open: %s %s", o.What, o.Ref)
	}
	must(s.Evidence.Verified, "the evidence pack was not verified")
	if sum, err := sha256Of(s.Evidence.File); err != nil {
		wrong = append(wrong, "the evidence pack cannot be read: "+err.Error())
	} else {
		must(sum == s.Evidence.SHA256, "the evidence pack has SHA-256 %s, the summary says %s", sum, s.Evidence.SHA256)
	}
	for _, k := range []string{"detect_to_open", "approve_to_first_handover", "approve_to_last_handover"} {
		ms, ok := s.TimingsMS[k]
		must(ok && ms >= 0, "no timing %s", k)
	}
	return wrong
}

func checkPeople(s summary) []string {
	var wrong []string
	sum := 0
	for name, n := range s.People {
		if name != "total" {
			sum += n
		}
		if n < 0 {
			wrong = append(wrong, fmt.Sprintf("%d people are %s", n, name))
		}
	}
	for _, o := range outcomes {
		if _, ok := s.People[o]; !ok {
			wrong = append(wrong, "people has no "+o)
		}
	}
	if total := s.People["total"]; sum != total || total == 0 {
		wrong = append(wrong, fmt.Sprintf("people add up to %d, the total is %d", sum, total))
	}
	if n := s.People["pending"]; n != 0 {
		wrong = append(wrong, fmt.Sprintf("%d people are pending at the end", n))
	}
	if s.People["reached"] == 0 {
		wrong = append(wrong, "nobody was reached")
	}
	return wrong
}

func checkDeliveries(s summary) []string {
	var wrong []string
	attempts := 0
	for _, channel := range []string{"email", "sms", "push", "voice", "letter"} {
		d, ok := s.Deliveries[channel]
		if !ok {
			wrong = append(wrong, "deliveries has no "+channel)
		}
		for state, n := range d {
			if state != "repeated" {
				attempts += n
			}
		}
		if d["intended"] != 0 {
			wrong = append(wrong, fmt.Sprintf("%d attempts by %s have no outcome at the end", d["intended"], channel))
		}
		if d["unknown"] != 0 {
			wrong = append(wrong, fmt.Sprintf("%d attempts by %s are unknown at the end", d["unknown"], channel))
		}
	}
	if attempts == 0 {
		wrong = append(wrong, "nothing was sent")
	}
	return wrong
}

func sha256Of(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
