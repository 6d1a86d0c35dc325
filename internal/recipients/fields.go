package recipients

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// countries holds names that lists use in place of codes; codes of two or three letters and UN numbers
// are known to x/text.
var countries = map[string]string{
	"uk": "GB", "usa": "US", "usofa": "US", "unitedstates": "US", "unitedstatesofamerica": "US", "unitedkingdom": "GB",
	"greatbritain": "GB", "china": "CN", "prchina": "CN", "mainlandchina": "CN", "中国": "CN", "中国大陆": "CN", "中华人民共和国": "CN",
	"hongkong": "HK", "香港": "HK", "中国香港": "HK", "macau": "MO", "macao": "MO", "澳门": "MO", "中国澳门": "MO",
	"taiwan": "TW", "台湾": "TW", "中国台湾": "TW", "臺灣": "TW", "singapore": "SG", "新加坡": "SG",
	"germany": "DE", "deutschland": "DE", "德国": "DE", "france": "FR", "法国": "FR", "brazil": "BR", "brasil": "BR", "巴西": "BR",
	"japan": "JP", "日本": "JP", "southkorea": "KR", "republicofkorea": "KR", "韩国": "KR", "한국": "KR", "대한민국": "KR",
	"india": "IN", "印度": "IN", "美国": "US", "英国": "GB", "canada": "CA", "加拿大": "CA", "australia": "AU", "澳大利亚": "AU",
	"spain": "ES", "españa": "ES", "mexico": "MX", "méxico": "MX", "italy": "IT", "italia": "IT", "russia": "RU", "россия": "RU", "俄罗斯": "RU",
}

// countryCode finds the ISO 3166-1 alpha-2 code for a code or a well-known name.
func countryCode(s string) (string, bool) {
	if s == "" {
		return "", false
	}
	name := squeeze(s)
	if code, ok := countries[name]; ok {
		return code, true
	}
	r, err := language.ParseRegion(strings.ToUpper(name))
	if err != nil {
		return "", false
	}
	r = r.Canonicalize()
	if code := r.String(); r.IsCountry() && len(code) == 2 {
		return code, true
	}
	return "", false
}

func (c *cells) country() string {
	v := c.get("country")
	if v == "" {
		return c.rd.opts.Country
	}
	code := c.rd.countries.find(v, func() string {
		code, ok := countryCode(v)
		if !ok || hostile(v, false) != "" {
			return ""
		}
		return code
	})
	if code == "" {
		c.problem("country_unknown", "country")
		return ""
	}
	if code != v {
		c.problem("country_rewritten", "country")
	}
	return code
}

const maxLocale = 35 // RFC 5646 asks software to hold that many characters

func (c *cells) locale() string {
	v := c.get("locale")
	if v == "" {
		if c.has("locale") {
			c.problem("locale_missing", "locale")
		}
		return ""
	}
	tag := c.rd.locales.find(v, func() string { return languageTag(v) })
	if tag == "" {
		c.problem("locale_unknown", "locale")
		return ""
	}
	if tag != v {
		c.problem("locale_rewritten", "locale")
	}
	return tag
}

// languageTag is the BCP 47 tag that v means, without a private part, or "".
func languageTag(v string) string {
	tag, err := language.Parse(v)
	if err != nil || len(v) > 2*maxLocale {
		return ""
	}
	s, _, _ := strings.Cut(tag.String(), "-x-")
	if tag == language.Und || s == "und" || len(s) > maxLocale {
		return ""
	}
	return s
}

// timeZone leaves out what no notice could be written with. A name that merely looks like one, such as China Standard
// Time or UTC+8, is no zone: nobody can say which summer time it has.
func (c *cells) timeZone() string {
	v := c.get("time_zone")
	if v == "" {
		return ""
	}
	name := c.rd.zones.find(v, func() string {
		if !breach.KnownZone(v) {
			return ""
		}
		return v
	})
	if name == "" {
		c.problem("zone_unknown", "time_zone")
	}
	return name
}

// memo remembers what became of a value that stands in many rows; a list has few countries and languages.
type memo map[string]string

const mostMemories = 1000

func (m memo) find(v string, answer func() string) string {
	if a, known := m[v]; known {
		return a
	}
	a := answer()
	if len(m) < mostMemories {
		m[strings.Clone(v)] = a
	}
	return a
}

var (
	yearFirst = regexp.MustCompile(`^(\d{4})(?:[-/.]|年)(\d{1,2})(?:[-/.]|月)(\d{1,2})日?$`)
	yearLast  = regexp.MustCompile(`^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})$`)
	yearSolid = regexp.MustCompile(`^((?:19|20)\d{2})(\d{2})(\d{2})$`)
)

// birthDate reads a day that can be read in one way only: the year first, or a day above twelve. It decides who is a child, so a
// guess between day and month is not made.
func (c *cells) birthDate(on time.Time) (string, time.Time) {
	const field = "birth_date"
	v := c.get(field)
	if v == "" {
		return "", time.Time{}
	}
	if born, err := time.Parse(time.DateOnly, v); err == nil && born.Year() >= 1900 && !born.After(on) {
		return v, born
	}
	m := yearFirst.FindStringSubmatch(v)
	if m == nil {
		m = yearSolid.FindStringSubmatch(v)
	}
	if m == nil {
		m = inOneWay(v)
	}
	if m == nil {
		c.problem("birth_ambiguous", field)
		return "", time.Time{}
	}
	year, _ := strconv.Atoi(m[1])
	month, _ := strconv.Atoi(m[2])
	day, _ := strconv.Atoi(m[3])
	born := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if born.Day() != day || int(born.Month()) != month || year < 1900 {
		c.problem("birth_impossible", field)
		return "", time.Time{}
	}
	if born.After(on) {
		c.problem("birth_future", field)
		return "", time.Time{}
	}
	iso := born.Format(time.DateOnly)
	if iso != v {
		c.problem("birth_rewritten", field)
	}
	return iso, born
}

