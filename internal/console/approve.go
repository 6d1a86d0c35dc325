package console

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// approveView is the whole of what somebody approves, in five parts, and the decision beside it.
type approveView struct {
	ID, Base, Title string
	Heading         string
	Wave            int
	None            bool // there is no plan
	State           badge
	Made            string
	People          string // "142,910 people"
	Alone           bool   // it holds reports to authorities only, and nobody is told
	Clock           *clock
	For             string // what the clock is for
	Groups          []textGroup
	TextCount       int
	ChannelCount    int
	LanguageCount   int
	Unreviewed      []string // languages
	UnreviewedSay   string
	Snapshot        []fact
	Order           []channelPlanRow
	AtOnce          bool
	Nobody          string // whom the policy lets nobody tell, though there are contacts
	Policy          []fact
	Duties          []string
	Rules           []fact
	Hash            []string
	HashShort       string
	Stale           string // facts moved on since the plan was made
	Contents        *contentsView
	Numbers         []string
	Broken          bool
	Decision        decisionView
	Trial           *trialView
	SMSCost         []string
}

// fact is a name and a value.
type fact struct {
	Name, Value string
	Mono        bool
}

type channelPlanRow struct{ Place, Channel, Contacts, Begun string }

// decisionView says whether this person may decide, and if not, why.
type decisionView struct {
	May      bool
	WhyNot   string
	Author   string
	CSRF     string
	Hash     string
	Comment  string // kept when something was wrong with the form
	Decided  string
	Problem  *problem
	TickErr  string
	WriteErr string
}

func (s *server) approvePage(v *visit) error {
	wave, _ := strconv.Atoi(v.r.URL.Query().Get("wave")) // anything else is the newest
	view, err := s.approveView(v, max(0, wave))
	if err != nil {
		return err
	}
	return s.showApprove(v, http.StatusOK, view)
}

func (s *server) showApprove(v *visit, status int, view approveView) error {
	return v.show(status, "approve", frame{Title: v.l.T("Approval, incident %s", view.ID), Here: "incidents", HoldsFigures: true, Main: view})
}

func (s *server) approveView(v *visit, wave int) (approveView, error) {
	id, err := v.incidentID()
	if err != nil {
		return approveView{}, err
	}
	ctx := v.r.Context()
	o, err := s.Desk.Overview(ctx, id)
	if err != nil {
		return approveView{}, err
	}
	view := approveView{ID: id, Base: base + "incidents/" + id, Title: v.l.incidentTitle(o.Incident)}
	rec, texts, err := s.Desk.Plan(ctx, id, wave)
	if err != nil && breach.CodeOf(err) == breach.ErrNotFound {
		view.None = true
		return view, nil
	}
	if err != nil {
		return view, err
	}
	l := v.l
	view.Wave, view.State, view.People = rec.Plan.Wave, l.planState(rec.State), l.toldBy(rec.Plan.People.Total)
	view.Alone = rec.Plan.People.Total == 0
	view.Made = l.T("Plan %d for list %d, by %s, %s", rec.Plan.Revision, rec.Plan.Wave, l.actor(rec.Author), l.At(rec.CreatedAt).Shown)
	view.Hash, view.HashShort = grouped4(rec.Hash), short(rec.Hash)
	l.approveTexts(&view, rec, texts)
	l.approvePeople(&view, rec.Plan.People)
	ways, err := s.Desk.FirstWays(ctx, id, rec)
	if err != nil {
		return view, err
	}
	l.approveChannels(&view, rec.Plan, ways)
	l.approveRules(&view, rec.Plan, o)
	cost, err := s.Desk.SMSCost(ctx, id, rec, texts)
	if err != nil {
		return view, err
	}
	view.SMSCost = l.smsCost(cost)
	view.Contents, view.Numbers = l.contents(rec.Plan.Contents), l.numbers(rec.Plan.Numbers)
	view.Decision = l.decision(rec, v.actor)
	view.Decision.CSRF, view.Trial = v.session.csrf, l.trial(rec.Plan, v.actor)
	if view.Broken {
		view.Trial = nil
	}
	if view.Broken && view.Decision.May {
		view.Decision.May, view.Decision.WhyNot = false, l.T("A text is not the one that its hash names. Do not approve; find out who changed it, and have the plan submitted anew.")
	}
	view.Heading = l.approveHeading(view)
	if d := planClock(o, view.Alone); d != nil {
		c := l.clock(*d.DueAt)
		view.Clock, view.For = &c, l.T(titleOf(*d))
	}
	return view, nil
}

