package app

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/store"
)

// Feed lists what applications may show now: one notice for each list and language.
func (d *Desk) Feed(ctx context.Context) (breach.Feed, error) {
	feed := breach.Feed{Notices: []breach.FeedNotice{}}
	lists, err := d.Store.ToldLists(ctx)
	if err != nil {
		return feed, err
	}
	for _, l := range lists {
		notices, err := d.pointers(ctx, l)
		if err != nil {
			return feed, err
		}
		feed.Notices = append(feed.Notices, notices...)
	}
	return feed, nil
}

// pointers are the notices of one list. The words are the title of the approved push, which says nothing about the
// incident; without one, the title of the page that everybody can read already. They are none while everybody waits.
func (d *Desk) pointers(ctx context.Context, l store.ToldList) ([]breach.FeedNotice, error) {
	waits, err := d.Store.Waits(ctx, l.Incident, d.Now().UTC())
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(waits, func(w breach.Wait) bool { return len(w.Jurisdictions) == 0 && len(w.Channels) == 0 }) {
		return nil, nil
	}
	rec, texts, err := d.Plan(ctx, l.Incident, l.Wave)
	if err != nil || rec.State != breach.PlanApproved || rec.DecidedAt == nil {
		return nil, err
	}
	var page *breach.Announcement
	switch a, err := d.Store.Announcement(ctx, l.Incident); {
	case err == nil && a.KeepUntil.After(d.Now()):
		page = &a
	case err != nil && breach.CodeOf(err) != breach.ErrNotFound:
		return nil, err
	}
	var out []breach.FeedNotice
	add := func(t breach.Text, link string) error {
		body, err := t.Open()
		if err != nil {
			return err
		}
		n := breach.FeedNotice{ID: noticeID(l.Incident, l.Wave, t.Ref.Locale), Locale: t.Ref.Locale, Title: body.Parts["title"], Link: body.Parts["link"], Since: *rec.DecidedAt}
		if link != "" {
			n.Link = link
		}
		if page != nil {
			n.Until = &page.KeepUntil
		}
		out = append(out, n)
		return nil
	}
	for _, t := range texts {
		if t.Ref.Kind == breach.KindNotice && t.Ref.Channel == string(breach.Push) && t.Ref.Variant == string(breach.ToSelf) {
			if err := add(t, ""); err != nil {
				return nil, err
			}
		}
	}
	if len(out) > 0 || page == nil {
		return out, nil
	}
	for _, t := range page.Texts {
		if err := add(t, d.Notices(page.Reference)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func noticeID(incident string, wave int, locale string) string {
	return fmt.Sprintf("%s.%d.%s", incident, wave, locale)
}

// FeedFor says who of these ids of the organisation has which notices to be shown. Who has none, or is unknown, is left
// out.
func (d *Desk) FeedFor(ctx context.Context, externalIDs []string) ([]breach.FeedPerson, error) {
	lists, err := d.Store.ToldLists(ctx)
	if err != nil {
		return nil, err
	}
	notices, asked := map[string][]string{}, map[string]bool{}
	for _, l := range lists {
		if asked[l.Incident] {
			continue
		}
		asked[l.Incident] = true
		if err := d.lookUp(ctx, l.Incident, lists, externalIDs, notices); err != nil {
			return nil, err
		}
	}
	out := []breach.FeedPerson{}
	for _, id := range externalIDs {
		if n := notices[id]; len(n) > 0 {
			out = append(out, breach.FeedPerson{ExternalID: id, Notices: n})
			delete(notices, id) // who asks twice is answered once
		}
	}
	return out, nil
}

func (d *Desk) lookUp(ctx context.Context, incident string, lists []store.ToldList, externalIDs []string, notices map[string][]string) error {
	people, err := d.Store.InApp(ctx, incident, externalIDs, d.Now().UTC())
	if err != nil || len(people) == 0 {
		return err
	}
	locales := map[int][]string{}
	for _, l := range lists {
		if l.Incident != incident {
			continue
		}
		shown, err := d.pointers(ctx, l)
		if err != nil {
			return err
		}
		for _, n := range shown {
			locales[l.Wave] = append(locales[l.Wave], n.Locale)
		}
	}
	for _, p := range people {
		if have := locales[p.Wave]; len(have) > 0 {
			notices[p.ExternalID] = append(notices[p.ExternalID], noticeID(incident, p.Wave, d.Words.Locale(p.Locale, have)))
		}
	}
	return nil
}

// AcknowledgeInApp records who saw their notice in an application, and counts whose acknowledgement is on record. What is
// about nobody, or about no notice of theirs, is passed over.
func (d *Desk) AcknowledgeInApp(ctx context.Context, seen []breach.Seen, by breach.Actor) (int, error) {
	if by.Role != breach.RoleApplication {
		return 0, breach.Errorf(breach.ErrForbidden, "only applications say what their users acknowledged")
	}
	type list struct {
		incident string
		wave     int
	}
	ids := map[list][]string{}
	var order []list
	for _, s := range seen {
		incident, rest, _ := strings.Cut(s.Notice, ".")
		number, _, ok := strings.Cut(rest, ".")
		wave, err := strconv.Atoi(number)
		if !ok || err != nil || wave < 1 || wave > maxWave {
			continue
		}
		l := list{incident, wave}
		if ids[l] == nil {
			order = append(order, l)
		}
		ids[l] = append(ids[l], s.ExternalID)
	}
	known := 0
	for _, l := range order {
		n, err := d.Store.AcknowledgeInApp(ctx, l.incident, l.wave, ids[l], by, d.Now().UTC())
		if err != nil {
			return known, err
		}
		known += n
	}
	return known, nil
}

// maxWave is far more lists than an incident has, and fits the ledger.
const maxWave = 1 << 20
