package payload_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/payload"
)

const secret = "canary-7f3a person@example.test"

func line(b byte) string {
	return base64.StdEncoding.EncodeToString([]byte(strings.Repeat(string(rune(b)), 32)))
}

func keys(t *testing.T, lines ...string) *payload.Keys {
	t.Helper()
	ks, err := payload.ParseKeys(strings.Join(lines, "\n"))
	require.NoError(t, err)
	return ks
}

func codec(t *testing.T, lines ...string) *payload.Codec {
	t.Helper()
	c, err := payload.NewCodec(keys(t, lines...))
	require.NoError(t, err)
	return c
}

func TestRoundTripHidesContent(t *testing.T) {
	t.Parallel()
	data, _, err := payload.Converters(keys(t, line('a')))
	require.NoError(t, err)
	type input struct{ Text string }
	p, err := data.ToPayload(input{Text: secret})
	require.NoError(t, err)
	require.NotContains(t, p.String(), "canary")
	var got input
	require.NoError(t, data.FromPayload(p, &got))
	require.Equal(t, secret, got.Text)
	again, err := data.ToPayload(input{Text: secret})
	require.NoError(t, err)
	require.NotEqual(t, p.GetData(), again.GetData(), "equal inputs do not look equal")
}

func TestFailuresAreHidden(t *testing.T) {
	t.Parallel()
	_, failures, err := payload.Converters(keys(t, line('a')))
	require.NoError(t, err)
	cause := temporal.NewApplicationErrorWithCause(secret, "refused", errors.New("inner "+secret), secret)
	f := failures.ErrorToFailure(cause)
	b, err := proto.Marshal(f)
	require.NoError(t, err)
	require.NotContains(t, string(b), "canary")
	require.Contains(t, failures.FailureToError(f).Error(), secret)
}

func TestWrongKeyAndTampering(t *testing.T) {
	t.Parallel()
	a := codec(t, line('a'))
	sealed, err := a.Encode([]*commonpb.Payload{{Data: []byte(secret)}})
	require.NoError(t, err)
	for name, c := range map[string]struct {
		codec  *payload.Codec
		change func(p *commonpb.Payload)
		want   string
	}{
		"other key":           {codec(t, line('b')), func(*commonpb.Payload) {}, "not in the key file"},
		"key id of the other": {codec(t, line('a'), line('b')), func(p *commonpb.Payload) { relabel(t, p) }, "was changed"},
		"flipped bit":         {a, func(p *commonpb.Payload) { p.Data[len(p.Data)/2] ^= 1 }, "was changed"},
		"cut":                 {a, func(p *commonpb.Payload) { p.Data = p.Data[:5] }, "was changed"},
		"empty":               {a, func(p *commonpb.Payload) { p.Data = nil }, "was changed"},
		"other cipher":        {a, func(p *commonpb.Payload) { p.Metadata["encryption-cipher"] = []byte("rot13") }, "another version"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, ok := proto.Clone(sealed[0]).(*commonpb.Payload)
			require.True(t, ok)
			c.change(p)
			_, err := c.codec.Decode([]*commonpb.Payload{p})
			require.ErrorIs(t, err, payload.ErrUnreadable)
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "canary")
		})
	}
}

func relabel(t *testing.T, p *commonpb.Payload) {
	t.Helper()
	other, err := codec(t, line('b')).Encode([]*commonpb.Payload{{}})
	require.NoError(t, err)
	p.Metadata["encryption-key-id"] = other[0].GetMetadata()["encryption-key-id"]
}

func TestOldPayloadsStayReadable(t *testing.T) {
	t.Parallel()
	plain, err := converter.GetDefaultDataConverter().ToPayload("before encryption")
	require.NoError(t, err)
	byOldKey, err := codec(t, line('a')).Encode([]*commonpb.Payload{plain})
	require.NoError(t, err)

	data, _, err := payload.Converters(keys(t, line('b'), line('a')))
	require.NoError(t, err)
	for _, p := range []*commonpb.Payload{plain, byOldKey[0]} {
		var got string
		require.NoError(t, data.FromPayload(p, &got))
		require.Equal(t, "before encryption", got)
	}
}

func TestAnyPayloadSurvives(t *testing.T) {
	t.Parallel()
	c := codec(t, line('a'))
	rapid.Check(t, func(t *rapid.T) {
		in := &commonpb.Payload{
			Metadata: rapid.MapOf(rapid.String(), rapid.SliceOf(rapid.Byte())).Draw(t, "metadata"),
			Data:     rapid.SliceOf(rapid.Byte()).Draw(t, "data"),
		}
		sealed, err := c.Encode([]*commonpb.Payload{in})
		if err != nil {
			t.Fatal(err)
		}
		out, err := c.Decode(sealed)
		if err != nil || !proto.Equal(in, out[0]) {
			t.Fatalf("not the same after decoding: %v", err)
		}
	})
}

func TestKeyFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "payload.key")
	_, err := payload.LoadKeys(path)
	require.ErrorIs(t, err, os.ErrNotExist)

	made := make([]string, 8)
	var wg sync.WaitGroup
	for i := range made {
		wg.Go(func() {
			if ks, err := payload.LoadOrCreateKeys(path); err == nil {
				made[i] = ks.String()
			}
		})
	}
	wg.Wait()
	for _, m := range made {
		require.Equal(t, made[0], m, "whoever comes first makes the key for all")
		require.NotEmpty(t, m)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, left, 1)

	require.NoError(t, os.Chmod(path, 0o644))
	_, err = payload.LoadKeys(path)
	require.ErrorContains(t, err, "chmod 600")
}

func TestKeysNeverPrint(t *testing.T) {
	t.Parallel()
	ks := keys(t, line('a'))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		for _, v := range []any{ks, *ks} {
			said := fmt.Sprintf(verb, v)
			require.NotContains(t, said, "aaaa")
			require.NotContains(t, said, "97 97")
			require.NotContains(t, said, "0x61")
		}
	}
}

func TestBadKeyFiles(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                           "holds no key",
		"# only a comment\n":         "holds no key",
		"hunter2":                    "line 1",
		line('a') + "\n\nnot-base64": "line 3",
		line('a')[:20]:               "line 1",
		line('a') + "\n" + line('a'): "repeats",
	} {
		_, err := payload.ParseKeys(text)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "hunter2")
	}
	_, err := payload.NewCodec(nil)
	require.Error(t, err)
}

func FuzzDecode(f *testing.F) {
	ks, err := payload.ParseKeys(line('a'))
	if err != nil {
		f.Fatal(err)
	}
	c, err := payload.NewCodec(ks)
	if err != nil {
		f.Fatal(err)
	}
	good, err := c.Encode([]*commonpb.Payload{{Data: []byte("x")}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good[0].GetData(), good[0].GetMetadata()["encryption-key-id"])
	f.Add([]byte("junk"), []byte(""))
	f.Fuzz(func(t *testing.T, data, id []byte) {
		p := &commonpb.Payload{Data: data, Metadata: map[string][]byte{
			"encoding": []byte("binary/encrypted"), "encryption-cipher": []byte("AES-256-GCM/random-nonce/v1"), "encryption-key-id": id,
		}}
		out, err := c.Decode([]*commonpb.Payload{p})
		if err != nil && !errors.Is(err, payload.ErrUnreadable) {
			t.Fatalf("an error without its kind: %v", err)
		}
		if err == nil && string(out[0].GetData()) != "x" {
			t.Fatal("a forgery was accepted")
		}
	})
}
