package evidence_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/evidence"
)

type packed struct {
	name string
	body []byte
}

func unpack(t testing.TB, pack []byte) []packed {
	t.Helper()
	zr, err := zip.NewReader(bytes.NewReader(pack), int64(len(pack)))
	require.NoError(t, err)
	var out []packed
	for _, f := range zr.File {
		in, err := f.Open()
		require.NoError(t, err)
		b, err := io.ReadAll(in)
		require.NoError(t, err)
		out = append(out, packed{f.Name, b})
	}
	return out
}

// repack makes an archive as a forger would: any files, ordinary headers.
func repack(t testing.TB, files []packed) []byte {
	t.Helper()
	var out bytes.Buffer
	zw := zip.NewWriter(&out)
	for _, f := range files {
		h := &zip.FileHeader{Name: f.name, Method: zip.Deflate}
		if f.name == evidence.ManifestFile || f.name == evidence.SignatureFile {
			h.Method = zip.Store
		}
		w, err := zw.CreateHeader(h)
		require.NoError(t, err)
		_, err = w.Write(f.body)
		require.NoError(t, err)
	}
	require.NoError(t, zw.Close())
	return out.Bytes()
}

func change(files []packed, name string, edit func([]byte) []byte) []packed {
	out := append([]packed{}, files...)
	for i := range out {
		if out[i].name == name {
			out[i].body = edit(bytes.Clone(out[i].body))
		}
	}
	return out
}

func TestAFlippedBitAnywhereIsFound(t *testing.T) {
	t.Parallel()
	pack := newSample(2).pack(t)
	for i := 0; i < len(pack); i += 5 {
		bad := bytes.Clone(pack)
		bad[i] ^= 1 << (i % 8)
		if r := verify(t, bad, public(goodKey)); r.Verified {
			t.Fatalf("bit %d of byte %d of %d was flipped and not found", i%8, i, len(pack))
		}
	}
}

func TestEveryTruncationIsFound(t *testing.T) {
	t.Parallel()
	pack := newSample(3).pack(t)
	for i := 0; i < len(pack); i += 7 {
		require.False(t, verify(t, pack[:i], public(goodKey)).Verified, "cut at %d", i)
	}
	require.False(t, verify(t, append(bytes.Clone(pack), 0), public(goodKey)).Verified, "a byte behind the end")
	require.False(t, verify(t, append([]byte{0}, pack...), public(goodKey)).Verified, "a byte in front")
}

// line-wise edits of people.jsonl (20 records); want is the record that Verify must name.
var recordEdits = []struct {
	name string
	want int64
	edit func(lines [][]byte) [][]byte
}{
	{"changed", 7, func(l [][]byte) [][]byte {
		l[6] = bytes.Replace(l[6], []byte("reached"), []byte("exempt"), 1)
		return l
	}},
	{"dropped", 7, func(l [][]byte) [][]byte { return append(l[:6:6], l[7:]...) }},
	{"duplicated", 8, func(l [][]byte) [][]byte { return append(l[:7:7], l[6:]...) }},
	{"swapped", 7, func(l [][]byte) [][]byte { l[6], l[7] = l[7], l[6]; return l }},
	{"first dropped", 1, func(l [][]byte) [][]byte { return l[1:] }},
	{"last dropped", 20, func(l [][]byte) [][]byte { return l[:19] }},
	{"all dropped", 1, func(l [][]byte) [][]byte { return nil }},
	{"added at the end", 21, func(l [][]byte) [][]byte { return append(l, l[19]) }},
	{"added at the end, mended", 21, func(l [][]byte) [][]byte { return mend(evidence.PeopleFile, append(l, l[19]), 20) }},
	{"changed, later hashes mended", 7, func(l [][]byte) [][]byte {
		l[6] = bytes.Replace(l[6], []byte("reached"), []byte("exempt"), 1)
		return mend(evidence.PeopleFile, l, 6)
	}},
	{"dropped, later hashes mended", 7, func(l [][]byte) [][]byte {
		return mend(evidence.PeopleFile, append(l[:6:6], l[7:]...), 6)
	}},
	{"not JSON", 3, func(l [][]byte) [][]byte { l[2] = []byte("{"); return l }},
	{"a blank line", 3, func(l [][]byte) [][]byte { l[2] = nil; return l }},
	{"a field beside the record", 3, func(l [][]byte) [][]byte {
		l[2] = bytes.Replace(l[2], []byte(`{"n":3,`), []byte(`{"n":3,"note":1,`), 1)
		return l
	}},
	{"a huge line", 3, func(l [][]byte) [][]byte { l[2] = bytes.Repeat([]byte("x"), 3<<20); return l }},
}

