package bench

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// visitor comes in by the product's own door, as a detector and as a person with a browser.
type visitor struct {
	base     string
	http     *http.Client
	detector string // token
}

func newVisitor(ctx context.Context, s Stack) (*visitor, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	v := &visitor{base: s.BaseURL, http: &http.Client{Jar: jar, Timeout: 2 * time.Minute}, detector: "bench-" + rand.Text()}
	person := "bench-" + rand.Text()
	for token, who := range map[string]breach.Actor{
		v.detector: {ID: "bench.detector", Name: "Bench Detector", Role: breach.RoleDetector},
		person:     {ID: "bench.reader", Name: "Bench Reader", Role: breach.RoleReader},
	} {
		if err := s.Desk.Store.PutToken(ctx, token, who); err != nil {
			return nil, err
		}
	}
	form := url.Values{"token": {person}, "next": {"/console/"}}
	_, err = v.ask(ctx, http.MethodPost, "/console/sign-in", "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
	return v, err
}

func (v *visitor) ask(ctx context.Context, method, path, kind string, body io.Reader) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, v.base+path, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	if strings.HasPrefix(path, "/v1/") {
		r.Header.Set("Authorization", "Bearer "+v.detector)
	}
	answer, err := v.http.Do(r)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s answered %d", method, path, answer.StatusCode)
	}
	return text, err
}

// detect reports a finding of its own and returns the incident that it opened.
func (v *visitor) detect(ctx context.Context, n int) (string, error) {
	event, err := json.Marshal(map[string]any{
		"specversion": "1.0", "type": "com.example.dlp.breach.suspected.v1", "source": "urn:example:bench", "id": fmt.Sprintf("%s-%d", rand.Text(), n),
		"time": time.Now().UTC().Format(time.RFC3339), "datacontenttype": "application/json", "data": map[string]any{"title": "Bench finding"},
	})
	if err != nil {
		return "", err
	}
	answer, err := v.ask(ctx, http.MethodPost, "/v1/detections", "application/cloudevents+json", bytes.NewReader(event))
	if err != nil {
		return "", err
	}
	var out breach.Detected
	return out.Incident, json.Unmarshal(answer, &out)
}

// page reads the page of an incident as a browser does.
func (v *visitor) page(ctx context.Context, incident string) error {
	text, err := v.ask(ctx, http.MethodGet, "/console/incidents/"+incident, "", nil)
	if err == nil && !bytes.Contains(text, []byte(incident)) {
		err = fmt.Errorf("the page that came is not the incident's")
	}
	return err
}
