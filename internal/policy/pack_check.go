package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/cel"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

var (
	packID    = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,59}$`)
	packWord  = regexp.MustCompile(`^[a-z][a-z0-9_]{0,59}$`)
	fullPhase = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,59}/(authority|individuals|media|public|other)/[a-z][a-z0-9_]{0,59}$`)
)

// checkHead checks what every pack must say about itself.
func (l *packLoader) checkHead(p *Pack) {
	if p.Format != PackFormat {
		l.bad("format", "must be %s", PackFormat)
	}
	if !packID.MatchString(p.ID) {
		l.bad("id", "must be lower-case letters, digits and hyphens")
	}
	for at, v := range map[string]string{"name": p.Name, "authority": p.Authority, "jurisdiction": p.Jurisdiction, "version": p.Version, "citation": p.Citation} {
		if strings.TrimSpace(v) == "" {
			l.bad(at, "is missing")
		}
	}
	if !slices.Contains(packKinds, p.Kind) {
		l.bad("kind", "must be one of %s", strings.Join(packKinds, ", "))
	}
	if p.Binding != bindingLaw && p.Binding != bindingHouse {
		l.bad("binding", "must be law or house_policy")
	}
	if _, err := time.LoadLocation(p.TimeZone); err != nil || p.TimeZone == "" || p.TimeZone == "Local" {
		l.bad("time_zone", "must be a zone of the IANA database, such as Asia/Shanghai")
	}
	if p.Calendar != "" && l.calendars[p.Calendar] == nil {
		l.bad("calendar", "is not a calendar that is known")
	}
	for at, d := range map[string]string{"in_force.from": p.InForce.From, "in_force.to": p.InForce.To} {
		if _, err := time.Parse(dayFormat, d); d != "" && err != nil {
			l.bad(at, "must be a day such as 2026-01-31")
		}
	}
	if p.InForce.Pending != "" && p.InForce.From+p.InForce.To != "" {
		l.bad("in_force.pending", "stands beside a day; a regime that has one is no longer pending")
	}
	if _, err := time.Parse(dayFormat, p.LastChecked); err != nil {
		l.bad("last_checked", "must be a day such as 2026-01-31")
	}
	if len(p.Source) == 0 {
		l.bad("source", "is missing; say where the facts come from")
	}
	if len(p.Duties) == 0 {
		l.bad("duties", "are missing")
	}
}

// compile turns a pack with a sound head into programs, and complains about every place that is not sound.
func (l *packLoader) compile(c *compiledPack) {
	c.zone, _ = time.LoadLocation(c.TimeZone)
	id := c.Calendar
	if id == "" {
		id = "weekends"
	}
	c.calendar = l.calendars[id]
	if c.InForce.From != "" {
		c.from, _ = time.ParseInLocation(dayFormat, c.InForce.From, c.zone)
	}
	if c.InForce.To != "" {
		last, _ := time.ParseInLocation(dayFormat, c.InForce.To, c.zone)
		c.to = last.AddDate(0, 0, 1)
	}
	for q, text := range c.Questions {
		if !packWord.MatchString(q) || strings.TrimSpace(text) == "" {
			l.bad("questions", "need a short id in lower case and a text")
		}
		c.questions[c.ID+"/"+q] = text
	}
	env := l.define(c)
	p := &packCompiler{packLoader: l, pack: c, env: env}
	c.scope = p.test("scope", c.Scope, makesDuty)
	seen := map[string]bool{}
	for i := range c.Duties {
		p.duty(fmt.Sprintf("duties[%d]", i), &c.Duties[i], seen)
	}
}