func (l speech) approveHeading(view approveView) string {
	switch {
	case view.Alone && view.Decision.May:
		return l.T("Approve the reports to authorities")
	case view.Alone:
		return l.T("Reports to authorities")
	case view.Decision.May:
		return l.T("Approve what %s will be told", view.People)
	}
	return l.T("What %s will be told", view.People)
}

// planClock is the first deadline for telling people, or authorities alone, or else the first of all.
func planClock(o breach.Overview, alone bool) *breach.Duty {
	duty := "notify_individuals"
	if alone {
		duty = "notify_authority"
	}
	var found *breach.Duty
	for i := range o.Duties {
		d := &o.Duties[i]
		if s, _ := stand(o, *d); s == running && d.Duty == duty && (found == nil || d.DueAt.Before(*found.DueAt)) {
			found = d
		}
	}
	if found == nil {
		found, _ = firstClock(o)
	}
	return found
}

func (l speech) approveTexts(view *approveView, rec breach.PlanRecord, texts []breach.Text) {
	frames := view.Base + "/texts/" + strconv.Itoa(rec.Plan.Wave) + "/"
	langs, channels, unreviewed := map[string]bool{}, map[string]bool{}, map[string]bool{}
	at := map[string]int{}
	for _, t := range texts {
		key := t.Ref.Kind
		if t.Ref.Kind == breach.KindNotice {
			key += t.Ref.Channel
			channels[t.Ref.Channel] = true
		}
		i, known := at[key]
		if !known {
			i = len(view.Groups)
			at[key] = i
			view.Groups = append(view.Groups, l.textGroup(t.Ref, rec.Plan))
		}
		shown := l.textView(t, frames)
		if t.Ref.Kind == breach.KindReport {
			shown.Heading = l.T("Report") + ": " + shown.Heading
		}
		view.Groups[i].Texts = append(view.Groups[i].Texts, shown)
		view.Broken = view.Broken || shown.Broken
		langs[t.Ref.Locale] = true
		if !t.Ref.Reviewed {
			unreviewed[t.Ref.Locale] = true
		}
	}
	want := len(rec.Plan.Notices) + len(rec.Plan.Announcement) + len(rec.Plan.Reports)
	view.Broken = view.Broken || want != len(texts)
	view.TextCount, view.LanguageCount, view.ChannelCount = len(texts), len(langs), len(channels)
	var people int64
	for _, locale := range slices.Sorted(maps.Keys(unreviewed)) {
		view.Unreviewed = append(view.Unreviewed, l.Language(locale))
		people += rec.Plan.People.ByLocale[locale]
	}
	if len(view.Unreviewed) > 0 && view.Alone {
		view.UnreviewedSay = l.T("Nobody of your organisation has signed off these texts.")
	} else if len(view.Unreviewed) > 0 {
		view.UnreviewedSay = l.T("Nobody of your organisation has signed off these texts. %s of the list read in these languages.", l.People(people))
	}
}

func (l speech) textGroup(r breach.NoticeRef, p breach.Plan) textGroup {
	switch r.Kind {
	case breach.KindAnnouncement:
		return textGroup{Heading: l.T("Announcement, if people cannot be told one by one"), Note: l.T("Published on the public page of notices, for those who cannot be reached.")}
	case breach.KindReport:
		return textGroup{Heading: l.T("Reports to authorities"), Note: l.T("Filed as they stand here.")}
	}
	g := textGroup{Heading: l.channel(r.Channel)}
	if n, known := p.People.Reachable[breach.Channel(r.Channel)]; known {
		g.Note = l.T("%s have a contact for it.", l.People(n))
	}
	return g
}

