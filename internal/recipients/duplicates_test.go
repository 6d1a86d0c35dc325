package recipients_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/recipients"
)

func TestOneHumanUnderTwoSpellingsIsOne(t *testing.T) {
	t.Parallel()
	const first = "1,Zoë Le Goff,zoe@post.test,+12025550101,1980-05-05"
	for row, duplicate := range map[string]bool{
		"2,ZOE\u0308  LE GOFF,ZOE@Post.Test,,":               true,  // case, composition, space
		"2,\"Le Goff, Zoë\",zoe@post.test,,":                 true,  // family name first
		"2,Zoë Le Goff,,001 202 555 0101,":                   true,  // phone written otherwise, no e-mail
		"1,Zoë Le Goff,zoe@other.test,,":                     true,  // the same id
		"2,Zoë Le Goff,zoe@other.test,+12025550101,":         false, // a family's phone
		"2,Zoë Le Goff,zoe@post.test,,2012-05-05":            false, // mother and daughter of one name
		"2,Zoë Le Goff,zoe@post.test,,1980-05-05":            true,
		"2,Anne Le Goff,zoe@post.test,+12025550101,":         false, // a couple's address
		"2,,zoe@post.test,,":                                 false, // nobody says that it is her
		"1,Peter Brown,peter@post.test,+12025550102,":        false, // an id that was given twice
		"3,Zoë Le Goff,zoe@xn--bcher-kva.test,+12025550103,": false,
	} {
		rows, _ := read(t, []byte("external_id,name,email,phone,birth_date\n"+first+"\n"+row+"\n"), recipients.Options{})
		require.Equal(t, duplicate, rows[1].Verdict == recipients.Duplicate, row)
		if duplicate {
			require.EqualValues(t, 1, rows[1].DuplicateOf)
		}
	}
}

func TestTheRowWithoutMailMayComeFirst(t *testing.T) {
	t.Parallel()
	rows, _ := read(t, []byte("name,email,phone\n王伟,,+12025550101\n伟 王,wei@post.test,+12025550101\n"), recipients.Options{})
	require.Equal(t, recipients.Duplicate, rows[1].Verdict)
}

func TestADomainInTwoAlphabetsIsOneAddress(t *testing.T) {
	t.Parallel()
	rows, _ := read(t, []byte("name,email\nJörg,j@bücher.test\nJÖRG,J@xn--bcher-kva.test\n"), recipients.Options{})
	require.Equal(t, recipients.Duplicate, rows[1].Verdict)
}

// What a spreadsheet does to the error file, and what the error file does to a list, changes nobody.
func TestCellsThatAreKeptFromASpreadsheetAreReadAsTheyWere(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	e := recipients.NewErrorFile(&out)
	_, err := recipients.Read(t.Context(), strings.NewReader("external_id,name,email,phone\n7,,a@b.test,+12025550101\n\n8,Bo,c@d.test\n"), recipients.Options{On: asOf}, e.Add)
	require.NoError(t, err)
	require.NoError(t, e.Close())
	require.Contains(t, out.String(), "'+12025550101")
	rows, _ := read(t, []byte(out.String()), recipients.Options{})
	require.Equal(t, "+12025550101", rows[0].Person.Phone)
	require.Equal(t, "7", rows[0].Person.ExternalID)
	require.True(t, recipients.IsErrorFile(rows[0].Header))
	require.Equal(t, recipients.SkippedBlank, rows[1].Verdict, "a blank line is still one")
	require.Equal(t, recipients.Rejected, rows[2].Verdict, "nobody corrected it")
}
