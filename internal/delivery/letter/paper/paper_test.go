package paper

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var day = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// sample is one letter in a language; want are lines that must come back when the text is copied from the page.
type sample struct {
	name   string
	format string
	home   string
	letter Letter
	want   []string
}

func samples() []sample {
	long := func(s string, n int) string { return strings.TrimSpace(strings.Repeat(s+" ", n)) }
	text := func(greeting, heading, words string, n int) string {
		return greeting + "\n\n" + long(words, 4) + "\n\n\n" + heading + "\n\n" + long(words, n) + "\n\n\n" + heading + "\n\n" + long(words, 5) + "\nabc@example.org\n+49 30 1234567\nhttps://verify.example.org/notices\n"
	}
	return []sample{
		{"en-us", "us10", "US", Letter{Lang: "en", Name: "Catherine O’Neill", Address: []string{"4711 Sample Avenue, Apt 12", "Springfield, IL 62701"}, Country: "US",
			Subject: "Notice of data breach", Text: text("Dear Catherine O’Neill,", "WHAT HAPPENED", "On 3 March somebody copied a part of our database, and with it your name and e-mail address.", 20)},
			[]string{"Catherine O’Neill", "4711 Sample Avenue, Apt 12", "WHAT HAPPENED", "Notice of data breach"}},
		{"de", "din5008b", "DE", Letter{Lang: "de", Name: "Jürgen Groß", Address: []string{"Straße des 17. Juni 135", "10623 Berlin"}, Country: "DE",
			Subject: "Verletzung des Schutzes Ihrer Daten", Text: text("Guten Tag Jürgen Groß,", "WAS GESCHEHEN IST", "Am 3. März hat jemand einen Teil unserer Datenbank kopiert, darunter Ihren Namen und Ihre E-Mail-Adresse.", 20)},
			[]string{"Jürgen Groß", "10623 Berlin", "WAS GESCHEHEN IST"}},
		{"zh-hans", "cn", "CN", Letter{Lang: "zh-Hans", Name: "陈可欣", Address: []string{"610000 四川省灯火市示例路13号3单元502室"}, Country: "CN",
			Subject: "个人信息安全事件告知书", Text: text("陈可欣，您好：", "发生了什么", "三月三日，有人复制了我们数据库的一部分，其中有您的姓名和电子邮件地址。我们对此深表歉意，并说明“可能的影响”和您可以采取的措施。", 12)},
			[]string{"陈可欣", "示例路13号3单元502室", "发生了什么", "个人信息安全事件告知书"}},
		{"zh-hant", "din5008b", "DE", Letter{Lang: "zh-Hant", Name: "陳嘉欣", Address: []string{"香港九龍示例道88號12樓A室"}, Country: "HK",
			Subject: "個人資料外洩通知", Text: text("陳嘉欣，您好：", "發生了甚麼事", "三月三日，有人複製了我們資料庫的一部分，當中有您的姓名和電郵地址。我們深表歉意。", 12)},
			[]string{"陳嘉欣", "香港九龍示例道88號12樓A室", "HONG KONG SAR CHINA", "發生了甚麼事"}},
		{"ja", "din5008b", "JP", Letter{Lang: "ja", Name: "山田 太郎", Address: []string{"〒100-0001", "東京都千代田区千代田1丁目2番3号", "見本マンション405号室"}, Country: "JP",
			Subject: "個人情報の漏えいに関するお知らせ", Text: text("山田 太郎 様", "何が起きたか", "3月3日、当社のデータベースの一部が第三者によってコピーされました。お客様のお名前とメールアドレスが含まれています。", 12)},
			[]string{"山田 太郎 様", "東京都千代田区千代田1丁目2番3号", "何が起きたか"}},
		{"ko", "din5008b", "KR", Letter{Lang: "ko", Name: "김민준", Address: []string{"서울특별시 종로구 세종대로 1길 23", "03154"}, Country: "KR",
			Subject: "개인정보 유출 통지", Text: text("김민준 님께", "무슨 일이 있었습니까", "3월 3일에 누군가가 저희 데이터베이스의 일부를 복사했으며, 그 안에 고객님의 성명과 이메일 주소가 있었습니다.", 12)},
			[]string{"김민준", "서울특별시 종로구 세종대로 1길 23", "무슨 일이 있었습니까"}},
		{"ar", "din5008b", "AE", Letter{Lang: "ar", Name: "محمد الأحمد", Address: []string{"شارع الشيخ زايد 12", "دبي"}, Country: "AE",
			Subject: "إشعار بخرق البيانات", Text: text("السيد محمد الأحمد،", "ماذا حدث", "في 3 مارس نسخ شخص ما جزءًا من قاعدة بياناتنا (Tocsin 2.0)، وفيها اسمك وعنوان بريدك الإلكتروني.", 14)},
			[]string{"شارع الشيخ زايد", "ماذا حدث", "إشعار بخرق البيانات"}},
	}
}

func (s sample) setter(t testing.TB) *Setter {
	t.Helper()
	f, err := FormatOf(s.format)
	require.NoError(t, err)
	fonts := NewFonts()
	if lost := fonts.Missing(s.letter.Lang); len(lost) > 0 {
		t.Skipf("SKIPPED: the fonts %v are not installed (Debian: fonts-noto-core, fonts-noto-cjk)", lost)
	}
	return NewSetter(fonts, House{Format: f, Sender: "Example Learning Ltd · PO Box 100 · 10115 Berlin", Country: s.home, Pages: 6})
}

