package console

import (
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// sampleCalls is a list of which a responder or a lead has a call in Chinese.
func sampleCalls(by breach.Actor) breach.CallQueue {
	q := breach.CallQueue{
		Codes: []string{"busy", "call_back", "hung_up", "machine", "no_answer", "not_in_use", "reached", "refused", "wrong_number"},
		Waiting: []breach.CallsWaiting{
			{Incident: sampleID, Locale: "zh-Hans", Now: 412, Later: 38, Taken: 6}, {Incident: sampleID, Locale: "en", Now: 71, Taken: 2}, {Incident: "3f8w-qk6n", Locale: "ja", Later: 9},
		},
	}
	if by.Role != breach.RoleReader {
		q.Mine = &breach.QueuedCall{
			Call: "d-1", Incident: sampleID, Since: sampleNow.Add(-time.Hour), Until: sampleNow.Add(15 * time.Minute), Number: "•••17", Addressee: breach.ToSelf, Locale: "zh-Hans", Zone: "Asia/Shanghai",
			Script:  "您好，这里是示例学习。我们打电话是因为一起涉及您的数据的事件。\n\n十一月二十日，一个未经授权的人看到了您的姓名、邮箱和课程记录。密码和付款信息没有涉及。\n\n请更改您在其他网站使用的相同密码，并留意冒充我们的消息。我们为此致歉。",
			Machine: "您好，这里是示例学习，请致电 400 000 0000。",
		}
	}
	return q
}

func TestCallsAreMadeOneByOne(t *testing.T) {
	t.Parallel()
	d := sampleDesk()
	var did []string
	var refuse error
	d.call = func(what string) error { did = append(did, what); return refuse }
	s := newSite(t, d).as(responder)
	const here = "/console/calls"
	p := s.get(here)
	wellMade(t, p, here)
	for _, want := range []string{"•••17", "It is 03:40 where they are.", "You speak to the person themselves.", "一个未经授权的人看到了", "47 calls wait for their hour.", "412"} {
		require.Contains(t, p.text(), want)
	}
	require.Len(t, p.all(`button[name=outcome]`), 9)
	require.Empty(t, p.all(".dial a"), "a number is shown on request, which is on record")

	p = s.send(here, url.Values{"do": {"number"}, "call": {"d-1"}})
	require.Len(t, p.all("a[href=tel:+8613800138017]"), 1)
	s.send(here, url.Values{"outcome": {"reached"}, "call": {"d-1"}, "next": {"1"}})
	s.send(here, url.Values{"outcome": {"call_back"}, "call": {"d-1"}, "back": {"2026-11-24T10:30"}})
	p = s.send(here, url.Values{"outcome": {"call_back"}, "call": {"d-1"}, "back": {"soon"}})
	require.Contains(t, p.text(), "Say when to call back.")
	s.send(here, url.Values{"do": {"leave"}, "call": {"d-1"}})
	s.send(here, url.Values{"do": {"take"}, "incident": {sampleID}, "language": {"en"}})
	require.Equal(t, []string{"number d-1", "end d-1 reached 01-01 00:00", "take  ", "end d-1 call_back 11-24 10:30", "leave d-1", "take " + sampleID + " en"}, did)

	refuse = breach.Errorf(breach.ErrConflict, "it is not yours")
	for _, form := range []url.Values{{"do": {"number"}}, {"do": {"leave"}}, {"outcome": {"busy"}}} {
		require.Contains(t, s.send(here, form).text(), "You do not have this call any more")
	}

	p = newSite(t, d).as(reader).get(here)
	require.Empty(t, p.all("form[action=/console/calls]"))
	require.NotContains(t, p.text(), "•••17")
	require.Contains(t, p.text(), "Your role sees numbers, not people.")

	d.callQueue = func(breach.Actor) breach.CallQueue { return breach.CallQueue{} }
	require.Contains(t, s.get(here).text(), "No call waits.")
}

func TestGuardiansAndUnknownOutcomesAreShown(t *testing.T) {
	t.Parallel()
	d := sampleDesk()
	d.callQueue = func(by breach.Actor) breach.CallQueue {
		q := sampleCalls(by)
		q.Codes = append(q.Codes, "moved_abroad")
		q.Mine.Addressee, q.Mine.Zone = breach.ToGuardian, ""
		return q
	}
	p := newSite(t, d).as(lead).get("/console/calls")
	require.Contains(t, p.text(), "You speak to the guardian of a child.")
	require.NotContains(t, p.text(), "where they are")
	require.Len(t, p.all("button[value=moved_abroad]"), 1)
}

func TestGroupedNumbers(t *testing.T) {
	t.Parallel()
	require.Equal(t, "+8\u202f613\u202f800\u202f138\u202f017", grouped("+8613800138017"))
	require.Equal(t, "+1\u202f234\u202f567", grouped("+1234567"))
}

// The keys work where the call is, and nowhere else.
func TestBrowserMakesCallsByKeys(t *testing.T) {
	t.Parallel()
	d := sampleDesk()
	var mu sync.Mutex
	var did []string
	d.call = func(what string) error {
		mu.Lock()
		defer mu.Unlock()
		did = append(did, what)
		return nil
	}
	said := func() []string { mu.Lock(); defer mu.Unlock(); return append([]string{}, did...) }
	s, b := newSite(t, d), openTab(t)
	b.size(1280, 900)
	b.signIn(s, responder)
	b.open(s.URL+"/console/calls", ".calling")
	require.True(t, eval[bool](b, `document.activeElement.matches(".calling")`))
	b.do(chromedp.KeyEvent("n"))
	b.sees(`a[href^="tel:"]`)
	require.Equal(t, s.URL+"/console/calls", eval[string](b, "location.href"))
	require.Zero(t, eval[int](b, "localStorage.length + sessionStorage.length"))

	b.do(chromedp.Focus(chromedp.CSS("#back")), chromedp.KeyEvent("1"), chromedp.Focus(chromedp.CSS(".brand")), chromedp.KeyEvent("2"), chromedp.Sleep(300*time.Millisecond))
	require.Equal(t, []string{"number d-1"}, said(), "digits in a field, or elsewhere on the page, press nothing")
	b.do(chromedp.Focus(chromedp.CSS("input[name=next]")), chromedp.KeyEvent(kb.Enter), chromedp.Sleep(300*time.Millisecond))
	require.Equal(t, []string{"number d-1"}, said(), "the Enter key chooses no outcome")
	b.do(chromedp.KeyEvent("6"))
	require.Eventually(t, func() bool { return len(said()) == 3 }, 10*time.Second, 20*time.Millisecond)
	require.Equal(t, []string{"number d-1", "end d-1 wrong_number 01-01 00:00", "take  "}, said())
	b.sees(".dial .masked")
}
