package recipients_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/recipients"
)

// in makes a list of rows and gives what is in doubt about it.
func doubtsOf(t *testing.T, header string, n int, row func(int) string) map[string]breach.ListDoubt {
	t.Helper()
	var list strings.Builder
	list.WriteString(header + "\n")
	for i := range n {
		list.WriteString(row(i) + "\n")
	}
	_, s := read(t, []byte(list.String()), recipients.Options{})
	out := map[string]breach.ListDoubt{}
	for _, d := range s.Doubts {
		require.NotEmpty(t, d.Says())
		require.NotEmpty(t, d.Do())
		out[d.Name()] = d
	}
	return out
}

// word is a name of letters that no other number's name holds.
func word(i int) string {
	return fmt.Sprintf("q%sq", strings.NewReplacer("0", "a", "1", "b", "2", "c", "3", "d", "4", "e", "5", "f", "6", "g", "7", "h", "8", "i", "9", "j").Replace(fmt.Sprintf("%04d", i)))
}

// TestADoubtBeginsAtItsThreshold tries each guard one below, at, and one above what it needs.
func TestADoubtBeginsAtItsThreshold(t *testing.T) {
	t.Parallel()
	pick := func(n, i int, yes, no string) string {
		if i < n {
			return yes
		}
		return no
	}
	for _, c := range []struct {
		name, header string
		rows, from   int
		row          func(n, i int) string
	}{
		{"one_address.email", "external_id,email", 200, 10, func(n, i int) string {
			return fmt.Sprintf("%d,%s", i, pick(n, i, "info@post.test", fmt.Sprintf("p%d@post.test", i)))
		}},
		{"one_address.phone", "external_id,phone", 200, 25, func(n, i int) string {
			return fmt.Sprintf("%d,+1202555%04d", i, pickInt(i < n, 9999, i))
		}},
		{"one_address.push_token", "external_id,push_token,push_platform", 100, 3, func(n, i int) string {
			return fmt.Sprintf("%d,%s,fcm", i, pick(n, i, "abcdefghijklmnop", fmt.Sprintf("token-%012d", i)))
		}},
		{"one_address.postal_address", "external_id,postal_address", 200, 50, func(n, i int) string {
			return fmt.Sprintf("%d,%s", i, pick(n, i, "1 High Street", fmt.Sprintf("%d Low Street", i)))
		}},
		{"one_address.guardian_email", "external_id,email,guardian_email", 100, 10, func(n, i int) string {
			return fmt.Sprintf("%d,p%d@post.test,%s", i, i, pick(n, i, "school@post.test", fmt.Sprintf("g%d@post.test", i)))
		}},
		{"one_address.guardian_phone", "external_id,email,guardian_phone", 100, 10, func(n, i int) string {
			return fmt.Sprintf("%d,p%d@post.test,+1202555%04d", i, i, pickInt(i < n, 9999, i))
		}},
		{"repeated_value.birth_date", "external_id,email,birth_date", 250, 50, func(n, i int) string {
			return fmt.Sprintf("%d,p%d@post.test,%s", i, i, pick(n, i, "1970-01-01", fmt.Sprintf("19%02d-05-%02d", 20+i%60, 1+i/60)))
		}},
		{"country_and_phone", "external_id,country,phone", 100, 20, func(n, i int) string {
			return fmt.Sprintf("%d,%s,+1202555%04d", i, pick(n, i, "DE", "US"), i)
		}},
		{"secret_value.name", "external_id,name,email", 200, 5, func(n, i int) string {
			return fmt.Sprintf("%d,%s,p%d@post.test", i, pick(n, i, "4111 1111 1111 1111", "P "+word(i)), i)
		}},
		{"unread_contact.email", "external_id,phone,elpost", 50, 10, func(n, i int) string {
			return fmt.Sprintf("%d,+1202555%04d,%s", i, i, pick(n, i, fmt.Sprintf(" P%d@post.test", i), "by post @ home"))
		}},
		{"unread_contact.phone", "external_id,email,fon", 50, 10, func(n, i int) string {
			return fmt.Sprintf("%d,p%d@post.test,%s", i, i, pick(n, i, fmt.Sprintf("+49 (30) 555-%04d", i), fmt.Sprintf("00%09d", i)))
		}},
		// The first row that moved has one before it that did not: it may be a couple.
		{"columns_shifted.email", "name,email", 200, 10, func(n, i int) string {
			return fmt.Sprintf("%s,%s@post.test", word(i), word(pickInt(i > 50 && i <= 51+n, i-1, i)))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, n := range []int{c.from - 1, c.from, c.from + 1} {
				d, found := doubtsOf(t, c.header, c.rows, func(i int) string { return c.row(n, i) })[c.name]
				require.Equal(t, n >= c.from, found, "%d", n)
				if found {
					require.EqualValues(t, n, d.Count)
					require.False(t, d.Refused)
				}
			}
		})
	}
}

