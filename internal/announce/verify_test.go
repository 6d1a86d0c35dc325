package announce

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func ask(s *Site, code string, header ...string) *httptest.ResponseRecorder {
	return post(s, url.Values{"code": {code}}.Encode(), header...)
}

func post(s *Site, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/verify?lang=en", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

const ofSomebody = "7K2M-0QXB-91F3-APVW"

// These tests run in a bubble with a clock of its own: on a busy machine no answer comes too late.

// ours knows one code, and takes its time for it.
func ours(slow time.Duration, told breach.CodeCheck) func(*Config) {
	return func(c *Config) {
		c.CheckCode = func(_ context.Context, typed string) (breach.CodeCheck, error) {
			if code, ok := breach.ReadCode(typed); ok && code == ofSomebody {
				time.Sleep(slow)
				return told, nil
			}
			return breach.CodeCheck{}, nil
		}
	}
}

var told = breach.CodeCheck{
	Genuine: true, Organisation: "Larkfield <Learning>", Titles: map[string]string{"en": "Notice & <b>more</b>", "zh-Hans": "课程账户公告"},
	At: time.Date(2026, 11, 15, 20, 20, 0, 0, time.UTC), Channels: []breach.Channel{breach.Push, breach.SMS, breach.Email},
	Contact: breach.Contact{Name: "Data desk", Email: "desk@larkfield.example", Phone: "+1 555 0100"}, Announcement: sample,
}

var wrong = []string{
	"7K2M-0QXB-91F3-APVX", "", "x", "<script>alert(1)</script>", strings.Repeat("A", 5000), "ana@mail.test", "7K2M-0QXB", "' OR 1=1 --", "\x00\r\nSet-Cookie: a=b", "\xff\xfe", "../../etc/passwd",
	"７Ｋ２Ｍ", "{{.Verify}}", "LKF-2026-12", "..", "index.json",
}

func TestPromise_M21_AGenuineCodeShowsItsNotice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := published(t, ours(0, told))
		for _, typed := range []string{ofSomebody, " 7k2m–oqxb–9lf3–apvw. ", "７Ｋ２Ｍ　０ＱＸＢ　９１Ｆ３　ＡＰＶＷ"} {
			w := ask(s, typed)
			require.Equal(t, http.StatusOK, w.Code)
			for _, want := range []string{
				wordsFor("en").VerifyYes, wordsFor("en").VerifyYesMore, "Larkfield &lt;Learning&gt;", "Notice &amp; &lt;b&gt;more&lt;/b&gt;", "15 November 2026",
				"notification in our app, text message, email", "Data desk, desk@larkfield.example, &#43;1 555 0100", `href="/notices/LKF-2026-11"`, "password",
			} {
				require.Contains(t, w.Body.String(), want)
			}
			require.NotContains(t, strings.ToUpper(w.Body.String()), ofSomebody, "the code is not said again")
		}
		r := httptest.NewRequest(http.MethodPost, "/verify", strings.NewReader("code="+ofSomebody))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Accept-Language", "zh-CN,zh;q=0.9")
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		require.Equal(t, "zh-Hans", w.Header().Get("Content-Language"))
		for _, want := range []string{wordsFor("zh-Hans").VerifyYes, "课程账户公告", "2026 年 11 月 16 日", "应用推送、短信、电子邮件", "密码"} {
			require.Contains(t, w.Body.String(), want, "the day is that of Beijing")
		}
	})
}

// Whoever reads a public page may check the code that stands on it, also when the page is in no list.
func TestCodesOfPagesAreKnown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := published(t)
		hidden := announcement(t)
		hidden.Reference, hidden.Unlisted = "0QXB-91F3", true
		_, err := s.Publish(t.Context(), hidden)
		require.NoError(t, err)
		for _, typed := range []string{sample, strings.ToLower(sample), "LKF 2026 11", "LKF-2O26-1I", "0QXB-91F3", "oqxb9lf3"} {
			body := ask(s, typed).Body.String()
			require.Contains(t, body, wordsFor("en").VerifyYes, typed)
			require.Contains(t, body, "Notice &amp; &lt;b&gt;more")
		}
	})
}

