package recipients

import "strings"

// crowd finds the value that stands in most rows. It counts exactly as long as there are no more values than it
// keeps; then those that were seen once are forgotten, so that what is missing of a count is at most the number of
// times this was done.
type crowd struct {
	slots []counted // open addressing; value 0 is a free slot
	n     int
	most  int64
}

type counted struct {
	value uint64
	times int64
}

const mostValues = 1 << 17

// add counts a hash, which is never 0.
func (c *crowd) add(v uint64) {
	if c.n*2 >= len(c.slots) {
		c.rebuild(max(64, 2*len(c.slots)), 0)
	}
	s := c.slot(v)
	if s.value == 0 {
		s.value = v
		c.n++
	}
	s.times++
	c.most = max(c.most, s.times)
	for least := int64(1); c.n > mostValues; least++ {
		c.rebuild(len(c.slots), least)
	}
}

func (c *crowd) slot(v uint64) *counted {
	mask := uint64(len(c.slots) - 1)
	i := (v >> 20) & mask
	for c.slots[i].value != v && c.slots[i].value != 0 {
		i = (i + 1) & mask
	}
	return &c.slots[i]
}

// rebuild makes the table so large, without the values that stood in no more than forget rows.
func (c *crowd) rebuild(size int, forget int64) {
	old := c.slots
	c.slots, c.n = make([]counted, size), 0
	for _, s := range old {
		if s.times > forget {
			*c.slot(s.value) = s
			c.n++
		}
	}
}

// secret reports a value that no field which notices show should hold: the hash of a password, a card number, or a
// number of identity of China. An id may be a long number or a hash of its own.
func secret(v, field string) bool {
	if len(v) < 13 || strings.Contains(v, " ") && len(v) > 23 {
		return false
	}
	if strings.HasPrefix(v, "$2") && len(v) == 60 || strings.HasPrefix(v, "$argon2") || strings.HasPrefix(v, "{SSHA}") || strings.HasPrefix(v, "pbkdf2_") {
		return true
	}
	var buf [19]byte
	n := 0
	for i := range len(v) {
		switch ch := v[i]; {
		case ch >= '0' && ch <= '9' && n < len(buf):
			buf[n] = ch - '0'
			n++
		case ch == ' ' || ch == '-':
		case (ch == 'X' || ch == 'x') && i == len(v)-1 && n == 17:
			buf[n] = 10
			n++
		default:
			return field == "name" && len(v) >= 32 && isHex(v)
		}
	}
	return n == 18 && chineseIdentity(buf[:n]) || field != "external_id" && n >= 13 && luhn(buf[:n])
}

func isHex(v string) bool {
	return strings.Trim(v, "0123456789abcdefABCDEF") == ""
}

func luhn(ds []byte) bool {
	sum := 0
	for i := range ds {
		d := int(ds[len(ds)-1-i])
		if d > 9 {
			return false
		}
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// chineseIdentity checks the sum of GB 11643: weights are the powers of two modulo 11.
func chineseIdentity(ds []byte) bool {
	sum := 0
	for i, d := range ds {
		sum += int(d) * ((1 << (17 - i)) % 11)
	}
	return sum%11 == 1
}
