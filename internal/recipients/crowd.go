package recipients

import "strings"

// crowd finds the value that stands in most rows. It counts exactly as long as there are no more values than it
// keeps; then those that were seen once are forgotten, so that what is missing of a count is at most the number of
// times this was done.
type crowd struct {
	counts map[uint64]int64
	most   int64
}

const mostValues = 1 << 17

func (c *crowd) add(v uint64) {
	if c.counts == nil {
		c.counts = map[uint64]int64{}
	}
	n := c.counts[v] + 1
	c.counts[v] = n
	c.most = max(c.most, n)
	for least := int64(1); len(c.counts) > mostValues; least++ {
		for k, n := range c.counts {
			if n <= least {
				delete(c.counts, k)
			}
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