func TestEverythingElseIsSaidToBeNotOurs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := published(t, ours(0, told))
		for _, typed := range wrong {
			w := ask(s, typed)
			require.Equal(t, http.StatusOK, w.Code)
			body := w.Body.String()
			require.Contains(t, body, wordsFor("en").VerifyNo, "%.40q", typed)
			for _, never := range []string{wordsFor("en").VerifyYes, "alert(1)", "ana@mail", "Larkfield &lt;Learning&gt;</dd>", "Data desk", sample} {
				require.NotContains(t, body, never)
			}
			require.Empty(t, w.Header().Values("Set-Cookie"))
		}
		for _, body := range []string{"", "code", "code=%zz", "code=" + strings.Repeat("A", 5000), "other=x", strings.Repeat("&", 900)} {
			require.Contains(t, post(s, body).Body.String(), wordsFor("en").VerifyNo)
		}
		for _, kind := range []string{"multipart/form-data; boundary=x", "application/json", "text/plain"} {
			require.Contains(t, post(s, "code="+ofSomebody, "Content-Type", kind).Body.String(), wordsFor("en").VerifyNo)
		}
		erased := site(t, func(c *Config) {
			c.CheckCode = func(context.Context, string) (breach.CodeCheck, error) { return breach.CodeCheck{Erased: told.At}, nil }
		})
		body := ask(erased, ofSomebody).Body.String()
		require.Contains(t, body, wordsFor("en").VerifyNo)
		require.Contains(t, body, wordsFor("en").VerifyErased+" 15 November 2026")
	})
}

// The code is in no address: what stands there is not looked at.
func TestCodesAreOnlyTakenFromTheForm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := published(t, ours(0, told))
		w := get(s, "/verify?lang=en&code="+ofSomebody)
		require.NotContains(t, w.Body.String(), wordsFor("en").VerifyYes)
		require.Contains(t, w.Body.String(), `<form method="post"`)
		r := httptest.NewRequest(http.MethodPost, "/verify?lang=en&code="+ofSomebody, strings.NewReader(""))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w = httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		require.Contains(t, w.Body.String(), wordsFor("en").VerifyNo)
	})
}

// Known, unknown and malformed codes are answered after exactly the same time, by answers of the same size, however
// long it takes to find out. The clock is the bubble's own, so that nothing is left to measure.
func TestPromise_M21_VerifyIsNoOracle(t *testing.T) {
	t.Parallel()
	s := published(t, ours(120*time.Millisecond, told), func(c *Config) { c.VerifyTime = 400 * time.Millisecond })
	synctest.Test(t, func(t *testing.T) {
		size := ask(s, ofSomebody).Header().Get("Content-Length")
		for _, typed := range append([]string{ofSomebody, sample}, wrong...) {
			start := time.Now()
			w := ask(s, typed)
			require.Equal(t, 400*time.Millisecond, time.Since(start), "%.40q", typed)
			require.Equal(t, http.StatusOK, w.Code)
			require.Equal(t, "no-store, no-transform", w.Header().Get("Cache-Control"))
			require.Equal(t, size, w.Header().Get("Content-Length"), "%.40q", typed)
			require.Equal(t, size, strconv.Itoa(w.Body.Len()))
		}
	})
}

// Noise that fills a page up cannot be packed, so that the size of what is left says nothing either.
func TestSizedPages(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 4000, verifySize - 10, verifySize - 9, verifySize - 8, verifySize, verifySize + 1} {
		require.Zero(t, len(sized(make([]byte, n)))%verifySize, n)
	}
	one, other := sized(nil), sized(nil)
	require.NotEqual(t, one, other)
}

// A source that hangs or fails gives "later", never a guess.
func TestVerifySaysLaterWhenItCannotKnow(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]func(context.Context, string) (breach.CodeCheck, error){
		"hangs": func(ctx context.Context, _ string) (breach.CodeCheck, error) {
			<-ctx.Done()
			time.Sleep(50 * time.Millisecond)
			return told, nil
		},
		"fails": func(context.Context, string) (breach.CodeCheck, error) { return told, errors.New("no database") },
	} {
		s := site(t, func(c *Config) { c.CheckCode = source })
		w := ask(s, ofSomebody)
		require.Equal(t, http.StatusServiceUnavailable, w.Code, name)
		require.Contains(t, w.Body.String(), wordsFor("en").VerifyLater)
		require.NotContains(t, w.Body.String(), "no database")

		for range maxAsking {
			s.asking <- struct{}{}
		}
		w = ask(s, ofSomebody)
		require.Equal(t, http.StatusTooManyRequests, w.Code)
		require.NotEmpty(t, w.Header().Get("Retry-After"))
	}
}

func FuzzVerify(f *testing.F) {
	for _, s := range append([]string{ofSomebody, "７ｋ２ｍ　ｏｑｘｂ", sample}, wrong[:8]...) {
		f.Add(s, "en")
	}
	s := published(f, ours(0, told), func(c *Config) { c.VerifyTime = time.Microsecond * 200 })
	f.Fuzz(func(t *testing.T, typed, lang string) {
		s.limit.since = time.Time{}
		w := ask(s, typed, "Accept-Language", lang)
		require.Zero(t, w.Body.Len()%verifySize)
		_, shaped := breach.ReadCode(typed)
		if w.Code == http.StatusOK && !shaped && breach.PlainCode(typed) != breach.PlainCode(sample) {
			require.Contains(t, w.Body.String(), wordsFor("en").VerifyNo)
		}
	})
}
