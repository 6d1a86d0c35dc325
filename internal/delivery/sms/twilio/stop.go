package twilio

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// Stops keeps who wants no text messages.
type Stops interface {
	// StopTexts closes text messages to a number, and says to how many people for the first time.
	StopTexts(ctx context.Context, number string, at time.Time) (people int, err error)
	// StartTexts takes that back, and says for how many people.
	StartTexts(ctx context.Context, number string, at time.Time) (people int, err error)
}

// Answers is where the vendor hands over what people answer, below the public base URL.
const Answers = "/answers/twilio"

// stopWords are answers that mean "no further message", in small letters. The vendor's own
// (twilio.com/docs/messaging/tutorials/advanced-opt-out and, for the French ones, twilio.com/docs/proxy/opt-out-keywords)
// come first; the rest is how people say it in the languages of our notices.
var stopWords = words(`
	stop stopall unsubscribe cancel end quit revoke optout
	arret arrett arrete
	stopp abmelden
	arrêt désabonner
	alto baja parar pare sair
	退订 退訂 td t
	停止 配信停止
	수신거부 거부
	إلغاء توقف
	стоп отписка
`)

// startWords are answers that mean "messages again". The vendor's own are the same three in all languages.
var startWords = words(`
	start unstop yes
	订阅 恢复 訂閱 恢復 再開 старт
`)

func words(list string) map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsSeq(list) {
		out[w] = true
	}
	return out
}

// meaning says what an answer comes to when it is one of the words, and nothing but it: "stop please" may be anything, and
// the vendor passes it over too. What the vendor takes it for counts before ours: the words of its console may be others.
func (s *Sender) meaning(answer, vendors string) func(ctx context.Context, number string, at time.Time) (int, error) {
	answer = strings.ToLower(strings.Trim(strings.TrimSpace(answer), ".!。！\"'“”„「」"))
	switch {
	case strings.EqualFold(vendors, "STOP"):
		return s.stops.StopTexts
	case strings.EqualFold(vendors, "START"):
		return s.stops.StartTexts
	case stopWords[answer]:
		return s.stops.StopTexts
	case startWords[answer]:
		return s.stops.StartTexts
	}
	return nil
}

// Door is where the vendor hands over what people answer. It is set in the vendor's console, for the number or the
// messaging service, as <public.url>/answers/twilio; a sender that nobody can answer needs none.
func (s *Sender) Door() (string, http.Handler) {
	return "POST " + Answers, http.HandlerFunc(s.answered)
}

// answered takes one answer. The vendor is the only one who may bring it: the address that was signed is the public one,
// which a proxy may have rewritten on the way. Nothing of number and text is kept or logged.
func (s *Sender) answered(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxReport)
	if r.ParseForm() != nil {
		http.Error(w, "not an answer", http.StatusBadRequest)
		return
	}
	form := r.PostForm
	if !s.VerifyCallback(s.config.PublicBaseURL+Answers, form, r.Header.Get("X-Twilio-Signature")) || form.Get("AccountSid") != s.config.AccountSID {
		http.Error(w, "the signature does not hold", http.StatusForbidden)
		return
	}
	if keep, from := s.meaning(form.Get("Body"), form.Get("OptOutType")), form.Get("From"); keep != nil && delivery.IsNumber(from) {
		if _, err := keep(r.Context(), from, s.now().UTC()); err != nil {
			http.Error(w, "try again", http.StatusServiceUnavailable)
			return
		}
	}
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(`<?xml version="1.0" encoding="UTF-8"?><Response></Response>`)) // the vendor answers, where the law wants it
}
