package recipients

import (
	"slices"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// judge turns a record into a row. A bad field costs the field, not the person.
func (rd *reader) judge(rec record) Row {
	row := Row{Line: rec.line, Verdict: Accepted, Raw: rec.cells}
	if code := rd.shape(rec); code != "" {
		row.add(problem(code, ""))
		return row
	}
	if rec.quotes {
		row.add(problem("csv_bare_quote", ""))
	}
	c := cells{rd: rd, row: &row, raw: rec.cells}
	p := &row.Person
	p.ExternalID = c.text("external_id", maxID)
	p.Name = c.text("name", maxName)
	p.Country = c.country()
	p.Region = c.text("region", maxName)
	p.TimeZone = c.timeZone()
	p.Email = c.email("email")
	p.Phone = c.phone("phone", p.Country)
	p.Locale = c.locale()
	p.PostalAddress = c.text("postal_address", maxAddress)
	p.PushToken, p.PushPlatform = c.push()
	p.DataClasses = c.classes()
	p.Objections = c.objections()
	p.Guardian = c.guardian(p.Country)
	var born time.Time
	p.BirthDate, born = c.birthDate(rd.opts.On)
	row.Child = !born.IsZero() && born.AddDate(rd.opts.ChildAge, 0, 0).After(rd.opts.On)
	c.whole(p)
	return row
}

// shape finds records that hold no person, or whose cells cannot be trusted to stand in their columns.
func (rd *reader) shape(rec record) string {
	if rec.broken != "" {
		return rec.broken
	}
	own := rec.cells
	if rd.fixes && len(own) > len(errorColumns) {
		own = own[len(errorColumns):] // what the error file says of a blank line is no person either
	}
	if !slices.ContainsFunc(own, func(c string) bool { return strings.TrimSpace(c) != "" }) {
		return "csv_blank_line"
	}
	columns := len(rd.head.cells)
	if rd.head.repeats(rec.cells) {
		return "csv_repeated_header"
	}
	if len(rec.cells) < columns {
		return "csv_cells_too_few"
	}
	// Spreadsheets like to add empty cells at the end; they move nothing.
	if slices.ContainsFunc(rec.cells[columns:], func(c string) bool { return strings.TrimSpace(c) != "" }) {
		return "csv_cells_too_many"
	}
	return ""
}

// whole looks at the person as a whole, after all fields.
func (c *cells) whole(p *breach.Person) {
	if p.ExternalID == "" && p.Name == "" && noContact(*p) {
		c.row.add(problem("no_identity", ""))
		return
	}
	if p.ExternalID == "" && c.has("external_id") && !c.named("external_id") {
		c.problem("external_id_missing", "external_id")
	}
	if p.Name == "" && c.has("name") && !c.named("name") {
		c.problem("name_missing", "name")
	}
	if noContact(*p) && (p.Guardian == nil || p.Guardian.Email == "" && p.Guardian.Phone == "") {
		c.problem("no_contact", "")
	}
	if c.row.Child {
		c.child(p)
	}
}

func (c *cells) child(p *breach.Person) {
	g := p.Guardian
	switch {
	case g == nil:
		c.problem("minor_no_guardian", "guardian_name")
	case g.Email == "" && g.Phone == "":
		c.problem("minor_guardian_no_contact", "guardian_email")
	case same(g.Email, p.Email) && same(g.Phone, p.Phone):
		c.problem("minor_guardian_same_contact", "guardian_email")
	}
}

// same holds for a contact that is the other's or is not there at all.
func same(guardian, child string) bool {
	return guardian == "" || strings.EqualFold(guardian, child)
}

// cells reads one record field by field.
type cells struct {
	rd  *reader
	row *Row
	raw []string
}

func (c *cells) problem(code, field string) { c.row.add(problem(code, field)) }

// has reports whether the list has a column for the field.
func (c *cells) has(field string) bool { return len(c.rd.head.column[field]) > 0 }

// named reports whether a problem of the field was named already.
func (c *cells) named(field string) bool {
	return slices.ContainsFunc(c.row.Problems, func(p Problem) bool { return p.Field == field && p.rank != Repaired })
}

// get returns the field's cell without space around it; a cell that only says "none" is empty. Of two
// columns for one field the first that holds something counts.
func (c *cells) get(field string) string {
	value := ""
	for _, i := range c.rd.head.column[field] {
		v := unquoted(strings.TrimSpace(c.raw[i]))
		if placeholder(v) {
			continue
		}
		if value == "" {
			value = v
		} else if !strings.EqualFold(v, value) {
			c.problem("two_columns_differ", field)
			break
		}
	}
	return value
}

// unquoted takes away the apostrophe that keeps a spreadsheet from running a cell. The error file writes it, and so
// do other programs.
func unquoted(v string) string {
	if len(v) > 1 && v[0] == '\'' && strings.IndexByte("=+-@", v[1]) >= 0 {
		return v[1:]
	}
	return v
}

// placeholder holds for what people and programs write for "nothing". "NA" is not among them: it is
// Namibia, and a name.
func placeholder(v string) bool {
	if len(v) > len("(null)") || v != "" && bytesOf[v[0]] == 0 && strings.IndexByte(`-nN#(\`, v[0]) < 0 {
		return false
	}
	switch strings.ToLower(v) {
	case "", "-", "--", "—", "n/a", "#n/a", "null", "(null)", `\n`, "无", "暂无":
		return true
	}
	return false
}
