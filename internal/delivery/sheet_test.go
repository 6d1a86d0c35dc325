package delivery

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

func TestASheetIsReadAsSpreadsheetsSaveIt(t *testing.T) {
	t.Parallel()
	const text = "Call_ID ;Outcome;说明\r\na-1;reached;好\r\n"
	for name, as := range map[string]encoding.Encoding{
		"UTF-8":                encoding.Nop,
		"UTF-8 with a mark":    unicode.UTF8BOM,
		"UTF-16":               unicode.UTF16(unicode.LittleEndian, unicode.UseBOM),
		"UTF-16, the other":    unicode.UTF16(unicode.BigEndian, unicode.UseBOM),
		"what Chinese ones do": simplifiedchinese.GBK,
	} {
		b, err := as.NewEncoder().Bytes([]byte(text))
		require.NoError(t, err, name)
		columns, rows, err := Sheet(b)
		require.NoError(t, err, name)
		require.Equal(t, []string{"Call_ID", "Outcome"}, columns[:2], name)
		require.Equal(t, 0, Column(columns, "call_id"), name)
		row, err := rows.Read()
		require.NoError(t, err, name)
		require.Equal(t, []string{"a-1", "reached"}, row[:2], name)
		_, err = rows.Read()
		require.ErrorIs(t, err, io.EOF, name)
	}
	for _, bad := range []string{"", "\xef\xbb\xbf", "a\x00b\x00\n\x00", "%PDF-1.7\n\x00\x01", "\xff\xfe"} {
		_, _, err := Sheet([]byte(bad))
		require.Error(t, err, "%q", bad)
	}
}
