package recipients

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Fields lists the canonical names of columns. consent_marketing is known so that nobody wonders: it never
// decides about a notice (promise M14) and is not read.
var Fields = []string{
	"external_id", "name", "email", "phone", "locale", "country", "region", "time_zone", "birth_date",
	"guardian_name", "guardian_email", "guardian_phone", "postal_address", "push_token", "push_platform",
	"data_classes", "objections", "consent_marketing",
}

// aliases are further names of columns, as lists of members, customers and pupils call them. They are
// compared without case, space and punctuation.
var aliases = map[string][]string{
	"external_id":       {"id", "uid", "user id", "customer id", "customer no", "member id", "account id", "account no", "student id", "reference", "编号", "用户id", "用户编号", "客户编号", "会员号", "会员编号", "学号", "账号", "編號", "會員編號", "客戶編號", "學號", "帳號", "会員番号", "顧客番号", "会員id"},
	"name":              {"full name", "display name", "customer name", "user name", "姓名", "名字", "用户姓名", "客户姓名", "学生姓名", "真实姓名", "昵称", "客戶姓名", "學生姓名", "氏名", "お名前", "名前"},
	"email":             {"e-mail", "mail", "email address", "e-mail address", "邮箱", "电子邮箱", "邮件", "电子邮件", "邮箱地址", "注册邮箱", "電子郵件", "電子郵箱", "電郵", "郵箱", "信箱", "メールアドレス", "メール", "eメール"},
	"phone":             {"mobile", "mobile no", "mobile number", "mobile phone", "phone number", "phone no", "telephone", "tel", "cell", "cell phone", "手机号", "手机", "电话", "手机号码", "电话号码", "联系电话", "移动电话", "手機", "手機號", "手機號碼", "電話", "電話號碼", "行動電話", "聯絡電話", "電話番号", "携帯電話", "携帯番号"},
	"locale":            {"language", "lang", "preferred language", "语言", "语种", "首选语言", "語言", "言語"},
	"country":           {"country code", "country/region", "nation", "国家", "国家/地区", "国家代码", "国别", "國家", "國家/地區", "國別", "国", "国名"},
	"region":            {"state", "province", "state/province", "county", "省", "省份", "州", "地区", "省/州", "地區", "縣市", "都道府県"},
	"time_zone":         {"timezone", "tz", "tzid", "iana time zone", "时区", "所在时区", "時區", "所在時區", "タイムゾーン"},
	"birth_date":        {"dob", "date of birth", "birthday", "born", "出生日期", "生日", "出生年月日", "出生年月", "生年月日", "誕生日"},
	"guardian_name":     {"guardian", "parent", "parent name", "parent/guardian name", "parent/guardian", "监护人", "监护人姓名", "家长", "家长姓名", "監護人", "監護人姓名", "家長", "家長姓名", "保護者", "保護者氏名"},
	"guardian_email":    {"guardian e-mail", "guardian email address", "parent email", "parent e-mail", "parent/guardian email", "监护人邮箱", "监护人电子邮箱", "家长邮箱", "監護人電子郵件", "監護人郵箱", "家長郵箱", "保護者メールアドレス"},
	"guardian_phone":    {"guardian mobile", "guardian phone number", "parent phone", "parent mobile", "parent/guardian phone", "监护人手机", "监护人手机号", "监护人电话", "家长电话", "家长手机", "家长手机号", "監護人電話", "監護人手機", "家長電話", "家長手機", "保護者電話番号"},
	"postal_address":    {"address", "mailing address", "postal", "street address", "home address", "通信地址", "地址", "邮寄地址", "住址", "通讯地址", "收件地址", "通訊地址", "郵寄地址", "住所", "ご住所"},
	"push_token":        {"device token", "token", "registration token", "推送令牌", "推送标识", "设备令牌", "推播權杖", "推送權杖"},
	"push_platform":     {"platform", "push provider", "推送平台", "平台", "推播平台"},
	"data_classes":      {"data affected", "affected data", "data types", "data categories", "涉及数据类型", "数据类型", "涉及数据", "泄露数据类型", "涉及資料", "資料類型"},
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
	names  []string // of the cells, comparable
	fields []string
	column map[string][]int
}

// delimiters are what stands between cells, by the name that people give it.
var delimiters = map[string]byte{"comma": ',', "semicolon": ';', "tab": '\t', "pipe": '|', ",": ',', ";": ';', "\t": '\t', `\t`: '\t', "|": '|'}

// delimiterOf is 0 for what is none.
func delimiterOf(s string) byte { return delimiters[s] }

