package recipients_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/recipients"
)

// Every line: the cell, what is kept, the problems.
func TestEmails(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want, code string }{
		{"a@b.test", "a@b.test", ""},
		{"O'Brien+tag_x=1@Mail.TEST", "O'Brien+tag_x=1@mail.test", ""},
		{"jörg@bücher.test", "jörg@bücher.test", ""},
		{"用户@例子.test", "用户@例子.test", ""},
		{" a@b.test\t", "a@b.test", "space_trimmed"},
		{"a@b", "", "email_malformed"},
		{"a@b.1", "", "email_malformed"},
		{"a@[127.0.0.1]", "", "email_malformed"},
		{".a@b.test", "", "email_malformed"},
		{"a..b@b.test", "", "email_malformed"},
		{"a@-b.test", "", "email_malformed"},
		{"a@b..test", "", "email_malformed"},
		{"a@b@c.test", "", "email_malformed"},
		{"A <a@b.test>", "a@b.test", "email_rewritten"},
		{"c@d.test <a@b.test>", "", "email_several"},
		{"mailto:a@b.test", "a@b.test", "email_rewritten"},
		{"a@@b.test", "a@b.test", "email_rewritten"},
		{"a@b.test@b.test", "a@b.test", "email_rewritten"},
		{"a .c@ b.test..", "a.c@b.test", "email_rewritten"},
		{"john smith@b.test", "", "email_malformed"},
		{"ａ＠ｂ．ｔｅｓｔ", "a@b.test", "email_rewritten"},
		{"a\u200bb@b.test", "ab@b.test", "email_rewritten"},
		{"a.b.test", "", "email_no_at"},
		{"a@аррӏе.test", "", "email_lookalike"},
		{"a@xn--80ak6aa92e.com", "", "email_lookalike"},
		{"a@xn--bcher-kva.test", "a@xn--bcher-kva.test", ""},
		{"a@пример.test", "a@пример.test", ""},
		{"a@ai例え.test", "a@ai例え.test", ""},
		{"a@b.test;c@d.test", "", "email_several"},
		{"a@b.test\x00", "", "control_characters"},
		{"a\u202e@b.test", "", "bidi_control"},
		{"a@ex\u0430mple.test", "", "email_lookalike"},
		{"a@\xff.test", "", "bad_encoding"},
		{"n/a", "", ""},
	} {
		r := one(t, "external_id,email,phone", `1,"`+c.in+`",+12025550101`, recipients.Options{})
		require.Equal(t, c.want, r.Person.Email, "%q", c.in)
		require.Equal(t, "+12025550101", r.Person.Phone, "a bad e-mail does not cost the phone")
		if c.code == "" {
			require.Empty(t, r.Problems, "%q", c.in)
		} else {
			require.Equal(t, []string{c.code}, codes(r), "%q", c.in)
		}
	}
}

func TestAnAddressThatAttacksOrThatNoServerTakesCostsTheRow(t *testing.T) {
	t.Parallel()
	for in, code := range map[string]string{
		"a@b.test\r\nBcc: x@y.test": "email_injection", "a@b.test%0d%0aBcc:c": "email_injection",
		"a@b.test\u2028Bcc: c": "email_injection", strings.Repeat("a", 65) + "@b.test": "email_too_long",
	} {
		r := one(t, "external_id,email,phone", "1,\""+in+"\",+12025550101", recipients.Options{})
		require.Equal(t, recipients.Rejected, r.Verdict, "%q", in)
		require.Empty(t, r.Person.Email)
		require.Equal(t, []string{code}, codes(r), "%q", in)
	}
}

func TestPhones(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, country, list, want, code string }{
		{"+8619000000001", "CN", "", "+8619000000001", ""},
		{"0086 190 0000 0001", "", "", "+8619000000001", "phone_rewritten"},
		{"+49 (0)30 2312-5006", "", "", "+493023125006", "phone_rewritten"},
		{"tel:+1-202-555-0139", "", "", "+12025550139", "phone_rewritten"},
		{"+١٢٠٢٥٥٥٠١٣٩", "", "", "+12025550139", "phone_rewritten"},
		{"+12025550139 ext. 7", "", "", "+12025550139", "phone_extension"},
		{"19000000001", "CN", "", "+8619000000001", "phone_national"},
		{"19000000001", "", "CN", "+8619000000001", "phone_rewritten"},
		{"19000000001", "CN", "CN", "+8619000000001", "phone_rewritten"},
		{"030 23125006", "DE", "CN", "+493023125006", "phone_national"},
		{"19000000001", "", "", "", "phone_no_country"},
		{"1.3E+10", "CN", "", "", "phone_spreadsheet"},
		{"1239", "JP", "", "", "phone_too_short"},
		{"12390", "JP", "", "", "phone_impossible"},
		{"+999123456789", "", "", "+999123456789", ""},
		{"+998123", "", "", "", "phone_impossible"},
		{"'+12025550139", "", "", "+12025550139", ""},
		{"\u202d+12025550139\u202c", "", "", "+12025550139", "phone_rewritten"},
		{"1-800-FLOWERS", "US", "", "", "phone_malformed"},
		{"+1202555013900000000", "", "", "", "phone_impossible"},
		{"+1202\x1b5550139", "", "", "", "control_characters"},
		{"+", "CN", "", "", "phone_too_short"},
	} {
		r := one(t, "external_id,email,phone,country", "1,a@b.test,"+c.in+","+c.country, recipients.Options{Country: c.list})
		require.Equal(t, c.want, r.Person.Phone, "%q", c.in)
		require.Equal(t, "a@b.test", r.Person.Email)
		if c.code == "" {
			require.Empty(t, r.Problems, "%q", c.in)
		} else {
			require.Equal(t, []string{c.code}, codes(r), "%q", c.in)
		}
	}
}

