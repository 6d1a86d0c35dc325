package recipients

import "strings"

// unread watches the columns that nothing is read from for contacts: of a column whose name is not known, people who
// could be told would count as having none. It watches only for kinds of contact that no column is read as.
type unread struct {
	columns      []int
	mail, phone  bool // watched for
	mails, calls int64
}

// mostUnread bounds how many columns are watched, for lists that are exports of everything.
const mostUnread = 32

func newUnread(h header) *unread {
	u := &unread{mail: len(h.column["email"]) == 0, phone: len(h.column["phone"]) == 0}
	if !u.mail && !u.phone {
		return u
	}
	for i, f := range h.fields {
		if f == "" && len(u.columns) < mostUnread {
			u.columns = append(u.columns, i)
		}
	}
	return u
}

// add looks at the record of somebody who is kept.
func (u *unread) add(cells []string) {
	var mail, call bool
	for _, i := range u.columns {
		if i >= len(cells) {
			break
		}
		mail = mail || u.mail && likeEmail(cells[i])
		call = call || u.phone && likePhone(cells[i])
	}
	if mail {
		u.mails++
	}
	if call {
		u.calls++
	}
}

// likeEmail says that a cell holds what people write as an e-mail address, right or not.
func likeEmail(cell string) bool {
	local, domain, found := strings.Cut(strings.TrimSpace(cell), "@")
	return found && local != "" && len(cell) < 320 && strings.Contains(strings.Trim(domain, "."), ".") && !strings.ContainsAny(domain, " @/")
}

// likePhone says that a cell holds an international number. Without the plus it may be anything.
func likePhone(cell string) bool {
	cell = strings.TrimSpace(cell)
	if !strings.HasPrefix(cell, "+") || len(cell) > 24 {
		return false
	}
	digits := 0
	for _, c := range cell[1:] {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case !strings.ContainsRune(" -/().", c):
			return false
		}
	}
	return digits >= 8 && digits <= 15
}
