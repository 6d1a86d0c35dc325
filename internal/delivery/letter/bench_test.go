package letter

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// benchTexts are what a letter of two or three pages holds, in a language of each way of setting.
var benchTexts = map[string]string{
	"de":      "Am 3. März hat jemand einen Teil unserer Datenbank kopiert, darunter Ihren Namen und Ihre E-Mail-Adresse. ",
	"zh-Hans": "三月三日，有人复制了我们数据库的一部分，其中有您的姓名和电子邮件地址。我们对此深表歉意。",
	"ar":      "في 3 مارس نسخ شخص ما جزءًا من قاعدة بياناتنا، وفيها اسمك وعنوان بريدك الإلكتروني. ",
	"ko":      "3월 3일에 누군가가 저희 데이터베이스의 일부를 복사했으며, 그 안에 고객님의 성명과 이메일 주소가 있었습니다. ",
}

var benchNames = map[string][2]string{
	"de": {"Jürgen Groß %d", "Beispielstraße %d\n10115 Berlin"}, "zh-Hans": {"陈可欣%d", "610000 四川省灯火市示例路%d号"},
	"ar": {"محمد الأحمد %d", "شارع الشيخ زايد %d\nدبي"}, "ko": {"김민준 %d", "서울특별시 종로구 세종대로 %d"},
}

// BenchmarkBatch checks, sets and prints TOCSIN_LETTERS letters (default 1,000) in four languages: everything that the
// machine does for them but the ledger and the network. Each has a name, an address, a code and a QR code of its own.
func BenchmarkBatch(b *testing.B) {
	needFonts(b, "de", "zh-Hans", "ar", "ko")
	n := 1000
	if v, err := strconv.Atoi(os.Getenv("TOCSIN_LETTERS")); err == nil {
		n = v
	}
	for _, single := range []bool{false, true} {
		b.Run(fmt.Sprintf("letters=%d/single=%v", n, single), func(b *testing.B) {
			for b.Loop() {
				s := newSender(b, Config{Single: single}, nil)
				batch := &breach.PostBatch{ID: "letters-1", MadeAt: day}
				langs := []string{"de", "zh-Hans", "ar", "ko"}
				for i := range n {
					batch.Items = append(batch.Items, benchLetter(b, s, langs[i%4], i))
				}
				m, _, err := s.Print(b.Context(), batch, b.TempDir())
				require.NoError(b, err)
				b.ReportMetric(float64(m.Pages), "pages")
				b.ReportMetric(float64(m.Files[0].Bytes)/1e6, "MB")
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "letters/s")
		})
	}
}

func benchLetter(tb testing.TB, s *Sender, lang string, i int) breach.PostItem {
	m := delivery.Message{Channel: breach.Letter, To: "x", Locale: lang, Subject: benchTexts[lang][:40]}
	m.AttemptID, m.DeliveryID = fmt.Sprintf("%032x-1", i), fmt.Sprintf("%032x", i)
	m.ToName = fmt.Sprintf(benchNames[lang][0], i)
	m.Subject = strings.ToValidUTF8(m.Subject, "")
	para := strings.Repeat(benchTexts[lang], 4)
	m.Text = m.ToName + "\n\n" + para + strings.Repeat("\n\n\n"+benchTexts[lang][:strings.IndexAny(benchTexts[lang], ",，،")]+"\n\n"+para+"\n\n"+para, 5) + "\n\nCode: " + fmt.Sprintf("KX7-%04d", i)
	m.Post = &delivery.Post{Address: strings.Split(fmt.Sprintf(benchNames[lang][1], i), "\n"), Country: "DE", Reference: fmt.Sprintf("KX7-%04d", i)}
	body, pages, f := s.prepare(m)
	if f != nil {
		tb.Fatal(f)
	}
	return breach.PostItem{Attempt: m.AttemptID, Delivery: m.DeliveryID, Country: "DE", Pages: pages, Body: body}
}