// mend renumbers and rehashes all records from index i on, as a forger who knows the format would.
func mend(file string, lines [][]byte, i int) [][]byte {
	prev := ""
	var l struct {
		N      int64
		Hash   string
		Record json.RawMessage
	}
	for k := range lines {
		_ = json.Unmarshal(lines[k], &l)
		if k >= i {
			l.Hash = evidence.RollingHash(file, prev, int64(k+1), l.Record)
			lines[k] = fmt.Appendf(nil, `{"n":%d,"hash":"%s","record":%s}`, k+1, l.Hash, l.Record)
		}
		prev = l.Hash
	}
	return lines
}

func TestTheFirstTamperedRecordIsNamed(t *testing.T) {
	t.Parallel()
	files := unpack(t, newSample(20).pack(t))
	for _, c := range recordEdits {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			bad := change(files, evidence.PeopleFile, func(b []byte) []byte {
				lines := c.edit(bytes.Split(bytes.TrimSuffix(b, []byte("\n")), []byte("\n")))
				if len(lines) == 0 {
					return nil
				}
				return append(bytes.Join(lines, []byte("\n")), '\n')
			})
			r := verify(t, repack(t, bad), public(goodKey))
			require.False(t, r.Verified)
			require.Equal(t, c.want, firstIn(r, evidence.PeopleFile).Record, "%v", r.Problems)
		})
	}
}

func firstIn(r evidence.Report, file string) evidence.Problem {
	for _, p := range r.Problems {
		if p.File == file {
			return p
		}
	}
	return evidence.Problem{}
}

func TestLongFilesKeepSignedMarks(t *testing.T) {
	t.Parallel()
	const n = 200
	var out bytes.Buffer
	w, err := evidence.NewWriter(&out, goodKey, evidence.Meta{Product: "t", Incident: "i", CreatedAt: madeAt})
	require.NoError(t, err)
	l, err := w.Lines("receipts.jsonl")
	require.NoError(t, err)
	evidence.LimitMarks(l, 64)
	for i := range n {
		require.NoError(t, l.Add(map[string]int{"i": i}))
	}
	require.NoError(t, l.Close())
	_, err = w.Close()
	require.NoError(t, err)
	files := unpack(t, out.Bytes())
	edit := func(mended bool) evidence.Problem {
		bad := change(files, "receipts.jsonl", func(b []byte) []byte {
			l := bytes.Split(bytes.TrimSuffix(b, []byte("\n")), []byte("\n"))
			l[158] = bytes.Replace(l[158], []byte("158"), []byte("111"), 1)
			if mended {
				l = mend("receipts.jsonl", l, 158)
			}
			return append(bytes.Join(l, []byte("\n")), '\n')
		})
		return firstIn(verify(t, repack(t, bad), public(goodKey)), "receipts.jsonl")
	}
	require.EqualValues(t, 159, edit(false).Record, "a plain change is named exactly at any size")
	p := edit(true)
	require.LessOrEqual(t, p.Record, int64(159))
	require.Greater(t, p.Record, int64(159-8), "a mended change is narrowed down to the last signed mark")
}

func TestForgeriesWithoutTheKey(t *testing.T) {
	t.Parallel()
	honest := newSample(8)
	files := unpack(t, honest.pack(t))

	t.Run("manifest rewritten", func(t *testing.T) {
		t.Parallel()
		bad := change(files, evidence.ManifestFile, func(b []byte) []byte { return bytes.Replace(b, []byte(`"inc1"`), []byte(`"inc2"`), 1) })
		require.Contains(t, said(verify(t, repack(t, bad), public(goodKey))), "signature.json: does not match manifest.json")
	})
	t.Run("manifest rewritten and its sum mended", func(t *testing.T) {
		t.Parallel()
		bad := change(files, evidence.ManifestFile, func(b []byte) []byte { return bytes.Replace(b, []byte(`"inc1"`), []byte(`"inc2"`), 1) })
		var manifest []byte
		for _, f := range bad {
			if f.name == evidence.ManifestFile {
				manifest = f.body
			}
		}
		bad = change(bad, evidence.SignatureFile, func(b []byte) []byte {
			var s evidence.Signature
			require.NoError(t, json.Unmarshal(b, &s))
			return bytes.Replace(b, []byte(s.ManifestSHA256), []byte(hashOf(manifest)), 1)
		})
		require.Contains(t, said(verify(t, repack(t, bad), public(goodKey))), "does not match manifest.json")
	})
	t.Run("another key", func(t *testing.T) {
		t.Parallel()
		forged := newSample(8)
		forged.key = evilKey
		pack := forged.pack(t)
		require.Contains(t, said(verify(t, pack, public(goodKey))), "key that is not trusted")
		open := verify(t, pack)
		require.Equal(t, evidence.KeyID(public(evilKey)), open.KeyID, "without trusted keys the reader sees whose key it is")
		require.False(t, open.KeyTrusted)
		require.True(t, verify(t, pack, public(goodKey), public(evilKey)).Verified, "any of the trusted keys will do")
	})
	t.Run("the trusted key named, another used", func(t *testing.T) {
		t.Parallel()
		forged := newSample(8)
		forged.key = append(bytes.Clone(evilKey[:32]), public(goodKey)...)
		require.False(t, verify(t, forged.pack(t), public(goodKey)).Verified)
	})
	for _, gone := range []string{evidence.ManifestFile, evidence.SignatureFile, evidence.CountsFile, evidence.AuditFile, evidence.TextFile(hashOf(honest.texts[0]))} {
		t.Run("without "+gone[:6], func(t *testing.T) {
			t.Parallel()
			var rest []packed
			for _, f := range files {
				if f.name != gone {
					rest = append(rest, f)
				}
			}
			require.Contains(t, said(verify(t, repack(t, rest), public(goodKey))), gone+": is ")
		})
	}
	t.Run("a file more", func(t *testing.T) {
		t.Parallel()
		bad := append(append([]packed{}, files...), packed{"texts/extra.json", []byte("{}")})
		require.Contains(t, said(verify(t, repack(t, bad), public(goodKey))), "texts/extra.json: is in the archive and not in the manifest")
	})
	t.Run("a text changed", func(t *testing.T) {
		t.Parallel()
		name := evidence.TextFile(hashOf(honest.texts[1]))
		bad := change(files, name, func(b []byte) []byte { return append(b, ' ') })
		require.Contains(t, said(verify(t, repack(t, bad), public(goodKey))), name+": was changed")
	})
	t.Run("only packed anew", func(t *testing.T) {
		t.Parallel()
		require.Contains(t, said(verify(t, repack(t, files), public(goodKey))), "bytes outside its files, or its directory was changed")
	})
}

