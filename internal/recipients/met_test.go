package recipients

import (
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// However often the table is emptied into the file, what was remembered is found, and nothing else.
func TestWhatWasMetIsFoundInTheFileToo(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := newMet(rapid.IntRange(1, 40).Draw(t, "most"))
		defer m.close()
		model := map[uint64]trace{}
		keys := rapid.OneOf(rapid.Uint64Range(1, 60), rapid.Uint64Min(1))
		for i, key := range rapid.SliceOf(keys).Draw(t, "keys") {
			got, ok := m.find(key)
			want, known := model[key]
			require.Equal(t, known, ok)
			require.Equal(t, want, got)
			if !ok {
				e := trace{key: key, first: firstOf(int64(i+1), i%2 == 0, uint16(i)), name: uint32(i), email: uint32(2 * i), phone: 7}
				model[key] = e
				m.add(e)
			}
		}
		for _, key := range slices.Sorted(maps.Keys(model)) {
			got, ok := m.find(key)
			require.True(t, ok)
			require.Equal(t, model[key], got)
		}
		require.NoError(t, m.err)
	})
}

// Without a place for the file everything stays in memory.
func TestWhereThereIsNoDiskTheTableGrows(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()+"/nowhere")
	m := newMet(100)
	for key := range uint64(5000) {
		m.add(trace{key: key + 1, first: firstOf(int64(key+1), false, 0)})
	}
	require.Nil(t, m.file)
	for key := range uint64(5000) {
		got, ok := m.find(key + 1)
		require.True(t, ok)
		require.EqualValues(t, key+1, got.first.of(0))
	}
	_, err := os.Stat(os.Getenv("TMPDIR"))
	require.Error(t, err)
}

// The file has no name while it is used, and a file that is gone bad is an error, never a missed duplicate.
func TestABadFileIsAnError(t *testing.T) {
	t.Parallel()
	m := newMet(10)
	for key := range uint64(50) {
		m.add(trace{key: key + 1})
	}
	_, err := os.Stat(m.file.Name())
	require.Error(t, err)
	require.NoError(t, m.file.Truncate(5))
	_, _ = m.find(3)
	require.Error(t, m.err)
	m.close()
}

// Words are found in names of any script as by the long way.
func TestWordsOfNames(t *testing.T) {
	t.Parallel()
	letters := rapid.OneOf(rapid.RuneFrom([]rune("abcXYZéÅß -'王か김\u0301\u212a\u3099İſ")), rapid.Int32Range(0, afterLatin+200), rapid.Int32Range(0, 0x1ffff))
	rapid.Check(t, func(t *rapid.T) {
		name := string(rapid.SliceOf(letters).Draw(t, "name"))
		require.Equal(t, string(appendWordsSlowly(nil, name)), string(appendWords(nil, name)))
	})
}
