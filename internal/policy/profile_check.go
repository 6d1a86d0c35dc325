package policy

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

const proofNever = "never"

// channelNeeds is the most that a provider of a channel may receive (promise M17).
var channelNeeds = map[breach.Channel][]string{
	breach.Email:  {"name", "email", "notice"},
	breach.SMS:    {"phone", "notice"},
	breach.Push:   {"push_token", "notice"},
	breach.Voice:  {"phone", "notice"},
	breach.Letter: {"name", "postal_address", "notice"},
}

// Kinds are the kinds of providers that a program has, by name. Nil is unknown: any kind is taken then.
type Kinds map[string]Kind

// Kind is one of them.
type Kind struct {
	Channels []breach.Channel
	Deletes  []Deletion // what its interface offers, of DeleteThere and RedactThere
}

var (
	kindPattern     = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	idPattern       = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)
	countryPattern  = regexp.MustCompile(`^[A-Z]{2}$`)
	languagePattern = regexp.MustCompile(`^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$`)
	currencyPattern = regexp.MustCompile(`^[A-Z]{3}$`)
)

const (
	longestWait = 366 * 24 * time.Hour
	mostTries   = 10
	mostDays    = 36525
	// mostMessages bounds what one person may get over all channels.
	mostMessages = 100
)

// complaints gathers everything that is wrong, so that a file is mended in one go.
type complaints []breach.FieldError

func (c *complaints) add(where, format string, args ...any) {
	*c = append(*c, breach.FieldError{Where: where, What: fmt.Sprintf(format, args...)})
}

func (c *complaints) unless(ok bool, where, format string, args ...any) {
	if !ok {
		c.add(where, format, args...)
	}
}

func checkProfile(p Profile, kinds Kinds) []breach.FieldError {
	var c complaints
	c.unless(idPattern.MatchString(p.Name), "name", "must be 1 to 40 small letters, digits or hyphens, a letter first")
	c.line("title", p.Title, true)
	c.country("location", p.Location)
	c.languages(p.Languages)
	c.oneOf("strategy", string(p.Strategy), string(Escalate), string(Blast))
	c.oneOf("unknown_email", string(p.UnknownEmail), string(RepeatSameID), string(WaitForBounce))
	c.oneOf("third_party_processors", string(p.ThirdPartyProcessors), string(NoThirdParties), string(ContractedThirdParties))
	c.contacts(p.ContactRequired)
	c.channels(p)
	c.atMost(p)
	c.providers(p)
	c.kinds(p, kinds)
	c.routing(p)
	c.transfers(p)
	c.ramp(p.Ramp)
	c.minors(p.Minors)
	if p.InApp != nil {
		c.oneOf("in_app.counts", p.InApp.Counts, string(breach.Acknowledged), proofNever)
	}
	c.unless(p.UnverifiedRules == "" || p.UnverifiedRules == LeaveOut, "unverified_rules", "must be leave_out, or not be there")
	c.announcement(p.Announcement)
	c.term("promises.prompt_notice", p.Promises.PromptNotice)
	c.term("promises.inquiry_answer", p.Promises.InquiryAnswer)
	c.term("house_term", p.HouseTerm)
	c.days("retention.contact_days", p.Retention.ContactDays)
	c.days("retention.inquiry_days", p.Retention.InquiryDays)
	c.days("retention.proof_days", p.Retention.ProofDays)
	c.unless(p.CompressedBy == 0 || p.CompressedBy >= 2, "compressed_by", "must be left out, or 2 or more")
	return c
}

// line checks a short text for people: no control characters, which would break logs and headers.
func (c *complaints) line(where, s string, required bool) {
	bad := strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError })
	c.unless(!bad && len(s) <= 300, where, "must be one line of at most 300 bytes without control characters")
	c.unless(!required || strings.TrimSpace(s) != "", where, "is missing")
}

func (c *complaints) country(where, s string) {
	c.unless(countryPattern.MatchString(s), where, "must be a country in two capital letters (ISO 3166-1)")
}

func (c *complaints) countries(where string, list []string, required bool) {
	c.unless(!required || len(list) > 0, where, "is missing: name at least one country")
	for i, s := range list {
		c.country(fmt.Sprintf("%s[%d]", where, i), s)
	}
}

func (c *complaints) oneOf(where, got string, allowed ...string) {
	c.unless(slices.Contains(allowed, got), where, "must be one of %s", strings.Join(allowed, ", "))
}

func (c *complaints) money(where string, m Money) {
	c.unless(currencyPattern.MatchString(m.Currency), where+".currency", "must be a currency in three capital letters (ISO 4217)")
	c.unless(m.Amount > 0 && m.Amount <= 1e15, where+".amount", "must be more than 0")
}