// inOneWay reads a date with the year last where only one of the other numbers can be a month. It gives the date,
// the year, the month and the day, or nil.
func inOneWay(v string) []string {
	m := yearLast.FindStringSubmatch(v)
	if m == nil {
		return nil
	}
	first, _ := strconv.Atoi(m[1])
	second, _ := strconv.Atoi(m[2])
	switch {
	case first > 12 && second <= 12:
		return []string{v, m[3], m[2], m[1]}
	case second > 12 && first <= 12, first == second:
		return []string{v, m[3], m[1], m[2]}
	}
	return nil
}

// services are systems that have one push service only. Android has several.
var services = map[string]string{"ios": "apns", "iphone": "apns", "ipad": "apns", "ipados": "apns", "huawei": "hms", "harmonyos": "hms", "firebase": "fcm", "web": "webpush"}

const maxToken = 4096

func (c *cells) push() (token, platform string) {
	token, browser := subscription(c.get("push_token"))
	if token == "" {
		return "", ""
	}
	for i := range len(token) {
		if token[i] <= ' ' || token[i] > '~' || len(token) > maxToken {
			c.problem("push_malformed", "push_token")
			return "", ""
		}
	}
	raw := c.get("push_platform")
	platform = strings.ToLower(raw)
	if platform == "" && browser {
		platform = "webpush"
	}
	if service, ok := services[platform]; ok {
		platform = service
	}
	if !slices.Contains(breach.PushPlatforms, platform) {
		c.problem("push_platform", "push_platform")
		return "", ""
	}
	if platform != raw {
		c.problem("push_rewritten", "push_platform")
	}
	return token, platform
}

// subscription writes what a browser gives for Web Push on one line without blanks: JSON with an endpoint (W3C Push API,
// PushSubscription.toJSON). It says by itself which service it is for.
func subscription(token string) (line string, browser bool) {
	var s struct {
		Endpoint string `json:"endpoint"`
	}
	if !strings.HasPrefix(token, "{") || len(token) > maxToken || json.Unmarshal([]byte(token), &s) != nil || s.Endpoint == "" {
		return token, false
	}
	var b bytes.Buffer
	if json.Compact(&b, []byte(token)) != nil {
		return token, false
	}
	return b.String(), true
}

// dataClasses are the classes of the fact file.
var dataClasses = []string{
	"name", "email", "phone", "postal_address", "birth_date", "national_id", "passport", "password", "password_hash",
	"security_answer", "payment_card", "card_security_code", "bank_account", "transactions", "balance", "income",
	"location", "browsing", "communications", "biometric", "genetic", "health", "sex_life", "religion", "politics",
	"ethnicity", "union", "criminal", "education", "employment", "photo", "device_id", "account_id", "preferences", "insurance",
}

// otherClasses are other names that mean exactly one of them.
var otherClasses = map[string]string{
	"password_plaintext": "password", "government_id": "national_id", "id_card": "national_id", "messages": "communications",
	"address": "postal_address", "e-mail": "email", "date_of_birth": "birth_date",
	"姓名": "name", "邮箱": "email", "手机号": "phone", "地址": "postal_address", "出生日期": "birth_date", "身份证号": "national_id",
	"护照号": "passport", "密码": "password", "银行卡号": "bank_account", "位置": "location", "健康": "health",
}

func (c *cells) classes() []string {
	const field = "data_classes"
	v := c.get(field)
	if v == "" {
		if c.has(field) {
			c.problem("classes_missing", field)
		}
		return nil
	}
	var out []string
	unknown := false
	for _, part := range strings.FieldsFunc(v, func(r rune) bool { return r == ';' || r == '；' || r == '|' || r == ',' }) {
		name := strings.ToLower(strings.TrimSpace(part))
		if name == "" {
			continue
		}
		if other, ok := otherClasses[name]; ok {
			name = other
		}
		switch {
		case !slices.Contains(dataClasses, name):
			unknown = true
		case !slices.Contains(out, name):
			out = append(out, name)
		}
	}
	if unknown {
		c.problem("classes_unknown", field)
	}
	return out
}

func (c *cells) objections() []breach.Channel {
	const field = "objections"
	v := c.get(field)
	if v == "" {
		return nil
	}
	var out []breach.Channel
	unknown := false
	for _, part := range strings.FieldsFunc(v, func(r rune) bool { return r == ';' || r == '；' || r == '|' || r == ',' || r == ' ' }) {
		ch := breach.Channel(strings.ToLower(part))
		switch {
		case !slices.Contains(breach.Channels, ch):
			unknown = true
		case !slices.Contains(out, ch):
			out = append(out, ch)
		}
	}
	if unknown {
		c.problem("objection_unknown", field)
	}
	return out
}

// guardian returns nil when the row names none.
func (c *cells) guardian(country string) *breach.Guardian {
	g := breach.Guardian{
		Name:  c.text("guardian_name", maxName),
		Email: c.email("guardian_email"),
		Phone: c.phone("guardian_phone", country),
	}
	if g == (breach.Guardian{}) {
		return nil
	}
	return &g
}
