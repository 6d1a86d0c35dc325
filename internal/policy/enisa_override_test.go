package policy

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// A person can set each cell with a reason; what the facts give stays beside it.
func TestACellIsSetByHand(t *testing.T) {
	t.Parallel()
	const luxury = `{"data":{"classes":["name","postal_address"]},"exposure":{"recipients":null},"severity_overrides":[
		{"cell":"confidentiality","value":0.5,"reason":"first thought","by":"dpo"},
		{"cell":"dpc","value":2,"reason":"the list of a luxury seller","by":"dpo"},
		{"cell":"confidentiality","value":0.25,"reason":"the log shows two partners","by":"dpo"}]}`
	f, err := breach.MergeFacts(testFacts(t, enisaCommon), []byte(luxury))
	require.NoError(t, err)
	a := assessEnisa(&f).assessment()
	require.Equal(t, 2, *a.DPC)
	require.NotNil(t, a.Score, "what a person set is known")
	require.Equal(t, 2.25, *a.Score)
	require.Equal(t, "medium", a.Level)
	require.Empty(t, a.Missing)
	require.Len(t, a.Cells, 6)
	for i, c := range a.Cells {
		require.Equal(t, breach.SeverityCellNames[i], c.Cell)
		require.NotEmpty(t, c.Why, "each cell has its reason")
	}
	dpc, conf := a.Cells[0], a.Cells[2]
	require.Equal(t, 2.0, *dpc.Value)
	require.Equal(t, 1.0, *dpc.Derived.Value)
	require.Contains(t, dpc.Derived.Why, "simple data")
	require.Equal(t, 0.25, *conf.Value, "the last one counts")
	require.Nil(t, conf.Derived.Value)
	require.Equal(t, []float64{0, 0.5}, conf.Derived.Range)
	require.Equal(t, []string{"exposure.recipients"}, conf.Derived.Missing)
	require.Contains(t, a.Why[0], "DPC (kind of data) 2: a person set it, with a recorded reason; the facts give 1 (simple data without")
	require.Nil(t, dpc.Override, "a judgement holds no free text")
	a = a.WithOverrides(f)
	require.Equal(t, "the list of a luxury seller", a.Cells[0].Override.Reason)
	require.Equal(t, "the log shows two partners", a.Cells[2].Override.Reason)
	require.Nil(t, a.Cells[1].Override)

	j := judge(t, loadTestRules(t), f)
	require.NotContains(t, j.Assessment.Why[0], "luxury")
}

// Every cell takes each of its values, and the score follows.
func TestEveryCellCanBeSet(t *testing.T) {
	t.Parallel()
	base := testFacts(t, enisaCommon)
	base.Data.Classes = []string{"name"}
	for i, cell := range breach.SeverityCellNames {
		for _, v := range breach.SeverityCells[cell] {
			f := base
			f.SeverityOverrides = []breach.SeverityOverride{{Cell: cell, Value: v, Reason: "r", By: "b"}}
			a := assessEnisa(&f).assessment()
			require.Equal(t, v, *a.Cells[i].Value, cell)
			require.Equal(t, float64(*a.DPC)**a.EI+*a.CB, *a.Score)
		}
	}
}

func TestAnOverrideNeedsItsReason(t *testing.T) {
	t.Parallel()
	for in, what := range map[string]string{
		`{"cell":"dpc","value":2,"by":"x"}`:                      "severity_overrides[0].reason: is missing",
		`{"cell":"dpc","reason":"r"}`:                            "severity_overrides[0].value: is missing",
		`{"cell":"dpc","value":0,"reason":"r"}`:                  "severity_overrides[0].value: must be one of 1 2 3 4",
		`{"cell":"ei","value":0.3,"reason":"r"}`:                 "severity_overrides[0].value: must be one of 0.25 0.5 0.75 1",
		`{"cell":"cb","value":1,"reason":"r"}`:                   "severity_overrides[0].cell: must be one of dpc, ei",
		`{"cell":"malice","value":0.25,"reason":"r"}`:            "must be one of 0 0.5",
		`{"cell":"dpc","value":2,"reason":"r","by":"a\r\nb"}`:    "severity_overrides[0].by: must be one line",
		`{"cell":"dpc","value":2,"reason":"r","because":"more"}`: "is not a field",
	} {
		_, err := breach.ParseFacts([]byte(`{"severity_overrides":[` + in + `]}`))
		require.ErrorContains(t, err, what)
	}
}
