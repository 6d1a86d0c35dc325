package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// PackInfo is a pack in force with where it came from.
type PackInfo struct {
	Pack
	SHA256  string
	BuiltIn bool // the bytes are those of this program
}

// Infos returns the packs in force, in order of id. They must not be changed.
func (r *Rules) Infos() []PackInfo {
	own := ownHashes()
	out := make([]PackInfo, len(r.packs))
	for i, p := range r.packs {
		out[i] = PackInfo{p.Pack, p.sha, own[p.sha]}
	}
	return out
}

// ownHashes are the SHA-256 of the packs of this program.
func ownHashes() map[string]bool {
	out := map[string]bool{}
	names, _ := fs.Glob(packFiles, "packs/*.yaml") // the pattern is sound, and what is embedded can be read
	for _, name := range names {
		b, _ := packFiles.ReadFile(name)
		sum := sha256.Sum256(b)
		out[hex.EncodeToString(sum[:])] = true
	}
	return out
}

// Plain is the pack as maps and lists, with the names of the file format.
func (p Pack) Plain() (map[string]any, error) {
	b, err := yaml.Marshal(p)
	if err != nil {
		return nil, breach.Errorf(breach.ErrInternal, "the pack cannot be written: %w", err)
	}
	var out map[string]any
	err = yaml.Unmarshal(b, &out)
	return out, err
}

// Aspect is one thing that a pack says, in words: of the whole regime (Of is empty), of a duty or of one of its
// obligations.
type Aspect struct {
	Of   string   `json:"of,omitempty"` // <id>/<addressee>, or the obligation's id
	Name string   `json:"name"`
	Says []string `json:"says"`
}

// Aspects puts a pack into words, in the order of the file; what a pack does not say is left out.
func (p Pack) Aspects() (out []Aspect) {
	add := func(of, name string, says ...string) {
		says = slices.DeleteFunc(slices.Clone(says), func(s string) bool { return s == "" })
		if len(says) > 0 {
			out = append(out, Aspect{of, name, says})
		}
	}
	add("", "name", p.Name)
	add("", "kind", p.Kind)
	add("", "authority", p.Authority)
	add("", "where", p.Jurisdiction)
	add("", "in force", p.InForce.words())
	add("", "days", prefixed("end at midnight in ", p.TimeZone)+prefixed(", without the holidays of calendar ", p.Calendar))
	add("", "rests on", map[string]string{bindingLaw: "law", bindingHouse: "a promise or policy, not law"}[p.Binding])
	add("", "citation", p.Citation)
	add("", "checked", checkedWords(p))
	add("", "not checked", p.Unverified...)
	add("", "language", p.Language)
	add("", "notes", p.Notes...)
	for _, q := range slices.Sorted(maps.Keys(p.Questions)) {
		add("", "question "+q, p.Questions[q])
	}
	for _, d := range p.Define {
		add("", "def."+d.Name, d.When)
	}
	for _, n := range slices.Sorted(maps.Keys(p.Tests)) {
		add("", "test "+n, testWords(p.Tests[n])...)
	}
	add("", "binds", testWords(p.Scope)...)
	for i := range p.Duties {
		p.dutyWords(&p.Duties[i], add)
	}
	for _, o := range p.Others {
		add("", "others to tell", o.Who+": "+o.When)
	}
	add("", "sources", p.Source...)
	return out
}

func checkedWords(p Pack) string {
	if p.Verified {
		return "verified against its source, last on " + p.LastChecked
	}
	return "NOT verified against its source; last looked at on " + p.LastChecked
}

func (f PackInForce) words() string {
	switch {
	case f.Pending != "":
		return "not yet: " + f.Pending
	case f.From == "" && f.To == "":
		return ""
	case f.To == "":
		return "from " + f.From
	case f.From == "":
		return "until " + f.To
	}
	return "from " + f.From + " until " + f.To
}

func (p Pack) dutyWords(d *PackDuty, add func(of, name string, says ...string)) {
	of := p.ID + "/" + d.Addressee
	add(of, "to", d.To)
	add(of, "contents", strings.Join(d.Contents, ", "), d.ContentsNote)
	for _, c := range d.ContentsIf {
		add(of, "contents besides", strings.Join(c.Contents, ", ")+": "+c.Because+condition(c.When))
	}
	add(of, "may follow later", strings.Join(d.Deferrable, ", "))
	add(of, "must not say", strings.Join(d.Forbidden, ", "))
	add(of, "title", d.Title)
	add(of, "headings", strings.Join(d.Headings, " | "))
	if d.MinFontPt > 0 {
		add(of, "smallest print", fmt.Sprintf("%d points", d.MinFontPt))
	}
	for _, m := range d.Remedies {
		s := strings.ReplaceAll(m.Offer, "_", " ")
		if m.Months > 0 {
			s += fmt.Sprintf(" for %d months", m.Months)
		}
		add(of, "must be offered", s+": "+m.Because+condition(m.When))
	}
	add(of, "channels", strings.Join(d.Channels, ", "), d.ChannelNote)
	add(of, "route", d.Route)
	for _, s := range d.Substitutes {
		add(of, "instead of telling one by one", append([]string{s.words()}, testWords(s.When)...)...)
	}
	add(of, "hold", d.Hold.words(p.Calendar)...)
	add(of, "only after", strings.Join(d.NotBefore, ", "))
	for i := range d.Phases {
		phaseWords(of+"/"+d.Phases[i].ID, &d.Phases[i], add)
	}
}

