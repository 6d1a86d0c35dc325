package recipients

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Fields lists the canonical names of columns. consent_marketing is known so that nobody wonders: it never
// decides about a notice (promise M14) and is not read.
var Fields = []string{
	"external_id", "name", "email", "phone", "locale", "country", "region", "birth_date",
	"guardian_name", "guardian_email", "guardian_phone", "postal_address", "push_token", "push_platform",
	"data_classes", "objections", "consent_marketing",
}

// aliases are further names of columns, as lists of members, customers and pupils call them. They are
// compared without case, space and punctuation.
var aliases = map[string][]string{
	"external_id":       {"id", "uid", "user id", "customer id", "customer no", "member id", "account id", "account no", "student id", "reference", "编号", "用户id", "用户编号", "客户编号", "会员号", "会员编号", "学号", "账号"},
	"name":              {"full name", "display name", "customer name", "user name", "姓名", "名字", "用户姓名", "客户姓名", "学生姓名", "真实姓名", "昵称"},
	"email":             {"e-mail", "mail", "email address", "e-mail address", "邮箱", "电子邮箱", "邮件", "电子邮件", "邮箱地址", "注册邮箱"},
	"phone":             {"mobile", "mobile no", "mobile number", "mobile phone", "phone number", "phone no", "telephone", "tel", "cell", "cell phone", "手机号", "手机", "电话", "手机号码", "电话号码", "联系电话", "移动电话"},
	"locale":            {"language", "lang", "preferred language", "语言", "语种", "首选语言"},
	"country":           {"country code", "country/region", "nation", "国家", "国家/地区", "国家代码", "国别"},
	"region":            {"state", "province", "state/province", "county", "省", "省份", "州", "地区", "省/州"},
	"birth_date":        {"dob", "date of birth", "birthday", "born", "出生日期", "生日", "出生年月日"},
	"guardian_name":     {"guardian", "parent", "parent name", "parent/guardian name", "parent/guardian", "监护人", "监护人姓名", "家长", "家长姓名"},
	"guardian_email":    {"guardian e-mail", "guardian email address", "parent email", "parent e-mail", "parent/guardian email", "监护人邮箱", "监护人电子邮箱", "家长邮箱"},
	"guardian_phone":    {"guardian mobile", "guardian phone number", "parent phone", "parent mobile", "parent/guardian phone", "监护人手机", "监护人手机号", "监护人电话", "家长电话", "家长手机", "家长手机号"},
	"postal_address":    {"address", "mailing address", "postal", "street address", "home address", "通信地址", "地址", "邮寄地址", "住址", "通讯地址", "收件地址"},
	"push_token":        {"device token", "token", "registration token", "推送令牌", "推送标识", "设备令牌"},
	"push_platform":     {"platform", "push provider", "推送平台", "平台"},
	"data_classes":      {"data affected", "affected data", "data types", "data categories", "涉及数据类型", "数据类型", "涉及数据", "泄露数据类型"},
	"objections":        {"objected channels", "反对渠道", "拒绝渠道"},
	"consent_marketing": {"marketing", "marketing ok", "marketing consent", "newsletter", "opt in", "营销同意", "接收营销"},
}

// identity are the fields of which a list needs at least one: without them nobody can be told or found.
var identity = []string{"external_id", "name", "email", "phone", "push_token", "postal_address"}

var byAlias = func() map[string]string {
	m := map[string]string{}
	for _, f := range Fields {
		m[squeeze(f)] = f
		for _, a := range aliases[f] {
			m[squeeze(a)] = f
		}
	}
	return m
}()

// squeeze makes names of columns comparable: "E-mail ", "e mail" and "EMail" are one name.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, norm.NFKC.String(s))
}

// header is the first record: fields[i] is the field of column i, empty when it is not known.
type header struct {
	cells  []string
	fields []string
	column map[string][]int
}

// readHeader reads the first record that is not blank, with the delimiter that makes most sense of it.
func readHeader(sc *scanner, names map[string]string) (header, error) {
	known, err := withNames(names)
	if err != nil {
		return header{}, err
	}
	data := sc.buf[sc.at:sc.end]
	var best header
	var length int
	for _, delim := range []byte{',', ';', '\t', '|'} {
		h, n, err := headerOf(data, delim, sc.eof, known)
		if err != nil {
			return header{}, err
		}
		if best.cells == nil || len(h.column) > len(best.column) {
			best, length, sc.delim = h, n, delim
		}
	}
	sc.take(length)
	return best, best.check(names)
}

// headerOf looks for the header at the front of data; n is how many bytes it takes.
func headerOf(data []byte, delim byte, full bool, known map[string]string) (h header, n int, err error) {
	for n < len(data) {
		rec, length, ok := parseRecord(data[n:], delim, full)
		if !ok {
			return h, 0, breach.Errorf(breach.ErrInvalid, "the first line, which names the columns, does not end within 64 kB: this is not a list in CSV")
		}
		n += length
		if rec.blank {
			continue
		}
		h = header{cells: rec.cells, column: map[string][]int{}}
		for i, c := range rec.cells {
			f := known[squeeze(c)]
			h.fields = append(h.fields, f)
			if f != "" {
				h.column[f] = append(h.column[f], i)
			}
		}
		return h, n, nil
	}
	return h, 0, breach.Errorf(breach.ErrInvalid, "the list is empty: there is not even a line with the names of the columns")
}

func withNames(names map[string]string) (map[string]string, error) {
	if len(names) == 0 {
		return byAlias, nil
	}
	known := map[string]string{}
	for k, v := range byAlias {
		known[k] = v
	}
	for from, to := range names {
		if !slices.Contains(Fields, to) {
			return nil, breach.Errorf(breach.ErrInvalid, "a column is to be read as a field that does not exist: the fields are %s", strings.Join(Fields, ", "))
		}
		if squeeze(from) == "" {
			return nil, breach.Errorf(breach.ErrInvalid, "the name of the column that is to be read as %s has neither letter nor digit", to)
		}
		known[squeeze(from)] = to
	}
	return known, nil
}

func (h header) check(names map[string]string) error {
	present := map[string]bool{}
	for _, c := range h.cells {
		present[squeeze(c)] = true
	}
	for from, to := range names {
		if !present[squeeze(from)] {
			return breach.Errorf(breach.ErrInvalid, "the list has no column with the name that was to be read as %s", to)
		}
	}
	for _, f := range identity {
		if len(h.column[f]) > 0 {
			return nil
		}
	}
	err := breach.Errorf(breach.ErrInvalid, "none of the %d columns says who a person is or how to reach them: there must be at least one of %s. "+
		"Name the columns in the first line (English or Chinese names are known), or say which is which with --map", len(h.cells), strings.Join(identity, ", "))
	for i, f := range h.fields {
		if i == 20 {
			break
		}
		what := "not known"
		if f != "" {
			what = "read as " + f
		}
		err = err.With(breach.FieldError{Where: fmt.Sprint("column ", i+1), What: what})
	}
	return err
}

// repeats reports whether a record is the header again, as in joined exports.
func (h header) repeats(cells []string) bool {
	if len(cells) != len(h.cells) {
		return false
	}
	for i, c := range cells {
		if squeeze(c) != squeeze(h.cells[i]) {
			return false
		}
	}
	return true
}
