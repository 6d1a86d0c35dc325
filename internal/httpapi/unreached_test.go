package httpapi_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func TestWhatIsAskedOfThoseNotReachedIsChecked(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	for _, q := range []request{
		{method: "GET", path: "/v1/incidents/inc1/unreached?outcome=reached"},
		{method: "GET", path: "/v1/incidents/inc1/unreached?limit=0"},
		{method: "GET", path: "/v1/incidents/inc1/unreached?limit=1001"},
		{method: "GET", path: "/v1/incidents/inc1/unreached?reason=%3Cb%3E"},
		{method: "GET", path: "/v1/incidents/inc1/unreached?after=-1"},
		{method: "GET", path: "/v1/incidents/inc1/unreached?email=a%40b.example"},
		{method: "GET", path: "/v1/incidents/inc1/send/again?channel=pigeon"},
		{method: "POST", path: "/v1/incidents/inc1/send/again", body: `{"why":"short"}`},
		{method: "POST", path: "/v1/incidents/inc1/send/again", body: `{}`},
		{method: "POST", path: "/v1/incidents/inc1/send/again", body: `{"why":"the relay was down","email":"a@b.example"}`},
		{method: "POST", path: "/v1/incidents/inc1/announce", body: `{"why":"short"}`},
	} {
		q.token = "lead-token"
		w := b.do(q)
		b.problem(w, breach.ErrInvalid)
		require.NotContains(t, w.Body.String(), "a@b.example")
		require.NotContains(t, fmt.Sprint(b.desk.calls), "again", q.path)
		require.NotContains(t, fmt.Sprint(b.desk.calls), "unreached", q.path)
		require.NotContains(t, fmt.Sprint(b.desk.calls), "announce", q.path)
	}
}
