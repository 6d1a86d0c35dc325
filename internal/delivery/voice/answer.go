package voice

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/delivery/twilioapi"
)

// keyUnderstood is the key by which the scripts ask to confirm; every other one repeats them.
const keyUnderstood = "2"

const maxForm = 64 << 10

// pattern is what the handler serves.
const pattern = "POST /calls/{attempt}/{what}"

// Verify checks X-Twilio-Signature over an address of ours and the form that came with it.
func (s *Sender) Verify(address string, form url.Values, signature string) bool {
	return twilioapi.Signed(s.config.AuthToken, address, form, signature)
}

// Door is where the vendor asks during a call.
func (s *Sender) Door() (string, http.Handler) { return pattern, s.Handler() }

// Handler answers what the vendor asks during a call, after checking that it is the vendor. The address that was
// signed is the public one, which a proxy may have rewritten on the way.
func (s *Sender) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		attempt, what := r.PathValue("attempt"), r.PathValue("what")
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		if !delivery.PlainID(attempt) || r.ParseForm() != nil {
			http.Error(w, "not a call", http.StatusNotFound)
			return
		}
		if !s.Verify(s.address(attempt, what), r.PostForm, r.Header.Get("X-Twilio-Signature")) || r.PostForm.Get("AccountSid") != s.config.AccountSID {
			http.Error(w, "the signature does not hold", http.StatusForbidden)
			return
		}
		does, err := s.turn(r, attempt, what)
		switch {
		case breach.CodeOf(err) == breach.ErrNotFound:
			http.Error(w, "not a call", http.StatusNotFound)
		case err != nil:
			http.Error(w, "try again", http.StatusServiceUnavailable)
		case does == nil:
			w.WriteHeader(http.StatusNoContent)
		default:
			w.Header().Set("Content-Type", "text/xml; charset=utf-8")
			w.Header().Set("Cache-Control", "no-store")
			_, _ = w.Write(does.markup())
		}
	})
}

// turn takes one step of a call; nil means that there is nothing to say.
func (s *Sender) turn(r *http.Request, attempt, what string) (*response, error) {
	form := r.PostForm
	ref := form.Get("CallSid")
	if !delivery.PlainID(ref) {
		return nil, breach.Errorf(breach.ErrNotFound, "the request names no call")
	}
	take := func(word breach.CallWord) error {
		word.ProviderRef = ref
		return s.scripts.TakeCallWord(r.Context(), attempt, word, s.now().UTC())
	}
	say := func(out response, err error) (*response, error) { return &out, err }
	switch what {
	case "script":
		kept, err := s.scripts.CallScript(r.Context(), attempt)
		if err != nil {
			return nil, err
		}
		if by := form.Get("AnsweredBy"); machine(by) {
			return say(s.short(kept.Locale, kept.Machine),
				take(breach.CallWord{Heard: breach.HeardMachine, State: breach.FailedTemporary, Reason: delivery.ReasonMachine, Detail: "answered by " + by}))
		}
		return say(s.script(attempt, kept.Locale, kept.Text), nil)
	case "key":
		if form.Get("Digits") == keyUnderstood {
			return say(goodbye(), take(breach.CallWord{Heard: breach.HeardKey, State: breach.Delivered}))
		}
		kept, err := s.scripts.CallScript(r.Context(), attempt)
		if err != nil {
			return nil, err
		}
		return say(s.script(attempt, kept.Locale, kept.Text), nil)
	case "heard":
		return say(goodbye(), take(breach.CallWord{Heard: breach.HeardThrough, State: breach.Accepted}))
	case "status":
		word, known := wordOf(form.Get("CallStatus"), form.Get("AnsweredBy"), form.Get("SipResponseCode"), ref)
		if !known || !word.Ended {
			return nil, nil //nolint:nilnil // a call that goes on needs no word
		}
		return nil, take(word)
	}
	return nil, breach.Errorf(breach.ErrNotFound, "there is no such step of a call")
}

// ParseVoices reads a list such as en=Polly.Amy,de=Polly.Vicki.
func ParseVoices(list string) (map[string]string, error) {
	out := map[string]string{}
	for _, pair := range strings.Split(list, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		language, name, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if !ok || !voiceName.MatchString(name) {
			return nil, errors.New("must be a list such as en=Polly.Amy,de=Polly.Vicki")
		}
		out[language] = name
	}
	return out, nil
}