// Contacts of which the column's name is not known are no reason to count people as out of reach: the list is refused
// until somebody says which column it is, be it of two people.
func TestContactsThatNobodyReadsAreRefused(t *testing.T) {
	t.Parallel()
	row := func(i int) string { return fmt.Sprintf("Person %s,p%d@post.test,+1202555%04d", word(i), i, i) }
	for _, n := range []int{1, 2, 100} {
		d := doubtsOf(t, "name,elpost,fon", n, row)
		require.True(t, d["unread_contact.email"].Refused)
		require.True(t, d["unread_contact.phone"].Refused)
	}
	require.Empty(t, doubtsOf(t, "name,email,phone", 2, row))
	require.Empty(t, doubtsOf(t, "name,email,phone,account", 2, func(i int) string { return row(i) + ",other@post.test" }), "an address is read already")
	_, s := read(t, []byte("name,elpost\nAnna A,anna@post.test\n"), recipients.Options{Map: map[string]string{"elpost": "email"}})
	require.Empty(t, s.Doubts)
	_, s = read(t, []byte(`{"name":"Anna A","elpost":"anna@post.test"}`), recipients.Options{})
	require.True(t, s.Doubts[0].Refused)
}

func pickInt(yes bool, a, b int) int {
	if yes {
		return a
	}
	return b
}

// A share counts too: what is much among two hundred is nothing among many.
func TestAThresholdGrowsWithTheList(t *testing.T) {
	t.Parallel()
	for n, doubted := range map[int]bool{49: false, 50: true, 51: true} { // 1 percent of 5,000
		_, found := doubtsOf(t, "external_id,phone", 5000, func(i int) string {
			return fmt.Sprintf("%d,+120255%05d", i, pickInt(i < n, 99999, i))
		})["one_address.phone"]
		require.Equal(t, doubted, found, "%d", n)
	}
	for n, doubted := range map[int]bool{199: false, 200: true, 201: true} { // 20 percent of 1,000
		_, found := doubtsOf(t, "external_id,country,phone", 1000, func(i int) string {
			return fmt.Sprintf("%d,%s,+1202555%04d", i, map[bool]string{true: "DE", false: "US"}[i < n], i)
		})["country_and_phone"]
		require.Equal(t, doubted, found, "%d", n)
	}
}

func TestAMovedColumnIsRefused(t *testing.T) {
	t.Parallel()
	for name, moved := range map[string]func(int) int{"down": func(i int) int { return i - 1 }, "up": func(i int) int { return i + 1 }} {
		d, found := doubtsOf(t, "name,email", 100, func(i int) string {
			return fmt.Sprintf("%s,%s@post.test", word(100+i), word(100+moved(i)))
		})["columns_shifted.email"]
		require.True(t, found, name)
		require.True(t, d.Refused, name)
	}
}

// What real lists do is no doubt: sorted by family name, addresses that have nothing to do with names, couples.
func TestOrdinaryListsAreNotDoubted(t *testing.T) {
	t.Parallel()
	require.Empty(t, doubtsOf(t, "name,email", 300, func(i int) string {
		return fmt.Sprintf("%s Müller,%s.mueller@post.test", word(i), word(i))
	}))
	require.Empty(t, doubtsOf(t, "name,email", 300, func(i int) string { return fmt.Sprintf("%s,user%d@post.test", word(i), i*7919%1000) }))
	require.Empty(t, doubtsOf(t, "name,email", 300, func(i int) string { return fmt.Sprintf("%s,%s@post.test", word(i), word(i/2*2)) }))
	for _, args := range [][]string{{"--seed", "3", "--rows", "1000"}, {"--seed", "4", "--rows", "8000"}, {"--seed", "5", "--dirty", "--rows", "1000"}} {
		_, s := read(t, generate(t, args...).list, recipients.Options{})
		require.Empty(t, s.Doubts, args)
	}
}

func TestSecretsInFieldsThatNoticesShow(t *testing.T) {
	t.Parallel()
	for value, secret := range map[string]bool{
		"$2b$12$" + strings.Repeat("a", 53): true, "5f4dcc3b5aa765d61d8327deb882cf99": true, "11010519491231002X": true,
		"110105194912310021": false, "4111-1111-1111-1112": false, "Anna Maria Gonzalez": false,
	} {
		_, found := doubtsOf(t, "external_id,name,email", 20, func(i int) string {
			return fmt.Sprintf("%d,%s,p%d@post.test", i, value, i)
		})["secret_value.name"]
		require.Equal(t, secret, found, value)
	}
	require.Empty(t, doubtsOf(t, "external_id,email", 20, func(i int) string {
		return fmt.Sprintf("41111111111111%02d,p%d@post.test", i, i)
	}), "an id may be a long number")
}
