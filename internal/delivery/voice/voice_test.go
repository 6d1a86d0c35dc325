package voice

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	vendor "github.com/twilio/twilio-go/client"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/delivery/deliverytest"
)

const publicBase = "https://notices.example.com"

var canary = delivery.Message{Channel: breach.Voice, To: "+15005559876", Locale: "en", Text: "Dear " + deliverytest.Name + ",\n\nwhat happened", Machine: "Please call us."}

func testConfig(base string) Config {
	return Config{
		AccountSID: "AC0123456789abcdef0123456789abcdef", AuthToken: "s3cret", From: "+15005550006",
		BaseURL: base, PublicBaseURL: publicBase, Timeout: 500 * time.Millisecond,
	}
}

// memory keeps scripts as the ledger does.
type memory struct {
	mu    sync.Mutex
	kept  map[string]breach.CallScript
	words map[string][]breach.CallWord
}

func newMemory() *memory {
	return &memory{kept: map[string]breach.CallScript{}, words: map[string][]breach.CallWord{}}
}

func (m *memory) KeepCall(_ context.Context, s breach.CallScript, _ time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept[s.Attempt] = s
	return nil
}

func (m *memory) CallScript(_ context.Context, attempt string) (breach.CallScript, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.kept[attempt]
	if !ok {
		return s, breach.Errorf(breach.ErrNotFound, "no such call")
	}
	return s, nil
}

func (m *memory) TakeCallWord(_ context.Context, attempt string, w breach.CallWord, _ time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.kept[attempt]; !ok {
		return breach.Errorf(breach.ErrNotFound, "no such call")
	}
	m.words[attempt] = append(m.words[attempt], w)
	return nil
}

func (m *memory) said(attempt string) []breach.CallWord {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]breach.CallWord(nil), m.words[attempt]...)
}

func newSender(t *testing.T, c Config, scripts Scripts) *Sender {
	t.Helper()
	s, err := New(c, scripts, time.Now)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func message() delivery.Message {
	m := canary
	m.DeliveryID, m.AttemptID, m.ToName = "d1", "d1-1", deliverytest.Name
	m.SentAfter = time.Now().UTC()
	return m
}

func TestConformance(t *testing.T) {
	t.Parallel()
	deliverytest.Run(t, deliverytest.Case{
		Message: canary,
		Start: func(t *testing.T, b deliverytest.Behaviour) deliverytest.Provider {
			base, p := deliverytest.HTTP{Key: attemptKey, Reply: reply}.Start(t, b)
			p.Sender = newSender(t, testConfig(base), newMemory())
			return p
		},
		Unreachable: func(t *testing.T) delivery.Sender {
			return newSender(t, testConfig("http://"+deliverytest.ClosedPort(t)), newMemory())
		},
		Accepted: breach.HandedOver, PermanentReason: delivery.ReasonNumberInvalid, TemporaryReason: delivery.ReasonProviderBusy,
		RepeatKey: deliverytest.ByAttempt,
	})
}

func attemptKey(r *http.Request, body []byte) string {
	form, err := url.ParseQuery(string(body))
	if err != nil || r.Method != http.MethodPost {
		return ""
	}
	return strings.Split(strings.TrimPrefix(form.Get("Url"), publicBase+"/calls/"), "/")[0]
}

func reply(w http.ResponseWriter, b deliverytest.Behaviour, key string, body []byte) {
	form, _ := url.ParseQuery(string(body))
	echo := form.Get("To") + " is bad"
	switch b {
	case deliverytest.Permanent:
		answer(w, http.StatusBadRequest, 21211, echo)
	case deliverytest.Temporary:
		answer(w, http.StatusTooManyRequests, 20429, echo)
	default:
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(map[string]any{"sid": "CA" + key, "status": "queued", "to": form.Get("To")})
	}
}

func answer(w http.ResponseWriter, status, code int, message string) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"code": code, "message": message, "status": status})
}

