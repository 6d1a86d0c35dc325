package breach

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Who answers one question does not take back what somebody else answered to another one.
func TestAnswersStayWhereAnotherQuestionIsAnswered(t *testing.T) {
	t.Parallel()
	const first = `{"determinations":[{"question":"cn-x/backstop","answer":false,"reason":"checked"},{"question":"eu-gdpr/risk_unlikely","answer":false,"reason":"many people"}]}`
	const second = `{"determinations":[{"question":"eu-gdpr/risk_unlikely","answer":true,"reason":"sealed copy"}]}`
	base, err := ParseFacts([]byte(first))
	require.NoError(t, err)
	got, err := MergeFacts(base, []byte(second))
	require.NoError(t, err)
	require.Len(t, got.Determinations, 2)
	require.Equal(t, "cn-x/backstop", got.Determinations[0].Question)
	require.True(t, got.Determinations[1].Answer)
	require.Equal(t, "sealed copy", got.Determinations[1].Reason)
	require.False(t, base.Determinations[1].Answer, "the base is not changed")

	file, err := MergeFile(IncidentFile{Facts: base}, []byte(`{"facts":`+second+`,"contact":{"name":"Desk"}}`))
	require.NoError(t, err)
	require.Len(t, file.Facts.Determinations, 2)
	require.Equal(t, "Desk", file.Contact.Name)
	for _, none := range []string{`{"determinations":null}`} {
		got, err = MergeFacts(base, []byte(none))
		require.NoError(t, err)
		require.Empty(t, got.Determinations)
	}
	got, err = MergeFacts(Facts{}, []byte(second))
	require.NoError(t, err)
	require.Len(t, got.Determinations, 1)
	for _, wrong := range []string{`{"determinations":"x"}`, `{"determinations":[1]}`, `{"determinations":[{"question":3}]}`, `{"determinations":{}}`} {
		_, err = MergeFacts(base, []byte(wrong))
		require.Equal(t, ErrInvalid, CodeOf(err), wrong)
	}
}
