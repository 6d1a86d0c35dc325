package breach

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestACodeIsReadAsPeopleTypeIt(t *testing.T) {
	t.Parallel()
	const want = "7K2M-0QXB-91F3-APVW"
	for _, typed := range []string{
		want, " 7k2m-0qxb-91f3-apvw\n", "7K2M0QXB91F3APVW", "7K2M 0QXB 91F3 APVW", "7K2M–0QXB—91F3−APVW", "7k2moqxb9lf3apvw", "7K2M-OQXB-9iF3-APVW.",
		"７Ｋ２Ｍ－０ＱＸＢ－９１Ｆ３－ＡＰＶＷ", "７ｋ２ｍ　ｏｑｘｂ　９ｌｆ３　ａｐｖｗ。", "\u200e7K2M-0QXB-91F3-APVW\u200b", "7 K 2 M 0 Q X B 9 1 F 3 A P V W", "7K2M_0QXB:91F3,APVW",
	} {
		got, ok := ReadCode(typed)
		require.True(t, ok, "%q", typed)
		require.Equal(t, want, got, "%q", typed)
	}
	for _, typed := range []string{
		"", "-", "7K2M-0QXB", "7K2M-0QXB-91F3-APV", "7K2M-0QXB-91F3-APVWW", "7K2M-0QXB-91F3-APVU", "7K2M-0QXB-91F3-APV!", "７Ｋ２Ｍ", "7K2M-0QXB-91F3-APV\x00",
		"7К2М-0QXB-91F3-APVW", "<script>alert(1)</script>", "' OR 1=1 --", strings.Repeat("A", 1<<20), "7K2M-0QXB-91F3-APV\u0301W", "\xff7K2M-0QXB-91F3-APVW",
	} {
		got, ok := ReadCode(typed)
		require.False(t, ok, "%q", typed)
		require.Empty(t, got)
	}
}

func FuzzReadCode(f *testing.F) {
	for _, s := range []string{"7K2M-0QXB-91F3-APVW", "７ｋ２ｍ　ｏｑｘｂ", "7k2m–oqxb", "\x00", "\xff\xfe", "LKF-2026-11", "ﬀﬀ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		code, ok := ReadCode(typed)
		if !ok {
			require.Empty(t, code)
			return
		}
		require.Regexp(t, `^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}$`, code)
		again, ok := ReadCode(code)
		require.True(t, ok)
		require.Equal(t, code, again, "as it is printed it is read as itself")
		spread, ok := ReadCode(strings.Join(strings.Split(strings.ToLower(code), ""), " "))
		require.True(t, ok)
		require.Equal(t, code, spread)
	})
}
