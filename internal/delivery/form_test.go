package delivery

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPlainWritesAFormOut(t *testing.T) {
	t.Parallel()
	m := Message{
		DeliveryID: "d", AttemptID: "d-1", To: "a@b.example", Subject: "s", Own: []string{"Zoë", "<i>"},
		Form: &Form{Text: Pieces{{Words: "Dear "}, {Place: 1}, {Words: ",\n"}, {Place: 1}}, HTML: Pieces{{Place: 2}}},
	}
	require.Nil(t, m.Check())
	plain := m.Plain()
	require.Equal(t, Message{DeliveryID: "d", AttemptID: "d-1", To: "a@b.example", Subject: "s", Text: "Dear Zoë,\nZoë", HTML: "<i>"}, plain)
	require.Equal(t, plain, plain.Plain())
	require.NotNil(t, m.Form, "the message itself stays as it is")

	for name, own := range map[string][]string{"NUL": {"\x00", ""}, "broken UTF-8": {"", "\xff"}, "too few": {"a"}, "none": nil} {
		m.Own = own
		require.NotNil(t, m.Check(), name)
	}
	m.Own = []string{"", ""}
	require.Nil(t, m.Check())
	m.Form.HTML = Pieces{{Place: -1}}
	require.NotNil(t, m.Check())
}

func TestTheTextOfAFormIsTakenOutOfDetails(t *testing.T) {
	t.Parallel()
	m := Message{To: "a@b.example", Form: &Form{Text: Pieces{{Words: "About "}, {Place: 1}}}, Own: []string{"Zoë Li"}}
	require.Equal(t, "refused [removed] here", Redact("refused about Zoë Li here", m))
}
