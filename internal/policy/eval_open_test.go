package policy

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// A list of which only a part is known says yes to what it holds, and neither yes nor no to the rest.
func TestAnIncompleteListNeverSaysNo(t *testing.T) {
	t.Parallel()
	env, err := ruleEnv()
	require.NoError(t, err)
	f := testFacts(t, "incident: {nature: [confidentiality]}\ndata: {classes: [health, payment_card]}\nincomplete: [data.classes, incident.nature]\n")
	ask := func(expr string) (truth, []string) {
		r, err := compileRule(env, expr, nil, eitherSide)
		require.NoError(t, err)
		got, missing, err := newFactView(&f, 0).ask(r)
		require.NoError(t, err, expr)
		return got, missing
	}
	for expr, want := range map[string]truth{
		"'health' in data.classes":                                        truthYes,
		"'name' in data.classes":                                          truthUnknown,
		"!('name' in data.classes)":                                       truthUnknown,
		"data.classes.exists(c, c in group.special)":                      truthYes,
		"data.classes.exists(c, c in group.contact)":                      truthUnknown,
		"data.classes.all(c, c in group.contact)":                         truthNo,
		"data.classes.all(c, c in group.special || c in group.financial)": truthUnknown,
		"size(data.classes) > 0":                                          truthYes,
		"size(data.classes) == 0":                                         truthNo,
		"'confidentiality' in incident.nature":                            truthYes,
		"'availability' in incident.nature":                               truthUnknown,
	} {
		got, missing := ask(expr)
		require.Equal(t, want, got, expr)
		require.Equal(t, want == truthUnknown, len(missing) == 1, "%s: %v", expr, missing)
	}
	text := newFactView(&f, 0).text(factRef{name: "data.classes"})
	require.Equal(t, "data.classes = [health, payment_card, perhaps more]", text)
	for _, key := range []string{"", wholeTable, "US-CA"} {
		require.Empty(t, newFactView(&f, 0).text(factRef{"people.by_region", key}), "what is unknown is not shown as empty")
	}
}

func TestAnIncompleteListWidensTheScore(t *testing.T) {
	t.Parallel()
	closed := enisaCase(t, `{"data":{"classes":["name"]}}`)
	require.NotNil(t, closed.Score)
	open := enisaCase(t, `{"data":{"classes":["name"]},"incomplete":["data.classes"]}`)
	require.Equal(t, []float64{*closed.Score, 4}, open.Range)
	require.Equal(t, []string{"data.classes"}, open.Missing)
	open = enisaCase(t, `{"data":{"classes":["name"]},"availability":{"backup":false,"restored_after_hours":24},"incomplete":["incident.nature"]}`)
	require.Equal(t, []string{"incident.nature"}, open.Missing)

	_, err := breach.ParseFacts([]byte(`{"incomplete":["people.total"]}`))
	require.ErrorContains(t, err, "incomplete[0]: must be one of data.classes, incident.nature")
}