// rule compiles a condition of a pack; one that uses no definitions is the same rule in every pack.
func (l *packLoader) rule(c *compiledPack, env *cel.Env, expr string, s side) (*rule, error) {
	if r, ok := l.shared[expr]; ok {
		c.own[expr] = r
	}
	r, err := c.own.compile(env, expr, c.defs, s)
	if err != nil {
		return nil, err
	}
	if !r.local {
		l.shared[expr] = r
	}
	if r.shows == nil {
		r.shows = make([]int, len(r.refs))
		for i, ref := range r.refs {
			if _, ok := l.shown[ref]; !ok {
				l.shown[ref] = len(l.shown)
			}
			r.shows[i] = l.shown[ref]
		}
	}
	return r, nil
}

func (l *packLoader) define(c *compiledPack) *cel.Env {
	names := make([]string, 0, len(c.Define))
	for i, d := range c.Define {
		if name := "def." + d.Name; !packWord.MatchString(d.Name) || slices.Contains(names, name) {
			l.bad(fmt.Sprintf("define[%d].name", i), "must be a new name in lower case")
		} else {
			names = append(names, name)
		}
	}
	env, err := withDefinitions(l.env, names)
	if err != nil {
		l.bad("define", "%v", err)
		return l.env
	}
	for i, d := range c.Define {
		if c.defs["def."+d.Name] != nil {
			continue
		}
		r, err := l.rule(c, env, d.When, eitherSide)
		if err != nil {
			l.bad(fmt.Sprintf("define[%d].when", i), "%v", err)
			continue
		}
		c.defs["def."+d.Name] = r
	}
	return env
}

type packCompiler struct {
	*packLoader
	pack  *compiledPack
	env   *cel.Env
	tests []*compiledTest // each once
}

func (p *packCompiler) rule(at, expr string, s side) *rule {
	r, err := p.packLoader.rule(p.pack, p.env, expr, s)
	if err != nil {
		p.bad(at, "%v", err)
	}
	return r
}

func (p *packCompiler) question(at, short string) string {
	if short == "" {
		return ""
	}
	full := p.pack.ID + "/" + short
	if p.pack.questions[full] == "" {
		p.bad(at, "is not a question of this pack")
	}
	return full
}

func (p *packCompiler) test(at string, t PackTest, s side) *compiledTest {
	c := &compiledTest{question: p.question(at+".question", t.Question), otherwise: t.Otherwise}
	conditions := func(name string, in []PackCondition, s side) (out []compiledCondition) {
		for i, k := range in {
			at := fmt.Sprintf("%s.%s[%d]", at, name, i)
			k2 := compiledCondition{because: k.Because, question: p.question(at+".question", k.Question)}
			if k.When != "" {
				k2.rule = p.rule(at+".when", k.When, s)
			}
			if k.Test != "" {
				k2.test = p.shared(at+".test", k.Test, s)
			}
			if k.When == "" && k.Question == "" && k.Test == "" {
				p.bad(at, "needs when, question or test")
			}
			if strings.TrimSpace(k.Because) == "" {
				p.bad(at+".because", "is missing; every condition says in plain words what it means")
			}
			out = append(out, k2)
		}
		return out
	}
	c.anyOf, c.noneIf = conditions("any_of", t.AnyOf, s), conditions("none_if", t.NoneIf, s.other())
	if !t.empty() && strings.TrimSpace(t.Otherwise) == "" && s == makesDuty {
		p.bad(at+".otherwise", "is missing; say in plain words what it means that this is not so")
	}
	for _, same := range p.tests {
		if c.is(same) {
			return same
		}
	}
	c.index = p.packLoader.tests
	p.packLoader.tests++
	for _, cs := range [][]compiledCondition{c.anyOf, c.noneIf} {
		for i := range cs {
			cs[i].index = p.places
			p.places++
		}
	}
	p.tests = append(p.tests, c)
	return c
}

// is tells whether two tests of a pack are one: duties repeat each other's conditions.
func (t *compiledTest) is(o *compiledTest) bool {
	same := func(a, b compiledCondition) bool {
		a.index = b.index
		return a == b
	}
	return t.question == o.question && t.otherwise == o.otherwise && slices.EqualFunc(t.anyOf, o.anyOf, same) && slices.EqualFunc(t.noneIf, o.noneIf, same)
}