func (c *complaints) days(where string, n int) {
	c.unless(n >= 1 && n <= mostDays, where, "must be a number of days from 1 to %d", mostDays)
}

func (c *complaints) span(where string, d time.Duration) {
	c.unless(d >= 0 && d <= longestWait, where, "must be a duration from 0 to 8784h, for example 48h")
}

func (c *complaints) term(where string, t *Term) {
	if t == nil {
		return
	}
	c.unless(t.Value >= 1 && t.Value <= mostDays, where+".value", "must be 1 or more")
	c.oneOf(where+".unit", t.Unit, "hours", "calendar_days")
}

func (c *complaints) languages(l Languages) {
	c.unless(len(l.Available) > 0, "languages.available", "is missing: name at least one language")
	for i, tag := range l.Available {
		where := fmt.Sprintf("languages.available[%d]", i)
		c.unless(languagePattern.MatchString(tag), where, "must be a language tag such as en or zh-Hans")
		c.unless(!slices.Contains(l.Available[:i], tag), where, "is there twice")
	}
	c.unless(slices.Contains(l.Available, l.Default), "languages.default", "must be one of the available languages")
}

func (c *complaints) contacts(required []string) {
	c.unless(len(required) > 0, "contact_required", "is missing: every notice must show a contact")
	reachable := false
	for i, f := range required {
		c.oneOf(fmt.Sprintf("contact_required[%d]", i), f, "name", "email", "phone", "address")
		reachable = reachable || f != "name"
	}
	c.unless(reachable, "contact_required", "must hold at least one of email, phone, address")
}

func (c *complaints) channels(p Profile) {
	c.unless(len(p.Channels) > 0, "channels", "is missing: name at least one channel")
	var seen []breach.Channel
	for i, r := range p.Channels {
		where := fmt.Sprintf("channels[%d]", i)
		c.unless(slices.Contains(breach.Channels, r.Channel), where+".channel", "is not a channel; known are email, sms, push, voice, letter")
		c.unless(!slices.Contains(seen, r.Channel), where+".channel", "is there twice")
		seen = append(seen, r.Channel)
		served := slices.ContainsFunc(p.Providers, func(v Provider) bool { return v.Channel == r.Channel })
		c.unless(served, where+".channel", "has no provider in the register")
		c.oneOf(where+".proof", r.Proof, string(breach.Accepted), string(breach.Delivered), proofNever)
		c.unless(r.Channel != breach.Push || r.Proof == proofNever, where+".proof", "must be never for push: it points to the notice and is not the notice")
		c.oneOf(where+".not_knowable", r.NotKnowable, "stay", "next")
		c.span(where+".quiet", r.Quiet)
		c.span(where+".wait", r.Wait)
		c.unless(r.Wait > 0, where+".wait", "must be more than 0: no channel is skipped over")
		c.retry(where+".retry", r.Retry)
		c.hours(where+".hours", r)
	}
	for i, r := range p.Closed {
		where := fmt.Sprintf("closed[%d]", i)
		c.unless(slices.Contains(breach.Channels, r.Channel), where+".channel", "is not a channel; known are email, sms, push, voice, letter")
		c.unless(!slices.Contains(seen, r.Channel), where+".channel", "is listed already")
		seen = append(seen, r.Channel)
		c.oneOf(where+".reason", r.Reason, RefusedThirdParty, RefusedNotOperated, RefusedAbroad)
	}
}

func (c *complaints) retry(where string, r Retry) {
	c.unless(r.Tries >= 1 && r.Tries <= mostTries, where+".tries", "must be from 1 to %d", mostTries)
	c.unless(r.Repeats >= 0 && r.Repeats <= mostTries, where+".repeats", "must be from 0 to %d", mostTries)
	c.unless(r.Tries <= 1 || len(r.Backoff) > 0, where+".backoff", "is missing: with more than one try, say how long to wait between them")
	c.unless(len(r.Backoff) <= mostTries, where+".backoff", "has more than %d entries", mostTries)
	for i, d := range r.Backoff {
		c.span(fmt.Sprintf("%s.backoff[%d]", where, i), d)
		c.unless(d > 0, fmt.Sprintf("%s.backoff[%d]", where, i), "must be more than 0")
	}
}

