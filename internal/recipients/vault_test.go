package recipients

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What went into a vault comes out of it from any place, and the file holds none of it in clear.
func TestAVaultGivesBackWhatItTook(t *testing.T) {
	t.Parallel()
	v := &vault{}
	defer v.Close()
	source := rand.New(rand.NewPCG(1, 2))
	var all bytes.Buffer
	for all.Len() < 20<<20 {
		piece := []byte(strings.Repeat(fmt.Sprintf("Marit Dahlberg %d;", source.IntN(1e9)), 1+source.IntN(4000)))
		all.Write(piece)
		n, err := v.Write(piece)
		require.NoError(t, err)
		require.Equal(t, len(piece), n)
	}
	whole := all.Bytes()
	require.EqualValues(t, len(whole), v.size)
	require.NotNil(t, v.file)
	_, err := os.Stat(v.file.Name())
	require.ErrorIs(t, err, os.ErrNotExist, "the file has no name any more")
	disk, err := io.ReadAll(io.NewSectionReader(v.file, 0, 64<<20))
	require.NoError(t, err)
	require.Greater(t, len(disk), 10<<20)
	require.NotContains(t, string(disk), "Marit")
	for range 3000 {
		from := source.IntN(len(whole))
		p := make([]byte, 1+source.IntN(3*vaultPage))
		n, err := v.ReadAt(p, int64(from))
		want := whole[from:min(from+len(p), len(whole))]
		require.Equal(t, len(want), n)
		require.True(t, bytes.Equal(want, p[:n]))
		require.Equal(t, n < len(p), err == io.EOF) //nolint:errorlint // io.ReaderAt gives it bare
	}
	again, err := io.ReadAll(io.NewSectionReader(v, 0, v.size))
	require.NoError(t, err)
	require.True(t, bytes.Equal(whole, again))
	_, err = v.ReadAt(make([]byte, 1), -1)
	require.Error(t, err)
}

func TestSharedTextsAreFoundByTheirNumber(t *testing.T) {
	t.Parallel()
	var s sharedTexts
	defer s.all.Close()
	text := func(n int) string { return strings.Repeat(fmt.Sprint("李", n, "/"), n%31) }
	const many = 120_000
	for n := range many {
		require.NoError(t, s.add([]byte(text(n))))
	}
	require.NotNil(t, s.all.file)
	for _, n := range append(rand.New(rand.NewPCG(3, 4)).Perm(many)[:20_000], 0, 1, many-1) {
		got, ok := s.at(n)
		if !ok || got != text(n) {
			t.Fatalf("text %d is %q", n, got)
		}
	}
	for _, n := range []int{-1, many, 1 << 40} {
		_, ok := s.at(n)
		require.False(t, ok)
	}
	require.NoError(t, s.err)
}