func (l speech) approvePeople(view *approveView, p breach.PeopleSnapshot) {
	if view.Alone {
		view.Snapshot = append(view.Snapshot, fact{l.T("People"), view.People, false})
		return
	}
	view.Snapshot = append(view.Snapshot, fact{l.T("People"), l.Num(p.Total), false})
	if p.Guardian > 0 {
		view.Snapshot = append(view.Snapshot, fact{l.T("Through a guardian"), l.Count(p.Guardian, "1 child", "%s children"), false})
	}
	view.Snapshot = append(view.Snapshot, fact{l.T("Without any usable contact"), l.People(p.None), false})
	var langs []string
	order := slices.Sorted(maps.Keys(p.ByLocale))
	slices.SortStableFunc(order, func(a, b string) int { return int(p.ByLocale[b] - p.ByLocale[a]) })
	for _, locale := range order {
		langs = append(langs, l.Language(locale)+" "+l.Num(p.ByLocale[locale]))
	}
	if len(langs) > 0 {
		view.Snapshot = append(view.Snapshot, fact{l.T("Languages"), strings.Join(langs, l.T(", ")), false})
	}
	view.Snapshot = append(view.Snapshot, fact{l.T("Digest of the list"), short(p.Digest) + "…", true})
}

func (l speech) approveChannels(view *approveView, p breach.Plan, ways *breach.Ways) {
	for i, c := range p.Channels.Order {
		if view.Alone {
			break
		}
		place := strconv.Itoa(i + 1)
		if p.Channels.AtOnce {
			place = "•"
		}
		row := channelPlanRow{Place: place, Channel: l.channel(string(c)), Contacts: l.Num(p.People.Reachable[c])}
		if ways != nil {
			row.Begun = l.Num(ways.Begun(c))
		}
		view.Order = append(view.Order, row)
	}
	if ways != nil && ways.Nobody > 0 {
		view.Nobody = l.T("%s have contacts, none of which the policy lets anybody use.", l.People(ways.Nobody))
	}
	view.Policy = []fact{{l.T("Policy"), p.Channels.Policy, false}, {l.T("Digest of the policy"), short(p.Channels.SHA256) + "…", true}}
	if view.AtOnce = p.Channels.AtOnce; view.AtOnce {
		view.Policy = append(view.Policy, fact{l.T("Order"), l.T("All channels at once: somebody may get several messages."), false})
	}
}

func (l speech) approveRules(view *approveView, p breach.Plan, o breach.Overview) {
	for _, d := range o.Duties {
		if d.Verdict == breach.Applies {
			view.Duties = append(view.Duties, l.T(titleOf(d))+" ("+l.law(d)+")")
		}
	}
	view.Rules = []fact{{l.T("Facts"), l.T("revision %d", p.Rules.FactRevision), false}, {l.T("Digest of the rule packs"), short(p.Rules.SHA256) + "…", true}}
	if o.Incident.FactRevision > p.Rules.FactRevision {
		view.Stale = l.T("The facts are at revision %d by now. If they change what is sent, this plan becomes void.", o.Incident.FactRevision)
	}
}

