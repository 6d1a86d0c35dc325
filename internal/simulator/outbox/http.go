package outbox

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

var (
	listPage    = page("list.html")
	messagePage = page("message.html")
)

const perPage = 50

// Handler serves the outbox. Searches that may name a person go by POST, so
// that no address ends in a URL, a history or a log.
//
//	GET  /                        pages: list (?channel= ?outcome= ?refused=1 ?before=)
//	POST /search                  list by what the form asks for
//	GET  /messages/{id}           one message; /messages/{id}/raw its bytes
//	GET  /outbox.json             Page (?channel= ?provider= ?outcome= ?refused=1 ?before= ?limit=)
//	POST /outbox/search.json      Page for a Query as JSON
//	GET  /outbox/counts.json      Counts
//	GET  /outbox/recipients.json  {recipient: taken messages} (?channel= ?provider=)
//	GET  /outbox/messages/{id}    Message
func (b *Box) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", b.listPage)
	mux.HandleFunc("POST /search", b.searchPage)
	mux.HandleFunc("GET /messages/{id}", b.messagePage)
	mux.HandleFunc("GET /messages/{id}/raw", b.raw)
	mux.HandleFunc("GET /outbox.json", func(w http.ResponseWriter, r *http.Request) {
		q, err := queryOf(r.URL.Query())
		b.answerPage(w, q, err)
	})
	mux.HandleFunc("POST /outbox/search.json", func(w http.ResponseWriter, r *http.Request) {
		var q Query
		err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&q)
		b.answerPage(w, q, err)
	})
	mux.HandleFunc("GET /outbox/counts.json", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, b.Counts()) })
	mux.HandleFunc("GET /outbox/recipients.json", func(w http.ResponseWriter, r *http.Request) {
		q, err := queryOf(r.URL.Query())
		if err != nil {
			badQuery(w)
			return
		}
		writeJSON(w, http.StatusOK, b.Recipients(q))
	})
	mux.HandleFunc("GET /outbox/messages/{id}", b.message)
	return mux
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the reader is gone if this fails
}

func badQuery(w http.ResponseWriter) {
	writeJSON(w, http.StatusBadRequest, map[string]string{"error": "the query cannot be read"})
}

const maxLimit = 10_000

func queryOf(v url.Values) (Query, error) {
	q := Query{Channel: v.Get("channel"), Provider: v.Get("provider"), Outcome: v.Get("outcome"), Status: v.Get("status"),
		Before: v.Get("before"), Refused: v.Get("refused") == "1"}
	if limit := v.Get("limit"); limit != "" {
		n, err := strconv.Atoi(limit)
		if err != nil || n < 1 {
			return q, errors.New("outbox: limit is not a number")
		}
		q.Limit = n
	}
	return q, nil
}

func (b *Box) answerPage(w http.ResponseWriter, q Query, err error) {
	if err != nil {
		badQuery(w)
		return
	}
	q.Limit = min(q.Limit, maxLimit)
	writeJSON(w, http.StatusOK, b.List(q))
}

func (b *Box) message(w http.ResponseWriter, r *http.Request) {
	m, err := b.Get(r.PathValue("id"))
	if err != nil {
		writeJSON(w, http.StatusNotFound, map[string]string{"error": "there is no such message"})
		return
	}
	writeJSON(w, http.StatusOK, m)
}

func (b *Box) listPage(w http.ResponseWriter, r *http.Request) {
	q, err := queryOf(r.URL.Query())
	if err != nil {
		http.Error(w, "the query cannot be read", http.StatusBadRequest)
		return
	}
	b.show(w, q, false)
}

func (b *Box) searchPage(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "the form cannot be read", http.StatusBadRequest)
		return
	}
	b.show(w, Query{Contains: strings.TrimSpace(r.PostForm.Get("q")), Channel: r.PostForm.Get("channel"),
		Before: r.PostForm.Get("before"), Refused: true}, true)
}