func TestNothingPersonalLeavesButTheNumber(t *testing.T) {
	t.Parallel()
	forms := make(chan url.Values, 2)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		forms <- r.PostForm
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte(`{"sid":"CA1","status":"queued"}`))
	}))
	defer server.Close()
	memory := newMemory()
	_, err := newSender(t, testConfig(server.URL), memory).Send(t.Context(), message())
	require.NoError(t, err)
	form := <-forms
	require.Equal(t, publicBase+"/calls/d1-1/script", form.Get("Url"))
	require.Equal(t, "DetectMessageEnd", form.Get("MachineDetection"))
	require.NotContains(t, form.Encode(), "happened", "the script is fetched")
	require.Equal(t, canary.Text, memory.kept["d1-1"].Text)

	c := testConfig(server.URL)
	c.Poll, c.PublicBaseURL = true, ""
	_, err = newSender(t, c, memory).Send(t.Context(), message())
	require.NoError(t, err)
	form = <-forms
	require.Empty(t, form.Get("Url")+form.Get("StatusCallback"))
	require.Contains(t, form.Get("Twiml"), "Please call us.")
	require.NotContains(t, form.Get("Twiml"), "happened", "nobody can tell a person from a machine here: no facts")
}

func TestSteps(t *testing.T) {
	t.Parallel()
	memory := newMemory()
	s := newSender(t, testConfig(""), memory)
	require.NoError(t, memory.KeepCall(t.Context(), breach.CallScript{Attempt: "a-1", Locale: "zh-Hans", Text: "发生了 <什么> & 建议", Machine: "请来电"}, time.Now()))
	step := func(attempt, what string, form url.Values, signature string) *httptest.ResponseRecorder {
		mux := http.NewServeMux()
		mux.Handle(pattern, s.Handler())
		form.Set("CallSid", "CA1")
		form.Set("AccountSid", s.config.AccountSID)
		if signature == "" {
			signature = sign(s, attempt, what, form)
		}
		// A proxy took the public name away.
		r := httptest.NewRequest(http.MethodPost, "http://10.0.0.1:8080/calls/"+attempt+"/"+what, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("X-Twilio-Signature", signature)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		return w
	}
	w := step("a-1", "script", url.Values{"AnsweredBy": {"human"}}, "")
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.NoError(t, xml.Unmarshal(w.Body.Bytes(), new(struct{ XMLName xml.Name })))
	for _, part := range []string{`language="cmn-CN"`, `voice="Polly.Zhiyu"`, "发生了 &lt;什么&gt; &amp; 建议", publicBase + "/calls/a-1/key", publicBase + "/calls/a-1/heard"} {
		require.Contains(t, w.Body.String(), part)
	}
	require.Equal(t, w.Body.String(), step("a-1", "key", url.Values{"Digits": {"1"}}, "").Body.String(), "heard again")
	require.Empty(t, memory.said("a-1"))
	require.Contains(t, step("a-1", "key", url.Values{"Digits": {"2"}}, "").Body.String(), "<Hangup>")
	step("a-1", "heard", url.Values{}, "")
	require.Contains(t, step("a-1", "script", url.Values{"AnsweredBy": {"machine_end_beep"}}, "").Body.String(), "请来电")
	unsure := step("a-1", "script", url.Values{"AnsweredBy": {"unknown"}}, "").Body.String()
	require.Contains(t, unsure, "请来电")
	require.NotContains(t, unsure, "发生了", "it may be a machine: no facts")
	require.Equal(t, http.StatusNoContent, step("a-1", "status", url.Values{"CallStatus": {"failed"}, "SipResponseCode": {"404"}}, "").Code)
	require.Equal(t, []breach.CallWord{
		{Heard: breach.HeardKey, State: breach.Delivered, ProviderRef: "CA1"},
		{Heard: breach.HeardThrough, State: breach.Accepted, ProviderRef: "CA1"},
		{Heard: breach.HeardMachine, State: breach.FailedTemporary, Reason: delivery.ReasonMachine, Detail: "answered by machine_end_beep", ProviderRef: "CA1"},
		{Heard: breach.HeardMachine, State: breach.FailedTemporary, Reason: delivery.ReasonMachine, Detail: "answered by unknown", ProviderRef: "CA1"},
		{State: breach.FailedPermanent, Reason: delivery.ReasonNumberUnknown, Detail: "call failed, answer 404", ProviderRef: "CA1", Ended: true},
	}, memory.said("a-1"))

	require.Equal(t, http.StatusForbidden, step("a-1", "key", url.Values{"Digits": {"2"}}, "d3Jvbmc=").Code)
	require.Equal(t, http.StatusForbidden, step("a-1", "key", url.Values{"Digits": {"2", "2"}}, "").Code)
	require.Equal(t, http.StatusNotFound, step("a-2", "script", url.Values{}, "").Code)
	require.Equal(t, http.StatusNotFound, step("a-1", "elsewhere", url.Values{}, "").Code)
	require.Len(t, memory.said("a-1"), 5)
}

// sign is the simulator's signature, if the vendor's own code takes it.
func sign(s *Sender, attempt, what string, form url.Values) string {
	fields := map[string]string{}
	for name := range form {
		fields[name] = form.Get(name)
	}
	validator := vendor.NewRequestValidator(s.config.AuthToken)
	made := signature(s.config.AuthToken, s.address(attempt, what), form)
	if !validator.Validate(s.address(attempt, what), fields, made) {
		return "bm8="
	}
	return made
}

func TestStatusesAndCodes(t *testing.T) {
	t.Parallel()
	for in, want := range map[[3]string]breach.CallWord{
		{"ringing", "", ""}:                      {State: breach.HandedOver},
		{"completed", "human", ""}:               {State: breach.FailedTemporary, Reason: delivery.ReasonHungUp, Ended: true, Detail: "call completed"},
		{"completed", "machine_end_silence", ""}: {State: breach.FailedTemporary, Reason: delivery.ReasonMachine, Ended: true, Detail: "call completed"},
		{"busy", "", ""}:                         {State: breach.FailedTemporary, Reason: delivery.ReasonBusy, Ended: true, Detail: "call busy"},
		{"no-answer", "", ""}:                    {State: breach.FailedTemporary, Reason: delivery.ReasonNobody, Ended: true, Detail: "call no-answer"},
		{"canceled", "", ""}:                     {State: breach.FailedTemporary, Reason: delivery.ReasonRejected, Ended: true, Detail: "call canceled"},
		{"failed", "", "x"}:                      {State: breach.FailedTemporary, Reason: delivery.ReasonHandsetOff, Ended: true, Detail: "call failed"},
		{"failed", "", "608"}:                    {State: breach.FailedPermanent, Reason: delivery.ReasonPolicyBlock, Ended: true, Detail: "call failed, answer 608"},
	} {
		got, known := wordOf(in[0], in[1], in[2], "")
		require.True(t, known)
		require.Equal(t, want, got, in)
	}
	_, known := wordOf("sent", "", "", "")
	require.False(t, known)
	for code, m := range meanings {
		require.Contains(t, delivery.Reasons, m.reason, code)
	}
	for code, m := range sip {
		require.Contains(t, delivery.Reasons, m.reason, code)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	err := Config{AccountSID: "x", From: "1", BaseURL: "http://api.twilio.com", Timeout: -1, Connections: -1, Ring: 1, Longest: 1, Voices: map[string]string{"en": "a b"}}.Validate()
	for _, part := range []string{"account SID", "auth token", "from", "base URL", "public base URL", "timeout", "connections", "ring", "longest", "voices"} {
		require.ErrorContains(t, err, "voice: "+part)
	}
	_, err = New(Config{}, nil, time.Now)
	require.Error(t, err)
	voices, err := ParseVoices("en=Polly.Amy, de=Polly.Hans,")
	require.NoError(t, err)
	require.Equal(t, map[string]string{"en": "Polly.Amy", "de": "Polly.Hans"}, voices)
	_, err = ParseVoices("en")
	require.Error(t, err)
	c := testConfig("")
	c.Voices = voices
	s := newSender(t, c, nil)
	require.Equal(t, speech{"en-US", "Polly.Amy"}, s.speak("en"))
	require.Equal(t, speech{"pt-BR", "Polly.Camila"}, s.speak("pt-BR"))
	require.Equal(t, speech{language: "sw"}, s.speak("sw"))
}

func FuzzMarkup(f *testing.F) {
	f.Add("Hello", "en")
	f.Add("<Dial>+1</Dial>\x00\xff", `en" voice="x`)
	s, err := New(testConfig("https://api.example.com"), nil, time.Now)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text, locale string) {
		var back struct {
			Gather struct {
				Say []struct {
					Inner string `xml:",innerxml"`
				}
			}
		}
		out := s.script("a-1", locale, text).markup()
		if err := xml.Unmarshal(out, &back); err != nil {
			t.Fatal(fmt.Errorf("%s: %w", out, err))
		}
		for _, said := range back.Gather.Say {
			if strings.Contains(said.Inner, "<") {
				t.Fatalf("a text became markup: %s", out)
			}
		}
	})
}

// What is about our sender or account is never the end for a person: it can be mended.
func TestASenderThatIsNotAllowedIsTriedAgain(t *testing.T) {
	t.Parallel()
	for _, code := range []int{13227, 21203, 21215, 32205} {
		reason, temporary, known := says(code)
		require.True(t, known && temporary, "%d", code)
		require.Equal(t, delivery.ReasonSender, reason, "%d", code)
	}
}