func (l speech) decision(rec breach.PlanRecord, by breach.Actor) decisionView {
	d := decisionView{Hash: rec.Hash, Author: l.actor(rec.Author)}
	switch {
	case rec.State != breach.PlanAwaiting:
		d.Decided = l.planState(rec.State).Text
		if rec.DecidedAt != nil {
			d.Decided = l.T("%s by %s, %s.", d.Decided, l.actor(rec.DecidedBy), l.At(*rec.DecidedAt).Shown)
		}
		if rec.Comment != "" {
			d.WhyNot = rec.Comment
		}
		if len(rec.Accepted) > 0 {
			d.WhyNot = l.T("Texts that nobody had signed off were accepted with it: %s.", strings.Join(rec.Accepted, l.T(", ")))
		}
	case strings.EqualFold(strings.TrimSpace(by.ID), strings.TrimSpace(rec.Author)):
		d.WhyNot = l.T("You submitted this plan, so you cannot approve it. Another person whose role is lead must decide.")
	case by.Role != breach.RoleLead:
		d.WhyNot = l.T("Your role may read this plan. A person whose role is lead must decide.")
	default:
		d.May = true
	}
	return d
}

// decide takes the decision. Everything is checked again behind the desk; what is wrong is said in place.
func (s *server) decide(v *visit) error {
	id, err := v.incidentID()
	if err != nil {
		return err
	}
	wave, _ := strconv.Atoi(v.r.PostFormValue("wave")) // anything else is the newest
	hash, comment := v.r.PostFormValue("plan_hash"), strings.TrimSpace(v.r.PostFormValue("comment"))
	view, err := s.approveView(v, max(0, wave))
	if err != nil {
		return err
	}
	view.Decision.Comment = comment
	var rec breach.PlanRecord
	switch v.r.PostFormValue("decision") {
	case "approve":
		if len(view.Unreviewed) > 0 && v.r.PostFormValue("unreviewed") != "yes" && view.Decision.Hash == hash {
			view.Decision.TickErr = v.l.T("Confirm that the unreviewed texts are sent, or return the plan.")
			return s.showApprove(v, http.StatusUnprocessableEntity, view)
		}
		rec, err = s.Desk.Approve(v.r.Context(), id, breach.Consent{PlanHash: hash, Unreviewed: v.r.PostFormValue("unreviewed") == "yes"}, v.actor)
	case "return":
		if comment == "" {
			view.Decision.WriteErr = v.l.T("Say what must change. The author reads this.")
			return s.showApprove(v, http.StatusUnprocessableEntity, view)
		}
		rec, err = s.Desk.Return(v.r.Context(), id, hash, comment, v.actor)
	default:
		return breach.Errorf(breach.ErrInvalid, "choose one of the two decisions")
	}
	if err != nil {
		return s.undecided(v, view.Wave, comment, err)
	}
	said := notice{kind: "done", text: "You approved the plan for %s. The first message leaves within seconds; you can pause at any time.", args: []any{v.l.People(rec.Plan.People.Total)}}
	if rec.Plan.People.Total == 0 {
		said = notice{kind: "done", text: "You approved the reports to authorities. They are filed within seconds."}
	}
	if rec.State == breach.PlanReturned {
		said = notice{kind: "done", text: "You returned the plan to %s. Nothing is sent, and the clock runs on.", args: []any{v.l.actor(rec.Author)}}
	}
	v.session.say(said)
	v.redirect(base + "incidents/" + url.PathEscape(id))
	return nil
}

// undecided shows the plan as it is now, with what went wrong and what to do.
func (s *server) undecided(v *visit, wave int, comment string, err error) error {
	p, status := v.problemOf(err)
	if status >= http.StatusInternalServerError {
		return err
	}
	view, again := s.approveView(v, wave)
	if again != nil {
		return err
	}
	view.Decision.Problem, view.Decision.Comment = &p, comment
	return s.showApprove(v, status, view)
}

// grouped4 writes a hash in groups of four, in two lines.
func grouped4(hash string) []string {
	var lines []string
	for len(hash) > 0 {
		n := min(32, len(hash))
		line := hash[:n]
		hash = hash[n:]
		var groups []string
		for len(line) > 0 {
			k := min(4, len(line))
			groups, line = append(groups, line[:k]), line[k:]
		}
		lines = append(lines, strings.Join(groups, " "))
	}
	return lines
}

func short(hash string) string {
	if len(hash) < 8 {
		return hash
	}
	return hash[:4] + " " + hash[4:8]
}
