package httpapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"sync"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// kept is an answer as it is remembered. The digest of the request's body stands beside the answer,
// because a list is hashed while it is loaded: its digest is known only when the answer is.
type kept struct {
	BodySHA256  string `json:"body_sha256"`
	ContentType string `json:"content_type"`
	Answer      []byte `json:"answer"`
}

const maxKey = 200

// once carries a POST out at most once per actor and Idempotency-Key. Only successes are remembered: what
// failed changed nothing and may be tried again. do writes to the writer that it is given.
func (s *server) once(w http.ResponseWriter, r *http.Request, body *hashed, do func(http.ResponseWriter)) error {
	key := r.Header.Get("Idempotency-Key")
	if key == "" {
		do(w)
		return nil
	}
	if !printable(key, maxKey) {
		return breach.Errorf(breach.ErrInvalid, "the Idempotency-Key cannot be used").
			With(breach.FieldError{Where: "Idempotency-Key", What: "must be 1 to 200 printable ASCII characters"})
	}
	ctx, actor := r.Context(), visitOf(r.Context()).actor.ID
	release, err := s.busy.wait(ctx, actor+"\x00"+key)
	if err != nil {
		return err
	}
	defer release()

	request := requestHash(r)
	before, status, found, err := s.cfg.Answers.Idempotent(ctx, key, actor, request)
	if err != nil {
		return err
	}
	if found {
		return replay(w, before, status, body)
	}
	rec := &recorder{header: w.Header()}
	do(rec)
	if rec.status < 300 && (body == nil || body.whole) {
		s.keep(ctx, key, actor, request, rec, body)
	}
	rec.send(w)
	return nil
}

// keep remembers an answer. The deed is done: when it cannot be remembered, the answer is given all the
// same, and the log says so.
func (s *server) keep(ctx context.Context, key, actor, request string, rec *recorder, body *hashed) {
	k := kept{ContentType: rec.header.Get("Content-Type"), Answer: rec.body.Bytes()}
	if body != nil {
		k.BodySHA256 = body.hex()
	}
	b, err := json.Marshal(k)
	if err == nil {
		err = s.cfg.Answers.SaveAnswer(context.WithoutCancel(ctx), key, actor, request, b, rec.status)
	}
	if err != nil {
		s.cfg.Log.ErrorContext(ctx, "an answer could not be kept for its idempotency key", "reference", visitOf(ctx).reference, "error", err)
	}
}

// replay gives the earlier answer again if the body is the same one.
func replay(w http.ResponseWriter, before []byte, status int, body *hashed) error {
	var k kept
	if err := json.Unmarshal(before, &k); err != nil {
		return breach.Errorf(breach.ErrInternal, "an earlier answer cannot be read: %w", err)
	}
	digest := ""
	if body != nil {
		if _, err := io.Copy(io.Discard, body); err != nil {
			return err
		}
		digest = body.hex()
	}
	if digest != k.BodySHA256 {
		return breach.Errorf(breach.ErrConflict, "this Idempotency-Key was used for another request: use a new key")
	}
	if k.ContentType != "" {
		w.Header().Set("Content-Type", k.ContentType)
	}
	w.Header().Set("Idempotent-Replayed", "true")
	w.WriteHeader(status)
	_, err := w.Write(k.Answer)
	_ = err // a client that is gone needs no answer
	return nil
}

// requestHash covers what is asked for; the body's digest is compared apart.
func requestHash(r *http.Request) string {
	h := sha256.New()
	for _, part := range []string{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, r.Header.Get("Content-Type")} {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil))
}

func printable(s string, limit int) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return s != "" && len(s) <= limit
}

// recorder holds an answer back until it is remembered. It shares the header of the real one.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(b)
}

func (r *recorder) send(w http.ResponseWriter) {
	r.WriteHeader(http.StatusOK)
	w.WriteHeader(r.status)
	_, _ = w.Write(r.body.Bytes()) // a client that is gone needs no answer
}

// keys lets one request per key through at a time; the next one then finds the first one's answer.
type keys struct {
	mu   sync.Mutex
	held map[string]chan struct{}
}

func (k *keys) wait(ctx context.Context, key string) (release func(), err error) {
	for {
		k.mu.Lock()
		if k.held == nil {
			k.held = map[string]chan struct{}{}
		}
		other, taken := k.held[key]
		if !taken {
			done := make(chan struct{})
			k.held[key] = done
			k.mu.Unlock()
			return func() {
				k.mu.Lock()
				delete(k.held, key)
				k.mu.Unlock()
				close(done)
			}, nil
		}
		k.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
