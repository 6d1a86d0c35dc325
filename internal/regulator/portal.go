package regulator

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// PortalConfig is one filing portal: POST <BaseURL>/filings.
type PortalConfig struct {
	BaseURL string        // https, or http on loopback
	Token   string        // bearer token
	Timeout time.Duration // of one call; 0 means 30 s
}

// Validate says what is wrong with the settings; it never repeats the token.
func (c PortalConfig) Validate() error {
	if err := delivery.CheckURL("portal base URL", c.BaseURL); err != nil {
		return breach.Errorf(breach.ErrInvalid, "%w", err)
	}
	if c.Token == "" || strings.Trim(c.Token, printable) != "" {
		return breach.Errorf(breach.ErrInvalid, "portal token: must be printable and not empty")
	}
	if c.Timeout < 0 {
		return breach.Errorf(breach.ErrInvalid, "portal timeout: must not be negative")
	}
	return nil
}

type portal struct {
	url, token string
	client     *http.Client
}

func newPortal(c PortalConfig) (*portal, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.Timeout == 0 {
		c.Timeout = 30 * time.Second
	}
	return &portal{strings.TrimSuffix(c.BaseURL, "/") + "/filings", c.Token, delivery.NewHTTPClient(c.Timeout, 4)}, nil
}

// filing is what a portal gets. It holds no time and no try, so that a repetition is the same bytes.
type filing struct {
	Authority  string            `json:"authority"`
	Obligation string            `json:"obligation"`
	Regime     string            `json:"regime"`
	Phase      string            `json:"phase"`
	Language   string            `json:"language"`
	Title      string            `json:"title"`
	Text       string            `json:"text"`
	Fields     map[string]string `json:"fields"`
	Open       []string          `json:"open"` // fields that say "not known yet"
	SHA256     string            `json:"sha256"`
}

// maxAnswer bounds a portal's answer, in bytes.
const maxAnswer = 64 << 10

func (p *portal) file(ctx context.Context, key string, route Route, r report) (string, error) {
	regime, rest, _ := strings.Cut(r.obligation, "/")
	_, phase, _ := strings.Cut(rest, "/")
	f := filing{
		Authority: route.Authority, Obligation: r.obligation, Regime: regime, Phase: phase, Language: r.body.Locale,
		Title: r.body.Parts["title"], Text: r.body.Parts["text"], Fields: r.body.Fields, Open: r.body.Open, SHA256: r.sha256,
	}
	if f.Authority == "" {
		f.Authority = regime
	}
	body, err := json.Marshal(f)
	if err != nil {
		return "", breach.Errorf(breach.ErrInternal, "a report could not be encoded: %w", err)
	}
	ctx, watch := delivery.Watched(ctx)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(body))
	if err != nil {
		return "", breach.Errorf(breach.ErrInternal, "the portal's address cannot be called")
	}
	req.Header.Set("Authorization", "Bearer "+p.token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Idempotency-Key", key)
	resp, err := p.client.Do(req)
	if err != nil {
		return "", breach.Errorf(breach.ErrUnavailable, "the authority's portal: %s; filing again with the same key is safe", watch.Broken(err).Detail)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return "", breach.Errorf(breach.ErrUnavailable, "the authority's portal broke off its answer; filing again with the same key is safe")
	}
	return read(resp.StatusCode, answer)
}

// An acknowledgement is up to so many characters of this shape. A bound inside the expression would take megabytes.
const numberLength = 127

var number = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N} ._/()〔〕\[\]-]*$`)

// read says what a portal's answer means.
func read(status int, answer []byte) (string, error) {
	switch {
	case status == http.StatusConflict:
		return "", breach.Errorf(breach.ErrConflict, "the portal holds another report under this key: %s; look there before filing again", said(answer))
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return "", breach.Errorf(breach.ErrUnavailable, "the portal refused our token (status %d); correct the setting, and it is filed by itself", status)
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly, status == http.StatusTooManyRequests, status >= 500, status < 200, status >= 300 && status < 400:
		return "", breach.Errorf(breach.ErrUnavailable, "the portal cannot take the report now (status %d); filing again with the same key is safe", status)
	case status >= 400:
		return "", breach.Errorf(breach.ErrInvalid, "the portal refused the report (status %d): %s", status, said(answer))
	}
	var got struct {
		Acknowledgement string `json:"acknowledgement"`
	}
	if json.Unmarshal(answer, &got) != nil || utf8.RuneCountInString(got.Acknowledgement) > numberLength || !number.MatchString(got.Acknowledgement) {
		return "", breach.Errorf(breach.ErrUnavailable, "the portal took the report (status %d) but gave no readable acknowledgement; asking again with the same key is safe", status)
	}
	return got.Acknowledgement, nil
}

// said takes a portal's own words from its answer, made fit for a line.
func said(answer []byte) string {
	var problem struct {
		Title  string `json:"title"`
		Detail string `json:"detail"`
	}
	if json.Unmarshal(answer, &problem) != nil || problem.Title+problem.Detail == "" {
		return "it gave no reason"
	}
	s := delivery.Redact(strings.TrimSpace(problem.Title+" "+problem.Detail), delivery.Message{})
	return strconv.QuoteToGraphic(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s))
}