// shared compiles a test of the pack for the side on which it is used. Shared tests do not use each other.
func (p *packCompiler) shared(at, name string, s side) *compiledTest {
	t, ok := p.pack.Tests[name]
	if !ok || t.empty() {
		p.bad(at, "is not a test of this pack")
		return nil
	}
	for _, c := range slices.Concat(t.AnyOf, t.NoneIf) {
		if c.Test != "" {
			p.bad("tests."+name, "uses another test; shared tests stand by themselves")
			return nil
		}
	}
	return p.test("tests."+name, t, s)
}

func (p *packCompiler) duty(at string, d *PackDuty, seen map[string]bool) {
	if packDuties[d.Addressee] == "" {
		p.bad(at+".addressee", "must be authority, individuals, media, public or other")
	}
	if strings.TrimSpace(d.To) == "" {
		p.bad(at+".to", "is missing")
	}
	p.contents(at+".contents", d.Contents)
	p.contents(at+".deferrable", d.Deferrable)
	p.contents(at+".forbidden", d.Forbidden)
	further, remedies := p.further(at, d), p.remedies(at, d)
	p.hold(at+".hold", d.Hold)
	if len(d.Phases) == 0 {
		p.bad(at+".phases", "are missing")
	}
	for _, id := range d.NotBefore {
		if !fullPhase.MatchString(id) {
			p.bad(at+".not_before", "must hold obligation ids")
		}
	}
	if d.Hold.LawEnforcement && !breach.KnownJurisdiction(p.pack.Jurisdiction) {
		p.bad(at+".hold", "needs a jurisdiction that says whose people wait: EU/EEA, a country, or its region (ISO 3166)")
	}
	var substitutes []*compiledTest
	for i, s := range d.Substitutes {
		at := fmt.Sprintf("%s.substitutes[%d]", at, i)
		if len(s.Form) == 0 {
			p.bad(at+".form", "is missing")
		}
		if s.DurationDays < 0 || s.CallCentreDays < 0 {
			p.bad(at, "has a negative number of days")
		}
		substitutes = append(substitutes, p.test(at+".when", s.When, takesDuty))
	}
	for i := range d.Phases {
		at := fmt.Sprintf("%s.phases[%d]", at, i)
		ph := p.phase(at, d, &d.Phases[i])
		if seen[ph.id] {
			p.bad(at+".id", "is given twice")
		}
		seen[ph.id] = true
		ph.substitute, ph.contentsIf, ph.remedies = substitutes, further, remedies
		p.pack.phases = append(p.pack.phases, ph)
	}
}

func (p *packCompiler) contents(at string, fields []string) {
	for i, f := range fields {
		if PackContents[f] == "" {
			p.bad(fmt.Sprintf("%s[%d]", at, i), "is not a content field that is known")
		}
	}
}

