package console

import (
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// word is a term of the product with its place in the legend.
type word struct{ Text, Anchor string }

func (l speech) word(m breach.Machine, id string) word {
	return word{l.T(wordOf(m, id)), m.Name + "-" + id}
}

// peopleView is "people by outcome": all eight, always, adding up.
type peopleView struct {
	Known     bool // a list is loaded
	Total     string
	Bar       bar
	Rows      []outcomeRow
	Sum       string
	Balanced  bool
	Recounted moment
	Unreached string // how many are not reached, empty when nobody
}

type outcomeRow struct {
	Word                   word
	Class                  string
	People, Share, Meaning string
}

func (l speech) people(o breach.Overview) peopleView {
	counts := inOrder(o.People)
	tenths := shares(counts)
	v := peopleView{
		Known: o.Total > 0, Total: l.Num(o.Total), Bar: l.bar(l.T("People by outcome"), o.People, thinnest),
		Balanced: o.Balanced && o.People.Sum() == o.Total, Recounted: l.Clock(o.RecountedAt), Sum: l.Num(o.People.Sum()),
	}
	if n := o.Total - o.People[breach.Reached]; n > 0 {
		v.Unreached = l.Count(n, "1 person is not reached, and why", "%s people are not reached, and why")
	}
	if !v.Known {
		v.Bar.Label += l.T(": ") + l.T("not known")
	}
	for i, out := range breach.Outcomes {
		v.Rows = append(v.Rows, outcomeRow{
			Word: l.word(breach.PersonMachine, string(out)), Class: outcomeClasses[out],
			People: l.Num(counts[i]), Share: share(tenths[i], counts[i]),
			Meaning: l.T(breach.PersonMachine.Meaning(string(out))),
		})
	}
	return v
}

// channelsView counts attempts by channel.
type channelsView struct {
	Head     []string
	Rows     []channelRow
	Together channelRow
	Repeated string // how many were sent again, empty when none
	InApp    string // how many acknowledged the notice in an application, empty when none
}

type channelRow struct {
	Name  string
	Cells []cell
}

type cell struct{ Label, Text string }

// channelColumns says which attempt states stand in one column.
var channelColumns = []struct {
	head   string
	states []breach.AttemptState
}{
	{"Queued", []breach.AttemptState{breach.Intended}},
	{"On the way", []breach.AttemptState{breach.HandedOver, breach.Accepted}},
	{"Arrived", []breach.AttemptState{breach.Delivered}},
	{"Failed for now", []breach.AttemptState{breach.FailedTemporary}},
	{"Failed", []breach.AttemptState{breach.FailedPermanent}},
	{"No answer", []breach.AttemptState{breach.Unknown}},
	{"Settled", []breach.AttemptState{breach.Reconciled}},
}

func (l speech) channels(o breach.Overview) channelsView {
	v := channelsView{Together: channelRow{Name: l.T("Together")}}
	sums := make([]int64, len(channelColumns))
	for _, c := range channelColumns {
		v.Head = append(v.Head, l.T(c.head))
	}
	var repeated int64
	for _, ch := range breach.Channels {
		counts, used := o.Channels[ch]
		if !used {
			continue
		}
		row := channelRow{Name: l.channel(string(ch))}
		for i, c := range channelColumns {
			var n int64
			for _, s := range c.states {
				n += counts[string(s)]
			}
			sums[i] += n
			row.Cells = append(row.Cells, cell{v.Head[i], l.Num(n)})
		}
		repeated += counts["repeated"]
		v.Rows = append(v.Rows, row)
	}
	for i, n := range sums {
		v.Together.Cells = append(v.Together.Cells, cell{v.Head[i], l.Num(n)})
	}
	if o.InApp > 0 {
		v.InApp = l.Count(o.InApp, "1 person acknowledged the notice in an application of the organisation.", "%s people acknowledged the notice in an application of the organisation.")
	}
	if repeated > 0 {
		v.Repeated = l.Count(repeated, "1 message was sent again after its result was unknown, recognisable as the same message.",
			"%s messages were sent again after their result was unknown, each recognisable as the same message.")
	}
	return v
}

// channel names a way to reach people.
func (l speech) channel(c string) string {
	switch breach.Channel(c) {
	case breach.Email:
		return l.T("Email")
	case breach.SMS:
		return l.T("SMS")
	case breach.Push:
		return l.T("Push")
	case breach.Voice:
		return l.T("Voice")
	case breach.Letter:
		return l.T("Letter")
	}
	if c == "page" {
		return l.T("Web page")
	}
	return c
}

// failuresView lists why attempts failed, what happens by itself and what people can do.
type failuresView struct {
	Rows   []failureRow
	Failed string
}

type failureRow struct {
	Cause, Channel, Count, Next, Do, Code string
	Known                                 bool
}

func (l speech) failures(o breach.Overview, reasons map[string]Reason) failuresView {
	var v failuresView
	var total int64
	for _, f := range o.Failures {
		r, known := reasons[f.Reason]
		row := failureRow{Channel: l.channel(string(f.Channel)), Count: l.Num(f.Count), Code: f.Reason, Known: known}
		if known {
			row.Cause, row.Next, row.Do = l.T(r.Cause), sentence(l.T(r.Next)), sentence(l.T(r.Do))
		} else {
			row.Cause = humanise(f.Reason)
			row.Next, row.Do = l.T("Not in the catalogue of reasons."), l.T("Look at the record of the provider.")
		}
		if row.Cause == "" {
			row.Cause = l.T("No reason was given")
		}
		v.Rows, total = append(v.Rows, row), total+f.Count
	}
	v.Failed = l.Count(total, "1 attempt failed or has no answer.", "%s attempts failed or have no answer.")
	return v
}

// humanise makes words of an identifier for which there are none.
func humanise(code string) string {
	s := strings.ReplaceAll(code, "_", " ")
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// sentence ends a text with a full stop.
func sentence(s string) string {
	if s == "" || strings.HasSuffix(s, ".") || strings.HasSuffix(s, "。") {
		return s
	}
	if r := []rune(s); r[len(r)-1] > 0x2E7F {
		return s + "。"
	}
	return s + "."
}

// mostCountries is how many countries have a row of their own.
const mostCountries = 7

type countryRow struct {
	Name, People, Reached string
	Bar                   bar
}

func (l speech) countries(o breach.Overview) []countryRow {
	var out []countryRow
	row := func(name string, t breach.Tally) {
		n := t.Sum()
		if n == 0 {
			return
		}
		tenths := shares([]int64{t[breach.Reached], n - t[breach.Reached]})
		out = append(out, countryRow{name, l.Num(n), share(tenths[0], t[breach.Reached]), l.bar(name, t, thinnestSmall)})
	}
	list := o.Countries
	var rest []breach.CountryTally
	if len(list) > mostCountries+1 {
		list, rest = list[:mostCountries], list[mostCountries:]
	}
	for _, c := range list {
		row(l.Country(c.Country), c.People)
	}
	together := breach.Tally{}
	for _, c := range rest {
		for k, n := range c.People {
			together[k] += n
		}
	}
	row(l.T("%s other countries", l.Num(int64(len(rest)))), together)
	return out
}
