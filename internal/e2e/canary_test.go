package e2e

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// canary is a value that occurs nowhere else in the world: where it is found, it has come to.
type canary struct {
	what  string   // the field it stands in and whose it is
	forms [][]byte // the same value as it may be written, in lower case
}

// cage makes canaries and looks for them.
type cage struct {
	all    []canary
	phones map[string]bool
	found  map[string]bool // what was found where, reported once
}

func newCage() *cage { return &cage{phones: map[string]bool{}, found: map[string]bool{}} }

func pick(n int, from string) string {
	runes := []rune(from)
	var b strings.Builder
	for range n {
		i, err := rand.Int(rand.Reader, big.NewInt(int64(len(runes))))
		if err != nil {
			panic(err) // crypto/rand never fails on the systems that Go supports
		}
		b.WriteRune(runes[i.Int64()])
	}
	return b.String()
}

const letters = "bcdfghjklmnpqrstvwxz"

// watch keeps a value in all forms in which it might come through: as it is, in base64 at each of the three
// places of a group, and escaped as JSON does it.
func (c *cage) watch(what, value string) string {
	forms := [][]byte{[]byte(strings.ToLower(value))}
	for shift := range 3 {
		code := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(" ", shift) + value))
		from, to := (shift+2)/3*4, (shift+len(value))/3*4 // what stands beside it changes the rest
		if to-from >= 12 {
			forms = append(forms, []byte(strings.ToLower(code[from:to])))
		}
	}
	if utf8.RuneCountInString(value) != len(value) {
		escaped := ""
		for _, r := range value {
			escaped += fmt.Sprintf(`\u%04x`, r)
		}
		forms = append(forms, []byte(escaped))
	}
	c.all = append(c.all, canary{what: what, forms: forms})
	return value
}

// word is a canary of letters.
func (c *cage) word(what string) string { return c.watch(what, pick(18, letters)) }

// phone is a mobile number of Great Britain or mainland China whose last digits choose what becomes of a
// message. It is looked for without the code of the country, compact and as people group it.
func (c *cage) phone(what, country, ending string) string {
	code, national, length := "+44", "75", 10
	if country == "CN" {
		code, national, length = "+86", "139", 11
	}
	if ending == "" {
		ending = pick(5, "123456789")
	}
	for {
		n := national + pick(length-len(national)-len(ending), "123456789") + ending
		if c.phones[n] {
			continue
		}
		c.phones[n] = true
		c.watch(what, n)
		c.watch(what+", grouped", n[:4]+" "+n[4:])
		return code + n
	}
}

func lower(b []byte) []byte {
	out := make([]byte, len(b))
	for i, x := range b {
		if 'A' <= x && x <= 'Z' {
			x += 'a' - 'A'
		}
		out[i] = x
	}
	return out
}

// none fails the test when any canary is in what was found at a place.
func (c *cage) none(t *testing.T, place string, content []byte) {
	t.Helper()
	for _, what := range c.in(content) {
		if !c.found[place+what] {
			c.found[place+what] = true
			t.Errorf("%s is in %s", what, place)
		}
	}
}

// in lists the canaries that are in a content.
func (c *cage) in(content []byte) (what []string) {
	content = lower(content)
	for _, x := range c.all {
		for _, form := range x.forms {
			if bytes.Contains(content, form) {
				what = append(what, x.what)
				break
			}
		}
	}
	return what
}

// birdAs says what becomes of somebody's messages.
type birdAs struct {
	who, country  string
	domain        string // of the email address, empty for none
	ending        string // of the phone number, empty for none
	token         string // prefix of the push token, empty for none
	child         bool
	guardianPhone bool
}

// person makes somebody with a canary in every personal field.
func (c *cage) person(as birdAs) breach.Person {
	p := breach.Person{
		ExternalID: c.word("the external id of " + as.who), Country: as.country, Locale: "en-GB",
		Name:          "Kim " + c.word("the name of "+as.who),
		PostalAddress: "7 " + c.word("the postal address of "+as.who) + " Lane",
	}
	if as.domain != "" {
		p.Email = c.word("the email address of "+as.who) + "@" + as.domain
	}
	if as.ending != "" {
		p.Phone = c.phone("the phone number of "+as.who, as.country, as.ending)
	}
	if as.token != "" {
		p.PushToken = as.token + c.word("the push token of "+as.who) + pick(20, letters)
	}
	if as.child {
		p.BirthDate = time.Now().AddDate(-9, 0, 0).Format(time.DateOnly)
		p.Guardian = &breach.Guardian{Name: "Pat " + c.word("the guardian's name of "+as.who)}
		if as.guardianPhone {
			p.Guardian.Phone = c.phone("the guardian's phone number of "+as.who, as.country, "")
		} else {
			p.Guardian.Email = c.word("the guardian's email address of "+as.who) + "@mail.test"
		}
	}
	return p
}

// listener keeps everything that a server answered: status, headers, body.
type listener struct {
	mu      sync.Mutex
	answers map[string][]byte // by request line
}

func (l *listener) client() *http.Client {
	return &http.Client{Timeout: 60 * time.Second, Transport: l, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// RoundTrip implements http.RoundTripper.
func (l *listener) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	var b bytes.Buffer
	fmt.Fprintln(&b, res.Status)
	if err := res.Header.Write(&b); err != nil {
		return nil, err
	}
	b.Write(body)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.answers == nil {
		l.answers = map[string][]byte{}
	}
	line := r.Method + " " + r.URL.Path
	l.answers[line] = append(l.answers[line], b.Bytes()...)
	return res, nil
}