// head reads the first record that is not blank, with the delimiter that makes most sense of it.
func (s *scanner) head(o Options) (header, error) {
	data := s.buf[s.at:s.end]
	candidates := []byte{',', ';', '\t', '|'}
	switch {
	case o.Delimiter != "":
		candidates = []byte{delimiterOf(o.Delimiter)}
	case o.Format == formatTSV:
		candidates = []byte{'\t'}
	case o.Format == formatSQL:
		candidates = []byte{','}
	}
	var best, widest header
	var length, most int
	var first error
	for _, delim := range candidates {
		rec, n, err := firstRecord(data, delim, s.eof)
		if err != nil {
			return header{}, err
		}
		h, err := newHeader(rec.cells, o)
		if err != nil {
			if first == nil {
				first = err
			}
			continue
		}
		if len(h.cells) > len(widest.cells) {
			widest = h
		}
		fits := len(h.column)
		if o.NoHeader {
			fits = len(h.cells) // the mapping is the same for all
		}
		if best.cells == nil || fits > most {
			best, length, most, s.delim = h, n, fits, delim
		}
	}
	if best.cells == nil {
		return header{}, first
	}
	s.format = formatCSV
	switch {
	case o.Format == formatSQL:
		s.format = formatSQL
	case s.delim == '\t':
		s.format = formatTSV
	}
	if o.NoHeader {
		return best, nil
	}
	if len(widest.column) == 0 && len(widest.cells) > 2*len(best.cells) {
		best = widest // a word of a list within a cell of the first person is no name of a column
	}
	s.take(length)
	return best, best.check(o.Map)
}

// firstRecord looks for the first record at the front of data; n is how many bytes it takes.
func firstRecord(data []byte, delim byte, full bool) (rec record, n int, err error) {
	for n < len(data) {
		rec, length, ok := parseRecord(data[n:], delim, full)
		if !ok {
			return rec, 0, breach.Errorf(breach.ErrInvalid, "the first line, which names the columns, does not end within 64 kB: this is not a list in CSV")
		}
		n += length
		if !rec.blank {
			return rec, n, nil
		}
	}
	return rec, 0, breach.Errorf(breach.ErrInvalid, "the list is empty: there is not even a line with the names of the columns")
}

// newHeader makes a header of the first record: of the names in it, or of the numbers of its columns.
func newHeader(cells []string, o Options) (header, error) {
	if o.NoHeader {
		return numbered(len(cells), cells, o.Map)
	}
	known, err := withNames(o.Map)
	if err != nil {
		return header{}, err
	}
	h := header{cells: cells, column: map[string][]int{}}
	for i, c := range cells {
		f := known[squeeze(c)]
		h.fields = append(h.fields, f)
		if f != "" {
			h.column[f] = append(h.column[f], i)
		}
	}
	return h, nil
}

// numbered is the header of a list without one.
func numbered(columns int, first []string, fields map[string]string) (header, error) {
	h := header{cells: make([]string, columns), fields: make([]string, columns), column: map[string][]int{}}
	for i := range columns {
		h.cells[i] = "column " + strconv.Itoa(i+1)
	}
	numbers := make([]string, 0, len(fields))
	for n := range fields {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	for _, name := range numbers {
		field := fields[name]
		n, err := strconv.Atoi(name)
		if err != nil || n < 1 {
			return header{}, breach.Errorf(breach.ErrInvalid, "in a list without header columns are mapped by their numbers, such as 1=name,2=email")
		}
		if !slices.Contains(Fields, field) {
			return header{}, noSuchField()
		}
		if n > columns {
			return header{}, breach.Errorf(breach.ErrInvalid, "column %d is to be read as %s, but the first record has %d columns", n, field, columns)
		}
		h.cells[n-1], h.fields[n-1] = field, field
		h.column[field] = append(h.column[field], n-1)
	}
	names := 0
	for _, c := range first {
		if byAlias[squeeze(c)] != "" {
			names++
		}
	}
	if names > 1 && names*2 > len(first) {
		return header{}, breach.Errorf(breach.ErrInvalid, "the first record names columns instead of a person: leave --no-header away")
	}
	return h, h.check(nil)
}

func noSuchField() error {
	return breach.Errorf(breach.ErrInvalid, "a column is to be read as a field that does not exist: the fields are %s", strings.Join(Fields, ", "))
}

// columns says how the columns were read. Fields that a source offers beyond the file's own are not named.
func (h header) columns() []Column {
	var all []Column
	for i, f := range h.fields {
		if f == "" || slices.Contains(h.column[f], i) {
			all = append(all, Column{Number: i + 1, Field: f})
		}
	}
	return all
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
			return nil, noSuchField()
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
		"Name the columns in the first line (English or Chinese names are known), say which is which with --map, or that there is no such line with --no-header", len(h.cells), strings.Join(identity, ", "))
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
		if !squeezesTo(c, h.names[i]) {
			return false
		}
	}
	return true
}

// squeezesTo is squeeze(s) == name, decided at the first letter that differs.
func squeezesTo(s, name string) bool {
	n := 0
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= utf8.RuneSelf:
			return squeeze(s) == name
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		case (c < 'a' || c > 'z') && (c < '0' || c > '9'):
			continue
		}
		if n >= len(name) || name[n] != c {
			return false
		}
		n++
	}
	return n == len(name)
}
