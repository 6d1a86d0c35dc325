package httpapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"sync/atomic"
	"time"

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

// once carries a POST out at most once per actor and Idempotency-Key, over all servers of the ledger: the
// key is reserved before anything is done. Only successes are remembered; what was refused changed nothing
// and may be tried again. do writes to the writer that it is given.
func (s *server) once(w http.ResponseWriter, r *http.Request, body *hashed, do func(http.ResponseWriter, *http.Request)) error {
	given := r.Header.Values("Idempotency-Key")
	if len(given) == 0 {
		do(w, r)
		return nil
	}
	if len(given) > 1 || !printable(given[0], maxKey) {
		return breach.Errorf(breach.ErrInvalid, "the Idempotency-Key cannot be used").
			With(breach.FieldError{Where: "Idempotency-Key", What: "must stand once, with 1 to 200 printable ASCII characters and no spaces"})
	}
	ctx := r.Context()
	ask := breach.KeyedRequest{Actor: visitOf(ctx).actor.ID, Key: given[0], RequestHash: requestHash(r, body), Owner: newReference()}
	state, err := s.reserve(ctx, ask)
	switch {
	case err != nil:
		return err
	case !state.Yours:
		return replay(w, state, body)
	}
	return s.carryOut(w, r, ask, state.Deed, body, do)
}

// reserve waits while somebody else carries the same request out, long enough to take over from one that
// died.
func (s *server) reserve(ctx context.Context, ask breach.KeyedRequest) (breach.KeyState, error) {
	until := time.Now().Add(s.cfg.KeyLease * 3 / 2)
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, s.cfg.KeyLease/4) {
		state, err := s.cfg.Answers.ReserveKey(ctx, ask, s.cfg.KeyLease)
		if err != nil || state.Yours || state.Status != 0 {
			return state, err
		}
		if time.Now().Add(pause).After(until) {
			return state, breach.Errorf(breach.ErrUnderWay, "it was sent before under the same Idempotency-Key, and has no answer yet")
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return state, ctx.Err()
		}
	}
}

// carryOut does what was reserved and says what came of it.
func (s *server) carryOut(w http.ResponseWriter, r *http.Request, ask breach.KeyedRequest, deed string, body *hashed, do func(http.ResponseWriter, *http.Request)) error {
	ctx, cancel := context.WithCancel(breach.WithDeed(r.Context(), deed))
	defer cancel()
	var lost atomic.Bool
	rest := s.renew(ctx, ask, func() { lost.Store(true); cancel() })
	rec := &recorder{header: w.Header()}
	defer func() {
		rest()
		if rec.status == 0 { // it panicked
			s.giveUp(r.Context(), ask, false)
		}
	}()
	do(rec, r.WithContext(ctx))
	rec.WriteHeader(http.StatusOK)
	rest()
	switch failed := rec.status >= 500; {
	case failed && lost.Load():
		return breach.Errorf(breach.ErrUnderWay, "this server was away for so long that another one took the request over")
	case rec.status < 300 && (body == nil || body.whole):
		s.keep(r.Context(), ask, rec, body)
	default: // the input was refused, so that nothing was done; or a part may be done
		s.giveUp(r.Context(), ask, rec.status >= 400 && !failed)
	}
	rec.send(w)
	return nil
}

// renew lengthens the lease until it is told to rest, or until somebody else has the request.
func (s *server) renew(ctx context.Context, ask breach.KeyedRequest, lost func()) (rest func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(s.cfg.KeyLease / 4)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if ours, err := s.cfg.Answers.RenewKey(ctx, ask, s.cfg.KeyLease); err == nil && !ours {
				lost()
				return
			}
		}
	}()
	return func() { cancel(); <-done }
}

// keep remembers an answer. The deed is done: when it cannot be remembered, the answer is given all the
// same, and the log says so.
func (s *server) keep(ctx context.Context, ask breach.KeyedRequest, rec *recorder, body *hashed) {
	k := kept{ContentType: rec.header.Get("Content-Type"), Answer: rec.body.Bytes()}
	if body != nil {
		k.BodySHA256 = body.hex()
	}
	b, err := json.Marshal(k)
	if err == nil {
		err = s.cfg.Answers.SaveAnswer(context.WithoutCancel(ctx), ask, b, rec.status)
	}
	if err != nil {
		s.cfg.Log.ErrorContext(ctx, "an answer could not be kept for its idempotency key", "reference", visitOf(ctx).reference, "error", err)
	}
}

// giveUp lets the next try begin at once; when that fails, it begins when the lease is over.
func (s *server) giveUp(ctx context.Context, ask breach.KeyedRequest, forget bool) {
	if err := s.cfg.Answers.GiveUpKey(context.WithoutCancel(ctx), ask, forget); err != nil {
		s.cfg.Log.WarnContext(ctx, "an idempotency key stays reserved for a while", "reference", visitOf(ctx).reference, "error", err)
	}
}

// replay gives the earlier answer again if the body is the same one.
func replay(w http.ResponseWriter, before breach.KeyState, body *hashed) error {
	var k kept
	if err := json.Unmarshal(before.Answer, &k); err != nil {
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
		return breach.Errorf(breach.ErrKeyUsed, "another body was sent under this key before")
	}
	if k.ContentType != "" {
		w.Header().Set("Content-Type", k.ContentType)
	}
	w.Header().Set("Idempotent-Replayed", "true")
	w.WriteHeader(before.Status)
	_, err := w.Write(k.Answer)
	_ = err // a client that is gone needs no answer
	return nil
}

// requestHash covers what is asked for: the body too when it was read at once. The digest of a list, which
// is read while it is loaded, is compared apart.
func requestHash(r *http.Request, body *hashed) string {
	h := sha256.New()
	digest := ""
	if body != nil && body.whole {
		digest = body.hex()
	}
	for _, part := range []string{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, r.Header.Get("Content-Type"), digest} {
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