func (c *complaints) providers(p Profile) {
	var ids []string
	always := slices.ContainsFunc(p.Providers, func(v Provider) bool { return v.When == "" })
	c.unless(always || len(p.Providers) == 0, "providers", "must hold one that is there without a condition, or nobody could be told")
	for i, v := range p.Providers {
		where := fmt.Sprintf("providers[%d]", i)
		c.unless(idPattern.MatchString(v.ID), where+".id", "must be 1 to 40 small letters, digits or hyphens, a letter first")
		c.unless(!slices.Contains(ids, v.ID), where+".id", "is there twice")
		ids = append(ids, v.ID)
		c.unless(kindPattern.MatchString(v.Kind), where+".kind", "must be 1 to 40 small letters, digits or underscores, a letter first")
		c.oneOf(where+".operated_by", v.OperatedBy, operatedBySelf, operatedByProcessor)
		c.country(where+".location", v.Location)
		c.limits(where+".limits", v)
		c.line(where+".contract", v.Contract, v.OperatedBy == operatedByProcessor && p.ThirdPartyProcessors != NoThirdParties)
		c.prices(where, v)
		c.unless(v.When == "" || v.When == WhenConfigured, where+".when", "must be configured, or not be there")
		c.unless(v.Deletion == "" || slices.Contains(deletions, v.Deletion), where+".deletion", "must be one of delete, redact, request, nothing")
		c.unless(len(v.Receives) > 0, where+".receives", "is missing: name the fields that are handed over")
		for k, f := range v.Receives {
			c.unless(slices.Contains(channelNeeds[v.Channel], f), fmt.Sprintf("%s.receives[%d]", where, k),
				"is more than this channel needs; it may get %s", strings.Join(channelNeeds[v.Channel], ", "))
		}
	}
}

// kinds checks that providers are of kinds that the program has.
func (c *complaints) kinds(p Profile, kinds Kinds) {
	if kinds == nil {
		return
	}
	for i, v := range p.Providers {
		where := fmt.Sprintf("providers[%d]", i)
		k, known := kinds[v.Kind]
		if c.unless(known, where+".kind", "must be one of %s", strings.Join(slices.Sorted(maps.Keys(kinds)), ", ")); !known {
			continue
		}
		c.unless(slices.Contains(k.Channels, v.Channel), where+".channel", "does not fit the kind")
		c.unless(slices.Contains(k.Deletes, v.Deletion) || !v.Deletion.byInterface(), where+".deletion", "is not offered by providers of this kind; use %s", orRequest(k.Deletes))
	}
}

func orRequest(deletes []Deletion) string {
	var all strings.Builder
	for _, d := range deletes {
		all.WriteString(string(d) + " or ")
	}
	return all.String() + string(RequestThere)
}

func (c *complaints) routing(p Profile) {
	for i, r := range p.Routing {
		where := fmt.Sprintf("routing[%d]", i)
		c.countries(where+".people_in", r.PeopleIn, false)
		c.unless(len(r.Providers) > 0, where+".providers", "is missing: name at least one provider")
		for k, id := range r.Providers {
			v, ok := p.Provider(id)
			c.unless(ok, fmt.Sprintf("%s.providers[%d]", where, k), "is not in the register of providers")
			c.unless(!ok || v.Channel == r.Channel, fmt.Sprintf("%s.providers[%d]", where, k), "serves another channel")
		}
	}
}

func (c *complaints) transfers(p Profile) {
	for i, r := range p.Transfers {
		where := fmt.Sprintf("transfer[%d]", i)
		c.countries(where+".people_in", r.PeopleIn, true)
		c.countries(where+".only_in", r.OnlyIn, true)
		c.line(where+".exceptions.law_provides", r.Exceptions.LawProvides, false)
		c.line(where+".exceptions.consented", r.Exceptions.Consented, false)
		c.line(where+".exceptions.cross_border_transaction", r.Exceptions.CrossBorderTransaction, false)
	}
}

func (c *complaints) minors(m Minors) {
	c.unless(m.Age >= 0 && m.Age <= 21, "minors.age", "must be from 0 (no difference is made) to 21")
	if m.Age > 0 {
		c.oneOf("minors.notify", m.Notify, notifyGuardian, notifyBoth)
	} else {
		c.unless(m.Notify == "", "minors.notify", "must be left out when the age is 0")
	}
}

func (c *complaints) announcement(a AnnouncementRules) {
	c.unless(a.MinUncovered.Count >= 1, "announcement.min_uncovered.count", "must be 1 or more")
	c.unless(a.MinUncovered.Share >= 0 && a.MinUncovered.Share <= 1, "announcement.min_uncovered.share", "must be from 0 to 1")
	c.days("announcement.keep_days", a.KeepDays)
	if a.CostLimit != nil {
		c.money("announcement.cost_limit", *a.CostLimit)
	}
	for i, r := range a.Covers {
		where := fmt.Sprintf("announcement.covers[%d]", i)
		c.oneOf(where, r, uncoveredReasons...)
		c.unless(!slices.Contains(a.Covers[:i], r), where, "is there twice")
	}
}