func (s sample) full() Letter {
	l := s.letter
	l.ID, l.Reference, l.Date = "5c0ffee5c0ffee5c0ffee5c0ffee5c0f-1", "KX7-2MQ-9TD", day
	return l
}

// tool runs a program of others on a file.
func tool(t testing.TB, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("SKIPPED: %s is not installed (Debian: qpdf, poppler-utils)", name)
	}
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	require.NoError(t, err, "%s: %s", name, out)
	return string(out)
}

// What is set is a sound file by the word of others, all its fonts are embedded and cut, and its text comes back.
func TestLettersAreSoundAndReadable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if keep := os.Getenv("TOCSIN_KEEP_LETTERS"); keep != "" {
		dir = keep
	}
	for _, s := range samples() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			setter := s.setter(t)
			sheets, err := setter.Set(s.full())
			require.NoError(t, err)
			require.Greater(t, sheets.Pages(), 1)
			var b bytes.Buffer
			d := setter.New(&b, s.letter.Lang)
			d.Add(sheets)
			require.NoError(t, d.Close(day))
			file := filepath.Join(dir, s.name+".pdf")
			require.NoError(t, os.WriteFile(file, b.Bytes(), 0o600))

			tool(t, "qpdf", "--check", file)
			text := tool(t, "pdftotext", "-layout", file, "-")
			for _, want := range append(s.want, "KX7-2MQ-9TD", "1/"+strconv.Itoa(sheets.Pages())) {
				require.Contains(t, text, want)
			}
			fonts := strings.Split(strings.TrimSpace(tool(t, "pdffonts", file)), "\n")[2:]
			require.NotEmpty(t, fonts)
			for _, row := range fonts {
				f := strings.Fields(row)
				require.Equal(t, []string{"yes", "yes", "yes"}, f[len(f)-5:len(f)-2], "embedded, subset, with text: %s", row)
			}
		})
	}
}

// printed writes one letter to a file.
func printed(t *testing.T, s sample) string {
	t.Helper()
	setter := s.setter(t)
	sheets, err := setter.Set(s.full())
	require.NoError(t, err)
	var b bytes.Buffer
	d := setter.New(&b, s.letter.Lang)
	d.Add(sheets)
	require.NoError(t, d.Close(day))
	file := filepath.Join(t.TempDir(), "letter.pdf")
	require.NoError(t, os.WriteFile(file, b.Bytes(), 0o600))
	return file
}

var wordBox = regexp.MustCompile(`<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">([^<]*)</word>`)

// What the envelope's window shows is the whole address and, of the rest, the sender's line at the most.
func TestTheWindowShowsTheAddressAlone(t *testing.T) {
	t.Parallel()
	windows := map[string]box{ // of the envelope, as the standards have them
		"din5008b": {20 * mm, 45 * mm, 85 * mm, 45 * mm},
		"us10":     {0.875 * 72, 2.5 * 72, 3.5 * 72, 0.667 * 72}, // what is seen wherever the sheet slides
		"cn":       {20 * mm, 45 * mm, 90 * mm, 45 * mm},
	}
	for _, s := range samples() {
		for format, w := range windows {
			t.Run(s.name+" "+format, func(t *testing.T) {
				t.Parallel()
				s := s
				s.format = format
				boxes := tool(t, "pdftotext", "-bbox", "-f", "1", "-l", "1", printed(t, s), "-")
				var inside []string
				for _, m := range wordBox.FindAllStringSubmatch(boxes, -1) {
					var at [4]float64
					for i := range at {
						var err error
						at[i], err = strconv.ParseFloat(m[i+1], 64)
						require.NoError(t, err)
					}
					middle := (at[1] + at[3]) / 2
					seen := middle > w.y-1 && middle < w.y+w.h+1 && at[0] < w.x+w.w && at[2] > w.x
					if seen {
						require.GreaterOrEqual(t, at[0], w.x-1, "cut at the left: %s", m[5])
						require.LessOrEqual(t, at[2], w.x+w.w+1, "cut at the right: %s", m[5])
						inside = append(inside, m[5])
					}
				}
				all := strings.Join(inside, " ")
				for _, line := range s.letter.Address {
					for _, word := range strings.Fields(line) {
						boxed := format == "cn" && len(word) == 6 && strings.Trim(word, "0123456789") == ""
						if preferred(s.letter.Lang) != cutArabic && !boxed {
							require.Contains(t, strings.ReplaceAll(all, " ", ""), word)
						}
					}
				}
				require.NotContains(t, all, "KX7", "nothing but the address")
				require.NotContains(t, all, s.letter.Subject)
			})
		}
	}
}

// A machine of others reads the letter's id from page one.
func TestTheCodeIsRead(t *testing.T) {
	t.Parallel()
	for _, s := range samples()[:3] {
		page := filepath.Join(t.TempDir(), "page")
		tool(t, "pdftoppm", "-r", "150", "-f", "1", "-l", "1", "-singlefile", "-png", printed(t, s), page)
		require.Contains(t, tool(t, "zbarimg", "-q", "--raw", "--nodbus", page+".png"), s.full().ID)
	}
}

// A glyph that stands for nothing drawn, a box, is never put on paper: the character is named by its script instead.
func TestNoBoxes(t *testing.T) {
	t.Parallel()
	s := samples()[1]
	setter := s.setter(t)
	for _, text := range []string{"𐎠𐎼𐎹", "\U0001F9A9", "a\uE123b"} {
		l := s.full()
		l.Text = text
		_, err := setter.Set(l)
		var missing *NoGlyphError
		require.ErrorAs(t, err, &missing, "%q", text)
	}
}