func TestOtherFields(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		field, in string
		value     func(breach.Person) any
		want      any
		code      string
	}{
		{"country", "CN", func(p breach.Person) any { return p.Country }, "CN", ""},
		{"country", "中国大陆", func(p breach.Person) any { return p.Country }, "CN", "country_rewritten"},
		{"country", "uk", func(p breach.Person) any { return p.Country }, "GB", "country_rewritten"},
		{"country", "DEU", func(p breach.Person) any { return p.Country }, "DE", "country_rewritten"},
		{"country", "NA", func(p breach.Person) any { return p.Country }, "NA", ""},
		{"country", "Atlantis", func(p breach.Person) any { return p.Country }, "", "country_unknown"},
		{"country", "ZZ", func(p breach.Person) any { return p.Country }, "", "country_unknown"},
		{"locale", "zh-Hans-CN", func(p breach.Person) any { return p.Locale }, "zh-Hans-CN", ""},
		{"locale", "pt_br", func(p breach.Person) any { return p.Locale }, "pt-BR", "locale_rewritten"},
		{"locale", "klingon", func(p breach.Person) any { return p.Locale }, "", "locale_unknown"},
		{"locale", "zh-Hans-CN-x-private", func(p breach.Person) any { return p.Locale }, "zh-Hans-CN", "locale_rewritten"},
		{"locale", "", func(p breach.Person) any { return p.Locale }, "", "locale_missing"},
		{"birth_date", "2015-2-3", func(p breach.Person) any { return p.BirthDate }, "2015-02-03", "birth_rewritten"},
		{"birth_date", "20150203", func(p breach.Person) any { return p.BirthDate }, "2015-02-03", "birth_rewritten"},
		{"birth_date", "2015年2月3日", func(p breach.Person) any { return p.BirthDate }, "2015-02-03", "birth_rewritten"},
		{"birth_date", "03/02/2015", func(p breach.Person) any { return p.BirthDate }, "", "birth_ambiguous"},
		{"birth_date", "23/02/2015", func(p breach.Person) any { return p.BirthDate }, "2015-02-23", "birth_rewritten"},
		{"birth_date", "02/23/2015", func(p breach.Person) any { return p.BirthDate }, "2015-02-23", "birth_rewritten"},
		{"birth_date", "12/12/2014", func(p breach.Person) any { return p.BirthDate }, "2014-12-12", "birth_rewritten"},
		{"birth_date", "23/02/15", func(p breach.Person) any { return p.BirthDate }, "", "birth_ambiguous"},
		{"birth_date", "2015-02-29", func(p breach.Person) any { return p.BirthDate }, "", "birth_impossible"},
		{"birth_date", "2026-01-02", func(p breach.Person) any { return p.BirthDate }, "", "birth_future"},
		{"data_classes", "Name; 手机号;name", func(p breach.Person) any { return p.DataClasses }, []string{"name", "phone"}, ""},
		{"data_classes", "name;shoe_size", func(p breach.Person) any { return p.DataClasses }, []string{"name"}, "classes_unknown"},
		{"objections", "sms;email", func(p breach.Person) any { return p.Objections }, []breach.Channel{breach.SMS, breach.Email}, ""},
		{"objections", "sms;fax", func(p breach.Person) any { return p.Objections }, []breach.Channel{breach.SMS}, "objection_unknown"},
		{"postal_address", "1 High St\nYork", func(p breach.Person) any { return p.PostalAddress }, "1 High St\nYork", ""},
		{"postal_address", "=1+1", func(p breach.Person) any { return p.PostalAddress }, "=1+1", "formula"},
		{"name", "Smith & Sons; Ltd", func(p breach.Person) any { return p.Name }, "Smith & Sons; Ltd", ""},
		{"name", "&lt;b&gt;", func(p breach.Person) any { return p.Name }, "", "markup"},
		{"name", "{{.Secret}}", func(p breach.Person) any { return p.Name }, "", "markup"},
		{"name", "An\u200bna\u200f", func(p breach.Person) any { return p.Name }, "Anna", "invisible_removed"},
		{"name", "Wei\ufffd", func(p breach.Person) any { return p.Name }, "", "bad_encoding"},
		{"name", "Jose\u0301", func(p breach.Person) any { return p.Name }, "José", ""},
		{"name", "نیما\u200cپور", func(p breach.Person) any { return p.Name }, "نیما\u200cپور", ""},
	} {
		r := one(t, "external_id,phone,"+c.field, `1,+12025550101,"`+c.in+`"`, recipients.Options{})
		require.Equal(t, c.want, c.value(r.Person), "%s %q", c.field, c.in)
		got := slices.DeleteFunc(codes(r), func(s string) bool { return s == "minor_no_guardian" })
		if c.code == "" {
			require.Empty(t, got, "%s %q", c.field, c.in)
		} else {
			require.Equal(t, []string{c.code}, got, "%s %q", c.field, c.in)
		}
	}
}
