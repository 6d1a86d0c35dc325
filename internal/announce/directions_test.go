package announce

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// A notice in a language from right to left is published, read in its direction, and named by its own name where
// the others are; around it the site speaks its own language.
func TestPagesFromRightToLeft(t *testing.T) {
	t.Parallel()
	s := site(t)
	a := announcement(t)
	a.Texts = append(a.Texts, text(t, "ar", "بيان", `<section><p>حادث لدى <bdi dir="ltr">Larkfield</bdi></p></section>`), text(t, "pt-BR", "Comunicado", "<p>Um incidente.</p>"))
	_, err := s.Publish(t.Context(), a)
	require.NoError(t, err)
	page := get(s, "/notices/"+sample+"?lang=ar").Body.String()
	require.Contains(t, page, `<article lang="ar" dir="rtl"><section><p>حادث لدى <bdi dir="ltr">Larkfield</bdi>`)
	require.Contains(t, page, ">português<")
	page = get(s, "/notices/"+sample+"?lang=en").Body.String()
	require.Contains(t, page, `<article lang="en" dir="ltr">`)
	require.Contains(t, page, ">العربية<")

	a.Reference = "LKF-2026-12"
	a.Texts = []breach.Text{text(t, "ar", "بيان", `<p dir="javascript:x">x</p>`)}
	_, err = s.Publish(t.Context(), a)
	require.Equal(t, breach.ErrInvalid, breach.CodeOf(err))
}