func (p *packCompiler) phase(at string, d *PackDuty, ph *PackPhase) *compiledPhase {
	c := &compiledPhase{id: p.pack.ID + "/" + d.Addressee + "/" + ph.ID, pack: p.pack, duty: d, phase: ph}
	if !packWord.MatchString(ph.ID) {
		p.bad(at+".id", "must be a word in lower case")
	}
	if strings.TrimSpace(ph.Title) == "" {
		p.bad(at+".title", "is missing; say the duty in plain words")
	}
	full := func(ids []string) (out []string) {
		for _, id := range ids {
			if !strings.Contains(id, "/") {
				id = p.pack.ID + "/" + d.Addressee + "/" + id
			}
			out = append(out, id)
		}
		return out
	}
	c.follows, c.prior = full(ph.Follows), full(ph.Clock.Prior)
	if len(c.follows) > 0 && (len(ph.Exemptions) > 0 || !ph.Trigger.empty() || !ph.AppliesTo.empty()) {
		p.bad(at, "takes the verdict of another phase; it can have no conditions of its own")
	}
	c.appliesTo = p.test(at+".applies_to", ph.AppliesTo, makesDuty)
	c.trigger = p.test(at+".trigger", ph.Trigger, makesDuty)
	c.exempt = p.exemptions
	p.exemptions += len(ph.Exemptions)
	for i, e := range ph.Exemptions {
		at := fmt.Sprintf("%s.exemptions[%d]", at, i)
		if !packWord.MatchString(e.ID) || strings.TrimSpace(e.Because) == "" || strings.TrimSpace(e.Citation) == "" {
			p.bad(at, "needs id, because and citation")
		}
		c.exemptions = append(c.exemptions, p.test(at+".test", e.Test, takesDuty))
		if e.Test.Question == "" && len(e.Test.AnyOf) == 0 {
			p.bad(at+".test", "needs a question or any_of; an exemption that nothing proves would always exempt")
		}
	}
	p.contents(at+".contents", ph.Contents)
	p.contents(at+".late", ph.Late)
	p.clock(at+".clock", c)
	return c
}

func (p *packCompiler) clock(at string, c *compiledPhase) {
	k := c.phase.Clock
	if PackStarts[k.From] == "" {
		p.bad(at+".from", "is not a clock start that is known")
	}
	term := func(at string, t DeadlineTerm) {
		if what := t.check(); what != "" {
			p.bad(at, "%s", what)
		}
	}
	switch {
	case k.Value != nil:
		term(at, DeadlineTerm{*k.Value, k.Unit, k.Counting})
	case k.Soft == "":
		p.bad(at, "needs a value, or in soft the law's own words")
	case k.Unit != "" || k.Counting != "" || len(k.EarlierOf) > 0:
		p.bad(at, "has no value, so unit, counting and earlier_of have no meaning")
	}
	if x := k.Extension; x != nil {
		term(at+".extension", DeadlineTerm{x.Value, x.Unit, ""})
		if strings.TrimSpace(x.If) == "" {
			p.bad(at+".extension.if", "is missing; say on what the extension depends")
		}
	}
	if k.EngineDefault != nil {
		term(at+".engine_default", k.EngineDefault.term())
		if k.Value != nil {
			p.bad(at+".engine_default", "stands beside a legal number; only wording without a number needs one")
		}
	}
	if (k.From == startPrior) != (len(k.Prior) > 0) {
		p.bad(at+".prior", "belongs to from: %s and to nothing else", startPrior)
	}
	if k.Batch != "" && k.Batch != batchYear || k.Override != "" && k.Override != overridePrompt {
		p.bad(at, "has a batch or an override that is not known")
	}
	for i, v := range k.Variants {
		at := fmt.Sprintf("%s.variants[%d]", at, i)
		term(at, DeadlineTerm{v.Value, v.Unit, v.Counting})
		c.variants = append(c.variants, p.rule(at+".when", v.When, eitherSide))
	}
	for i, v := range k.EarlierOf {
		at := fmt.Sprintf("%s.earlier_of[%d]", at, i)
		term(at, DeadlineTerm{v.Value, v.Unit, v.Counting})
		if PackStarts[v.From] == "" || v.From == startPrior || v.From == startRequest {
			p.bad(at+".from", "is not a clock start that can be used here")
		}
		var r *rule
		if v.When != "" {
			r = p.rule(at+".when", v.When, eitherSide)
		}
		c.caps = append(c.caps, r)
	}
}

const (
	batchYear      = "end_of_year"
	overridePrompt = "prompt_notice"
)

func (t PackTerm) term() DeadlineTerm { return DeadlineTerm{t.Value, t.Unit, t.Counting} }

func (t PackTest) empty() bool { return t.Question == "" && len(t.AnyOf) == 0 && len(t.NoneIf) == 0 }
