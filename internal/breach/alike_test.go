package breach_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func TestTwoSpellingsOfOneNameAreOne(t *testing.T) {
	t.Parallel()
	for _, same := range [][]string{
		{"John Smith", "JOHN  SMITH", "Smith, John", "smith john", "Ｊｏｈｎ Smith"},
		{"José Peña", "Jose\u0301 Pen\u0303a", "JOSÉ PEÑA", "Peña, José"},
		{"王伟", "王 伟", "伟王", "伟 王"},
		{"佐藤 太郎", "佐藤太郎", "太郎 佐藤"},
		{"Weiß", "WEISS"}, {"Işıl Yılmaz", "IŞIL YILMAZ"}, {"İbrahim", "ibrahim"},
	} {
		for _, s := range same {
			require.Equal(t, breach.NameKey(same[0]), breach.NameKey(s), s)
		}
	}
	for _, two := range [][2]string{{"王伟", "王芳"}, {"John Smith", "John Smithe"}, {"Jose", "José"}, {"John Smith", "JohnSmith"}} {
		require.NotEqual(t, breach.NameKey(two[0]), breach.NameKey(two[1]), two)
	}
	require.Empty(t, breach.NameKey(" , "))
}

func TestTwoSpellingsOfOneAddressAreOne(t *testing.T) {
	t.Parallel()
	require.Equal(t, breach.EmailKey("jörg@bücher.test"), breach.EmailKey("JO\u0308RG@xn--bcher-kva.test"))
	require.Equal(t, breach.EmailKey("a@b.test"), breach.EmailKey("A@B.Test"))
	require.NotEqual(t, breach.EmailKey("a.b@c.test"), breach.EmailKey("ab@c.test"))
}

func TestAKeyIsItsOwnKey(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "name")
		require.Equal(t, breach.NameKey(s), breach.NameKey(breach.NameKey(s)))
		require.Equal(t, breach.NameKey(s), breach.NameKey("  "+s+" "))
	})
}

// Domains that an old rule took for one are two: both may be registered, by two owners.
func TestEmailKeysTellDomainsApartThatHaveTwoOwners(t *testing.T) {
	t.Parallel()
	require.Equal(t, breach.EmailKey("kim@straße.example"), breach.EmailKey("KIM@xn--strae-oqa.example"))
	require.Equal(t, breach.EmailKey("kim@straße.example"), breach.EmailKey("kim@STRAßE.example"))
	require.NotEqual(t, breach.EmailKey("kim@straße.example"), breach.EmailKey("kim@strasse.example"))
	require.Equal(t, breach.EmailKey("Groß@bücher.example"), breach.EmailKey("groß@xn--bcher-kva.example"))
	require.NotEqual(t, breach.EmailKey("a@βόλος.example"), breach.EmailKey("a@βόλοσ.example"))
}