func said(r evidence.Report) string {
	var all []string
	for _, p := range r.Problems {
		all = append(all, p.String())
	}
	return strings.Join(all, "\n")
}

func TestHostileArchives(t *testing.T) {
	t.Parallel()
	files := unpack(t, newSample(3).pack(t))
	with := func(f packed) []byte { return repack(t, append([]packed{f}, files...)) }
	for name, pack := range map[string][]byte{
		"traversal":      with(packed{"../../etc/passwd", []byte("x")}),
		"absolute":       with(packed{"/etc/passwd", []byte("x")}),
		"back slash":     with(packed{`texts\..\x`, []byte("x")}),
		"upper case":     with(packed{"People.jsonl", []byte("x")}),
		"control":        with(packed{"a\x00b", []byte("x")}),
		"name twice":     with(packed{evidence.PeopleFile, []byte("x")}),
		"bomb":           repack(t, change(files, evidence.PeopleFile, func([]byte) []byte { return make([]byte, 17<<20) })),
		"bomb of counts": repack(t, change(files, evidence.CountsFile, func([]byte) []byte { return bytes.Repeat([]byte(" "), 17<<20) })),
		"empty":          nil,
		"not a zip":      []byte("PK\x03\x04 but not really"),
		"no files":       repack(t, nil),
		"manifest bomb":  repack(t, change(files, evidence.ManifestFile, func([]byte) []byte { return make([]byte, 17<<20) })),
		"manifest array": repack(t, change(files, evidence.ManifestFile, func([]byte) []byte { return []byte("[]") })),
		"many entries":   manyEntries(65_000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := verify(t, pack, public(goodKey))
			require.False(t, r.Verified)
			require.NotEmpty(t, r.Problems[0].What)
			require.NotContains(t, said(r), "passwd", "a hostile name is not repeated")
		})
	}
}

// manyEntries is an end record that promises more entries than there are.
func manyEntries(n uint16) []byte {
	b, _ := hex.DecodeString("504b0506000000000000000000000000000000000000")
	binary.LittleEndian.PutUint16(b[8:], n)
	binary.LittleEndian.PutUint16(b[10:], n)
	return b
}

type badDisk struct{}

func (badDisk) ReadAt([]byte, int64) (int, error) { return 0, io.ErrClosedPipe }

func TestAnUnreadableFileIsAnErrorNotAForgery(t *testing.T) {
	t.Parallel()
	_, err := evidence.Verify(badDisk{}, 1000)
	require.ErrorIs(t, err, io.ErrClosedPipe)
}

func FuzzVerify(f *testing.F) {
	pack := newSample(2).pack(f)
	f.Add(pack)
	f.Add(pack[:len(pack)/2])
	f.Add([]byte("PK\x05\x06"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := evidence.Verify(bytes.NewReader(b), int64(len(b)), public(goodKey))
		if err != nil {
			t.Fatal(err)
		}
		if r.Verified && !bytes.Equal(b, pack) {
			t.Fatal("a pack that nobody signed was verified")
		}
	})
}