func phaseWords(of string, ph *PackPhase, add func(of, name string, says ...string)) {
	add(of, "duty", ph.Title)
	add(of, "due", ph.Clock.words()...)
	add(of, "follows", strings.Join(ph.Follows, ", "))
	add(of, "binds", testWords(ph.AppliesTo)...)
	add(of, "when", testWords(ph.Trigger)...)
	for _, e := range ph.Exemptions {
		add(of, "exempt: "+strings.ReplaceAll(e.ID, "_", " "), append([]string{e.Because + " [" + e.Citation + "]"}, testWords(e.Test)...)...)
	}
	add(of, "contents", strings.Join(ph.Contents, ", "))
	add(of, "if late, besides", strings.Join(ph.Late, ", "))
	add(of, "citation", ph.Citation)
	if ph.Unverified {
		add(of, "checked", "NOT verified against its source")
	}
	add(of, "note", ph.Note)
}

func testWords(t PackTest) (out []string) {
	if t.Question != "" {
		out = append(out, "decided by a person who answers: "+t.Question)
	}
	for _, c := range t.AnyOf {
		out = append(out, c.words())
	}
	for _, c := range t.NoneIf {
		out = append(out, "not if: "+c.words())
	}
	if t.Otherwise != "" {
		out = append(out, "otherwise: "+t.Otherwise)
	}
	return out
}

func (c PackCondition) words() string {
	s := c.Because + condition(c.When)
	if c.Question != "" {
		s += " (a person answers: " + c.Question + ")"
	}
	return s + prefixed(" (test ", c.Test) + map[bool]string{true: ")"}[c.Test != ""]
}

func condition(when string) string {
	if when == "" {
		return ""
	}
	return " {" + when + "}"
}

func prefixed(before, s string) string {
	if s == "" {
		return ""
	}
	return before + s
}

func termWords(value int, unit, counting string) string {
	t := DeadlineTerm{value, unit, counting}
	u := strings.ReplaceAll(unit, "_", " ")
	if value == 1 {
		u = strings.TrimSuffix(u, "s")
	}
	return fmt.Sprintf("%d %s (%s)", value, u, strings.ReplaceAll(t.counting(), "_", " "))
}

func (k PackClock) words() (out []string) {
	from := " from " + strings.ReplaceAll(k.From, "_", " ")
	if len(k.Prior) > 0 {
		from += " of " + strings.Join(k.Prior, ", ")
	}
	if k.Batch == batchYear {
		from += ", counted from the end of its calendar year"
	}
	switch {
	case k.Value != nil:
		out = append(out, termWords(*k.Value, k.Unit, k.Counting)+from)
		if k.Soft != "" {
			out = append(out, fmt.Sprintf("and %q", k.Soft))
		}
	default:
		out = append(out, fmt.Sprintf("%q%s; no number in the rule", k.Soft, from))
	}
	if k.Value == nil && k.EngineDefault == nil {
		out = append(out, "the policy's general term of the house (house_term) is its deadline: house policy, not law")
	}
	if t := k.EngineDefault; t != nil {
		out = append(out, "the house's term, not law: "+termWords(t.Value, t.Unit, t.Counting)+prefixed(", because it ", t.Why))
	}
	for _, v := range k.Variants {
		out = append(out, "instead "+termWords(v.Value, v.Unit, v.Counting)+": "+v.Because+condition(v.When))
	}
	for _, c := range k.EarlierOf {
		out = append(out, "or, when earlier, "+termWords(c.Value, c.Unit, c.Counting)+" from "+strings.ReplaceAll(c.From, "_", " ")+": "+c.Because+condition(c.When))
	}
	if x := k.Extension; x != nil {
		out = append(out, "may be extended by "+termWords(x.Value, x.Unit, "")+": "+x.If)
	}
	if k.Override != "" {
		out = append(out, "the policy's own "+strings.ReplaceAll(k.Override, "_", " ")+" takes the place of the house's term")
	}
	return out
}

func (s PackSubstitute) words() string {
	join := " or "
	if s.AllForms {
		join = " and "
	}
	out := strings.ReplaceAll(strings.Join(s.Form, join), "_", " ")
	if s.DurationDays > 0 {
		out += fmt.Sprintf(", up for %d days", s.DurationDays)
	}
	if s.CallCentreDays > 0 {
		out += fmt.Sprintf(", with a free telephone number for %d days", s.CallCentreDays)
	}
	return out + prefixed(" - ", s.Note)
}

func (h PackHold) words(calendar string) (out []string) {
	if !h.LawEnforcement {
		return nil
	}
	out = append(out, "law enforcement may ask for a delay"+prefixed(": ", h.Terms))
	if h.Forbids {
		out = append(out, "nothing may go out while it lasts")
	}
	if h.Clock != "" {
		out = append(out, "meanwhile the clock "+h.Clock)
	}
	for _, l := range h.Limits {
		s := l.Form + " request: as long as it says"
		if l.Days > 0 {
			s = fmt.Sprintf("%s request: %d days", l.Form, l.Days)
		}
		if len(l.Extensions) > 0 {
			s += ", extended by " + strings.Trim(strings.ReplaceAll(fmt.Sprint(l.Extensions), " ", ", "), "[]") + " days"
		}
		out = append(out, s)
	}
	if h.After != nil {
		out = append(out, "due "+termWords(h.After.Value, h.After.Unit, h.After.Counting)+" from the release")
		if h.After.Unit == unitBusiness && calendar == "" {
			out = append(out, "they count as calendar days, because the pack names no calendar")
		}
	}
	return out
}
