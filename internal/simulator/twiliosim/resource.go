package twiliosim

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// apiError is an error in Twilio's terms.
type apiError struct {
	status  int
	code    int
	message string
}

var internalError = apiError{http.StatusInternalServerError, 20500, "Internal Server Error"}

func (e apiError) codeText() string { return strconv.Itoa(e.code) }

func writeError(w http.ResponseWriter, e apiError) {
	writeJSON(w, e.status, map[string]any{
		"code": e.code, "message": e.message, "status": e.status,
		"more_info": "https://www.twilio.com/docs/errors/" + e.codeText(),
	})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the peer is gone if this fails
}

// resource is a Message as the API shows it. Numbers that Twilio gives as
// strings are strings; what is not known yet is null.
type resource struct {
	Body                string            `json:"body"`
	NumSegments         string            `json:"num_segments"`
	Direction           string            `json:"direction"`
	From                *string           `json:"from"`
	To                  string            `json:"to"`
	DateCreated         string            `json:"date_created"`
	DateUpdated         string            `json:"date_updated"`
	DateSent            *string           `json:"date_sent"`
	Price               *string           `json:"price"`
	PriceUnit           string            `json:"price_unit"`
	ErrorCode           *int              `json:"error_code"`
	ErrorMessage        *string           `json:"error_message"`
	URI                 string            `json:"uri"`
	AccountSID          string            `json:"account_sid"`
	NumMedia            string            `json:"num_media"`
	Status              string            `json:"status"`
	MessagingServiceSID *string           `json:"messaging_service_sid"`
	SID                 string            `json:"sid"`
	APIVersion          string            `json:"api_version"`
	SubresourceURIs     map[string]string `json:"subresource_uris"`
}

var errorTexts = map[int]string{30003: "Unreachable destination handset", 30005: "Unknown destination handset"}

func (s *Service) resource(m *message) resource {
	s.mu.Lock()
	defer s.mu.Unlock()
	base := "/" + apiVersion + "/Accounts/" + s.config.AccountSID + "/Messages/" + m.sid
	r := resource{
		Body: m.body, NumSegments: strconv.Itoa(m.segments), Direction: "outbound-api", From: optional(m.from), To: m.to,
		DateCreated: m.created.Format(time.RFC1123Z), DateUpdated: m.updated.Format(time.RFC1123Z),
		PriceUnit: "USD", URI: base + ".json", AccountSID: s.config.AccountSID, NumMedia: "0", Status: m.status,
		MessagingServiceSID: optional(m.service), SID: m.sid, APIVersion: apiVersion,
		SubresourceURIs: map[string]string{"media": base + "/Media.json"},
	}
	if !m.sent.IsZero() {
		r.DateSent = optional(m.sent.Format(time.RFC1123Z))
	}
	if m.errorCode != 0 {
		code := m.errorCode
		r.ErrorCode, r.ErrorMessage = &code, optional(errorTexts[code])
	}
	return r
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// filter is what a list request asks for. Times compare by the second, as the
// dates of the resource do. A message that is not sent yet counts by its
// creation, so that nobody who asks for "since then" misses it.
type filter struct {
	to, from    string
	after       time.Time
	before, day time.Time
}

func (f filter) selects(m *message) bool {
	when := m.sent
	if when.IsZero() {
		when = m.created
	}
	when = when.Truncate(time.Second)
	return (f.to == "" || f.to == m.to) && (f.from == "" || f.from == m.from) &&
		(f.after.IsZero() || !when.Before(f.after)) && (f.before.IsZero() || !when.After(f.before)) &&
		(f.day.IsZero() || when.Truncate(24*time.Hour).Equal(f.day.Truncate(24*time.Hour)))
}

func parseFilter(query url.Values) (filter, *apiError) {
	f := filter{to: query.Get("To"), from: query.Get("From")}
	for name, into := range map[string]*time.Time{"DateSent>": &f.after, "DateSent<": &f.before, "DateSent": &f.day} {
		value := query.Get(name)
		if value == "" {
			continue
		}
		when, err := time.Parse(time.RFC3339, value)
		if err != nil {
			when, err = time.Parse(time.DateOnly, value)
			if err == nil && name == "DateSent<" {
				when = when.Add(24*time.Hour - time.Second)
			}
		}
		if err != nil {
			return f, &apiError{http.StatusBadRequest, 20001, "Parameter '" + name + "' is not a date"}
		}
		*into = when.UTC()
	}
	return f, nil
}

// list gives messages newest first, by pages that stay put while new messages
// arrive: the page token names the last message of the page before.
func (s *Service) list(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	f, bad := parseFilter(query)
	size, page := 50, 0
	var err error
	if v := query.Get("PageSize"); v != "" && bad == nil {
		if size, err = strconv.Atoi(v); err != nil || size < 1 || size > 1000 {
			bad = &apiError{http.StatusBadRequest, 20001, "PageSize must be from 1 to 1000"}
		}
	}
	if v := query.Get("Page"); v != "" && bad == nil {
		if page, err = strconv.Atoi(v); err != nil || page < 0 {
			bad = &apiError{http.StatusBadRequest, 20001, "Page must be a number"}
		}
	}
	if bad != nil {
		writeError(w, *bad)
		return
	}
	found, more := s.page(f, strings.TrimPrefix(query.Get("PageToken"), "PA"), page, size)
	resources := make([]resource, len(found))
	for i, m := range found {
		resources[i] = s.resource(m)
	}
	at := func(page int, token string) string {
		q := url.Values{}
		for name, values := range query {
			q[name] = values
		}
		q.Set("PageSize", strconv.Itoa(size))
		q.Set("Page", strconv.Itoa(page))
		q.Del("PageToken")
		if token != "" {
			q.Set("PageToken", token)
		}
		return r.URL.Path + "?" + q.Encode()
	}
	var next *string
	if more {
		next = optional(at(page+1, "PA"+found[len(found)-1].sid))
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"messages": resources, "page": page, "page_size": size,
		"start": page * size, "end": max(page*size+len(found)-1, 0),
		"uri": at(page, query.Get("PageToken")), "first_page_uri": at(0, ""), "next_page_uri": next, "previous_page_uri": nil,
	})
}

// page picks the messages of one page; without a token, page counts.
func (s *Service) page(f filter, after string, page, size int) (found []*message, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	skip := page * size
	waiting := after != ""
	if waiting {
		skip = 0
	}
	for i := len(s.all) - 1; i >= 0; i-- {
		m := s.all[i]
		switch {
		case waiting:
			waiting = m.sid != after
		case !f.selects(m):
		case skip > 0:
			skip--
		case len(found) == size:
			return found, true
		default:
			found = append(found, m)
		}
	}
	return found, false
}