type listData struct {
	Title                     string
	Tabs                      []Tab
	Search                    bool
	Query                     Query
	Page                      Page
	Channels                  []string
	Outcomes                  []Tab
	Plain, WithRefused, Older string
}

var channelNames = map[string]string{ChannelEmail: "Email", ChannelSMS: "SMS", ChannelPush: "Push", ChannelVoice: "Calls", ChannelFiling: "Filings", ChannelAnswer: "Answers"}

func (b *Box) show(w http.ResponseWriter, q Query, search bool) {
	q.Limit = perPage
	link := func(set func(url.Values)) string {
		v := url.Values{}
		if q.Channel != "" {
			v.Set("channel", q.Channel)
		}
		set(v)
		if len(v) == 0 {
			return "/"
		}
		return "/?" + v.Encode()
	}
	d := listData{Title: "Everything", Search: search, Query: q, Page: b.List(q),
		Channels: []string{ChannelEmail, ChannelSMS, ChannelPush, ChannelVoice, ChannelFiling, ChannelAnswer}}
	if name, ok := channelNames[q.Channel]; ok {
		d.Title = name
	}
	d.Plain = link(func(url.Values) {})
	d.WithRefused = link(func(v url.Values) { v.Set("refused", "1") })
	d.Older = link(func(v url.Values) {
		v.Set("before", d.Page.Next)
		if q.Refused {
			v.Set("refused", "1")
		}
		if q.Outcome != "" {
			v.Set("outcome", q.Outcome)
		}
	})
	d.Tabs = b.Tabs(d.Plain)
	d.Outcomes = b.outcomeChips(q, link)
	Write(w, listPage, d)
}

// outcomeChips offers each outcome that occurs, refused ones too.
func (b *Box) outcomeChips(q Query, link func(func(url.Values)) string) []Tab {
	counts := b.Counts()
	sums := map[string]int{}
	for _, group := range []map[string]map[string]int{counts.Outcomes, counts.Refused} {
		for channel, outcomes := range group {
			for outcome, n := range outcomes {
				if q.Channel == "" || q.Channel == channel {
					sums[outcome] += n
				}
			}
		}
	}
	var chips []Tab
	for outcome, n := range sums {
		href := link(func(v url.Values) { v.Set("outcome", outcome); v.Set("refused", "1") })
		chips = append(chips, Tab{Name: outcome, Href: href, Count: n, Here: outcome == q.Outcome})
	}
	slices.SortFunc(chips, func(a, b Tab) int { return strings.Compare(a.Name, b.Name) })
	return chips
}

type messageData struct {
	Title   string
	Tabs    []Tab
	Message Message
	Tone    string
	Raw     string
	Size    int
}

const rawShown = 64 << 10

func (b *Box) messagePage(w http.ResponseWriter, r *http.Request) {
	m, err := b.Get(r.PathValue("id"))
	if err != nil {
		http.Error(w, "There is no such message.", http.StatusNotFound)
		return
	}
	d := messageData{Title: m.Channel + " message", Tabs: b.Tabs(""), Message: m, Size: len(m.Raw),
		Tone: tone(Summary{Taken: m.Taken, Status: m.Status})}
	if shown := m.Raw[:min(len(m.Raw), rawShown)]; utf8.Valid(shown) || len(shown) == rawShown {
		d.Raw = strings.ToValidUTF8(string(shown), "\uFFFD")
	} else if len(shown) > 0 {
		d.Raw = "(not text; download it instead)"
	}
	Write(w, messagePage, d)
}

func (b *Box) raw(w http.ResponseWriter, r *http.Request) {
	m, err := b.Get(r.PathValue("id"))
	if err != nil {
		http.Error(w, "There is no such message.", http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", `attachment; filename="message-`+m.ID+`.txt"`)
	h.Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(m.Raw) // the reader is gone if this fails
}
