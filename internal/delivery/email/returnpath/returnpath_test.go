package returnpath

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func key(t testing.TB, secret string) *Key {
	t.Helper()
	k, err := New([]byte(strings.Repeat(secret, 32)))
	require.NoError(t, err)
	return k
}

const (
	someDelivery = "0123456789abcdef0123456789abcdef"
	someAttempt  = someDelivery + "-2"
)

func TestOnlyOurOwnAddressesOpen(t *testing.T) {
	t.Parallel()
	k := key(t, "k")
	local, ok := k.Local(someAttempt, 1234)
	require.True(t, ok)
	require.LessOrEqual(t, len(local), maxLocal)
	require.Regexp(t, `^b-[0-9a-z-]+$`, local)
	for _, given := range []string{local, strings.ToUpper(local)} {
		attempt, block, known, like := k.OpenLocal(given)
		require.True(t, known && like)
		require.Equal(t, someAttempt, attempt)
		require.EqualValues(t, 1234, block)
	}
	other, _ := k.Local(someDelivery+"-1", 1234)
	forged := map[string]bool{ // and whether it looks like one
		local[:len(local)-1] + "a": true, other[:len(other)-codeLength] + local[len(local)-codeLength:]: true,
		local + "a": false, "b-" + someAttempt: false, "": false, "b-": false, "b--" + strings.Repeat("a", codeLength): false, local[1:]: false,
	}
	for given, looks := range forged {
		_, _, known, like := k.OpenLocal(given)
		require.False(t, known, given)
		require.Equal(t, looks, like, given)
	}
	_, _, known, like := key(t, "x").OpenLocal(local)
	require.False(t, known)
	require.True(t, like)
	_, ok = k.Local(strings.Repeat("a", 44), 0)
	require.False(t, ok)
}

func TestOnlyOurOwnMessageIDsOpen(t *testing.T) {
	t.Parallel()
	k := key(t, "k")
	id := k.MessageID(someDelivery)
	delivery, known := k.OpenMessageID(strings.ToUpper(id))
	require.True(t, known)
	require.Equal(t, someDelivery, delivery)
	local, _ := k.Local(someDelivery, 0)
	for _, given := range []string{"", ".", someDelivery, id[1:], id + "a", someDelivery + "." + local[len(local)-codeLength:]} {
		_, known := k.OpenMessageID(given)
		require.False(t, known, given)
	}
}

func TestTheKeyIsMadeOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, err := LoadOrCreate(dir)
	require.NoError(t, err)
	b, err := LoadOrCreate(dir)
	require.NoError(t, err)
	require.Equal(t, a.MessageID(someDelivery), b.MessageID(someDelivery))
	i, err := os.Stat(filepath.Join(dir, keyFile))
	require.NoError(t, err)
	require.Zero(t, i.Mode().Perm()&0o077, "nobody else reads it")
	require.NoError(t, os.WriteFile(filepath.Join(dir, keyFile), []byte("short"), 0o600))
	_, err = LoadOrCreate(dir)
	require.ErrorContains(t, err, "damaged")
	_, err = LoadOrCreate(filepath.Join(dir, "absent"))
	require.Error(t, err)
	_, err = New([]byte("short"))
	require.Error(t, err)
}

// Mail that was sent with a former key comes back for as long as its line says.
func TestAFormerKeyIsBelievedForATime(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, keyFile)
	old, err := LoadOrCreate(dir)
	require.NoError(t, err)
	line, err := os.ReadFile(file)
	require.NoError(t, err)
	fresh := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("n", keyBytes)))
	local, _ := old.Local(someAttempt, 7)
	today := time.Now().UTC()
	for day, believed := range map[string]bool{today.Format(time.DateOnly): true, today.AddDate(0, 0, -1).Format(time.DateOnly): false} {
		require.NoError(t, os.WriteFile(file, []byte(fresh+"\n\n"+strings.TrimSpace(string(line))+" "+day+"\n"), 0o600))
		k, err := LoadOrCreate(dir)
		require.NoError(t, err)
		_, _, known, like := k.OpenLocal(local)
		require.Equal(t, believed, known)
		require.True(t, like)
		_, known = k.OpenMessageID(old.MessageID(someDelivery))
		require.Equal(t, believed, known)
		mine, _ := k.Local(someAttempt, 7)
		require.NotEqual(t, local, mine, "the former key makes nothing any more")
		_, _, known, _ = k.OpenLocal(mine)
		require.True(t, known)
	}
	for bad, why := range map[string]string{fresh + "\n" + string(line): "needs the day", fresh + "\n" + fresh + " soon": "needs the day", fresh + "\nshort 2030-01-01": "damaged", "": "damaged"} {
		require.NoError(t, os.WriteFile(file, []byte(bad), 0o600))
		_, err = LoadOrCreate(dir)
		require.ErrorContains(t, err, why)
	}
}

func FuzzOpen(f *testing.F) {
	k := key(f, "k")
	local, _ := k.Local(someAttempt, 7)
	for _, s := range []string{local, k.MessageID(someDelivery), "b-", "", "b-x-aaaaaaaaaaaaaaaa"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if attempt, block, known, _ := k.OpenLocal(s); known {
			again, _ := k.Local(attempt, block)
			require.Equal(t, strings.ToLower(s), again)
		}
		if delivery, known := k.OpenMessageID(s); known {
			require.Equal(t, strings.ToLower(s), k.MessageID(delivery))
		}
	})
}
