package letter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/delivery/deliverytest"
	"github.com/tocsin-engine/tocsin/internal/delivery/letter/paper"
)

var day = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

func clock() time.Time { return day }

func needFonts(t testing.TB, langs ...string) {
	t.Helper()
	for _, l := range langs {
		if lost := paper.NewFonts().Missing(l); len(lost) > 0 {
			t.Skipf("SKIPPED: the fonts %v are not installed (Debian: fonts-noto-core, fonts-noto-cjk)", lost)
		}
	}
}

// spool is a ledger that can be told how to behave.
type spool struct {
	mu        sync.Mutex
	behaviour deliverytest.Behaviour
	taken     []string
	contacts  int
}

func (s *spool) KeepLetter(ctx context.Context, it breach.PostItem, _ time.Time) error {
	s.mu.Lock()
	s.contacts++
	s.taken = append(s.taken, it.Delivery)
	s.mu.Unlock()
	switch s.behaviour {
	case deliverytest.Permanent:
		return breach.Errorf(breach.ErrNotFound, "no intent of %s", it.Body)
	case deliverytest.Temporary:
		return breach.Errorf(breach.ErrConflict, "void: %s", it.Body)
	case deliverytest.Drop:
		return io.ErrUnexpectedEOF
	case deliverytest.Hang:
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

func (s *spool) FindLetter(context.Context, string, time.Time) (bool, error) { return false, nil }

type away struct{ spool }

func (*away) KeepLetter(context.Context, breach.PostItem, time.Time) error {
	return delivery.Temporary(delivery.ReasonProviderDown, "the ledger is away", 0)
}

func newSender(t testing.TB, c Config, s Spool) *Sender {
	t.Helper()
	if c.Dir == "" && c.SFTP == "" {
		c.Dir = t.TempDir()
	}
	c.Sender, c.Country = "Example Learning Ltd · PO Box 100 · 10115 Berlin", "DE"
	out, err := New(c, s, clock)
	require.NoError(t, err)
	return out
}

var canary = delivery.Message{
	Channel: breach.Letter, To: "Kanariengasse 7, 10115 Berlin", Locale: "de", Subject: "Notice",
	Text: "Dear " + deliverytest.Name + ",\n\nwhat happened",
	Post: &delivery.Post{Address: []string{"Kanariengasse 7", "10115 Berlin"}, Country: "DE", Reference: "KX7-2MQ-9TD"},
}

func TestConformance(t *testing.T) {
	t.Parallel()
	needFonts(t, "de")
	deliverytest.Run(t, deliverytest.Case{
		Message: canary, Accepted: breach.HandedOver, RepeatKey: deliverytest.ByDelivery,
		PermanentReason: delivery.ReasonBadInput, TemporaryReason: delivery.ReasonCrash,
		Start: func(t *testing.T, b deliverytest.Behaviour) deliverytest.Provider {
			s := &spool{behaviour: b}
			return deliverytest.Provider{
				Sender: newSender(t, Config{Timeout: 2 * time.Second}, s),
				Taken: func() []string {
					s.mu.Lock()
					defer s.mu.Unlock()
					return slices.Clone(s.taken)
				},
				Contacted: func() int {
					s.mu.Lock()
					defer s.mu.Unlock()
					return s.contacts
				},
			}
		},
		Unreachable: func(t *testing.T) delivery.Sender { return newSender(t, Config{}, &away{}) },
	})
}

// What paper cannot carry is refused before anything is taken, in words without the person.
func TestWhatCannotBePrinted(t *testing.T) {
	t.Parallel()
	needFonts(t, "de")
	for name, c := range map[string]struct {
		change func(*delivery.Message)
		says   string
	}{
		"too many pages":        {func(m *delivery.Message) { m.Text = strings.Repeat("Many words make a long letter. ", 2000) }, "pages"},
		"address too long":      {func(m *delivery.Message) { m.Post.Address = strings.Fields(strings.Repeat("line ", 9)) }, "does not fit the window"},
		"one word too long":     {func(m *delivery.Message) { m.Post.Address = []string{strings.Repeat("Weit", 200)} }, "does not fit the window"},
		"no address":            {func(m *delivery.Message) { m.Post.Address = nil }, "address is empty"},
		"a script without font": {func(m *delivery.Message) { m.ToName = "𐎠𐎼𐎹𐎴𐎠" }, "no font"},
		"no post":               {func(m *delivery.Message) { m.Post = nil }, "no address"},
		"break in the address":  {func(m *delivery.Message) { m.Post.Address = []string{"a\nb"} }, "line break"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &spool{}
			m := canary
			post := *canary.Post
			m.Post, m.DeliveryID, m.AttemptID, m.ToName = &post, "d1", "d1-1", deliverytest.Name
			c.change(&m)
			_, err := newSender(t, Config{}, s).Send(t.Context(), m)
			var f *delivery.Failure
			require.ErrorAs(t, err, &f)
			require.Equal(t, breach.FailedPermanent, f.State())
			require.Contains(t, f.Detail, c.says)
			require.Empty(t, s.taken)
		})
	}
}

// desk is a ledger of batches that can break down at any of its steps.
type desk struct {
	batch    *breach.PostBatch
	closed   bool
	rejected []breach.UnsetLetter
	fail     func(step string) error
}

func (d *desk) step(s string) error {
	if d.fail == nil {
		return nil
	}
	return d.fail(s)
}

func (d *desk) LockLetters(context.Context) (func(), bool, error) { return func() {}, true, nil }

func (d *desk) OpenLetterBatch(context.Context, int, time.Time) (*breach.PostBatch, error) {
	if d.closed {
		return nil, nil //nolint:nilnil // no letter waits
	}
	b := *d.batch
	return &b, d.step("open")
}

func (d *desk) RejectLetters(_ context.Context, unset []breach.UnsetLetter, _ string, _ time.Time) error {
	d.batch.Items = slices.DeleteFunc(d.batch.Items, func(it breach.PostItem) bool {
		return slices.ContainsFunc(unset, func(u breach.UnsetLetter) bool { return u.Attempt == it.Attempt })
	})
	d.rejected = append(d.rejected, unset...)
	d.closed = len(d.batch.Items) == 0
	return nil
}

func (d *desk) PublishLetterBatch(_ context.Context, _, sum string) error {
	if err := d.step("publish"); err != nil {
		return err
	}
	d.batch.Checksum = sum
	return d.step("published")
}

func (d *desk) CloseLetterBatch(context.Context, string, time.Time) error {
	if err := d.step("close"); err != nil {
		return err
	}
	d.closed = true
	return d.step("closed")
}

func items(t testing.TB, s *Sender, n int) []breach.PostItem {
	t.Helper()
	out := make([]breach.PostItem, n)
	for i := range out {
		m := canary
		m.DeliveryID, m.AttemptID, m.ToName = fmt.Sprintf("d%05d", i), fmt.Sprintf("d%05d-1", i), fmt.Sprintf("Person %d", i)
		m.Text = fmt.Sprintf("Guten Tag %s,\n\n%s\n\n\nWAS GESCHEHEN IST\n\n%s", m.ToName, strings.Repeat("Am 3. März hat jemand einen Teil unserer Datenbank kopiert. ", 12), strings.Repeat("Wir haben die Lücke geschlossen. ", 40))
		body, pages, f := s.prepare(m)
		require.Nil(t, f)
		out[i] = breach.PostItem{Attempt: m.AttemptID, Delivery: m.DeliveryID, Country: "DE", Pages: pages, Body: body}
	}
	return out
}

// printer takes every batch that is marked as done, as printers do, and counts how often each letter is printed.
func printer(t *testing.T, dir string, printed map[string]int) {
	t.Helper()
	done, err := filepath.Glob(filepath.Join(dir, "*.done"))
	require.NoError(t, err)
	for _, marker := range done {
		batch := strings.TrimSuffix(marker, ".done")
		rows, err := os.ReadFile(filepath.Join(batch, fileCSV))
		if errors.Is(err, os.ErrNotExist) {
			continue // taken before
		}
		require.NoError(t, err)
		for _, line := range strings.Split(strings.TrimSpace(string(rows)), "\r\n")[1:] {
			id, _, _ := strings.Cut(line, ",")
			printed[id]++
		}
		require.NoError(t, os.RemoveAll(batch))
		require.NoError(t, os.Remove(marker))
	}
}

// Wherever a run is killed, and whether or not the printer is quicker than the next run, each letter is printed once.
func TestNeverPrintedTwice(t *testing.T) {
	t.Parallel()
	needFonts(t, "de")
	for _, step := range []string{"open", "publish", "published", "close", "never"} {
		for _, quick := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s quick=%v", step, quick), func(t *testing.T) {
				t.Parallel()
				door := t.TempDir()
				s := newSender(t, Config{Dir: door, Work: filepath.Join(t.TempDir(), "work")}, nil)
				d := &desk{batch: &breach.PostBatch{ID: "letters-1", MadeAt: day, Items: items(t, s, 3)}}
				printed := map[string]int{}
				killed := false
				d.fail = func(at string) error {
					if at == step && !killed {
						killed = true
						return io.ErrUnexpectedEOF
					}
					return nil
				}
				for range 4 {
					_, _ = s.HandOver(t.Context(), d)
					if quick {
						printer(t, door, printed)
					}
				}
				printer(t, door, printed)
				require.True(t, d.closed)
				require.Equal(t, map[string]int{"d00000-1": 1, "d00001-1": 1, "d00002-1": 1}, printed)
				left, err := os.ReadDir(s.cfg.Work)
				require.NoError(t, err)
				require.Empty(t, left, "what was made is personal and does not stay")
			})
		}
	}
}

// A run that is killed while it brings files leaves a part; the next one brings what is missing.
func TestHalfBroughtIsBroughtWhole(t *testing.T) {
	t.Parallel()
	needFonts(t, "de")
	door := t.TempDir()
	s := newSender(t, Config{Dir: door, Single: true}, nil)
	d := &desk{batch: &breach.PostBatch{ID: "letters-1", MadeAt: day, Items: items(t, s, 3)}, fail: func(at string) error {
		if at == "publish" {
			return io.ErrUnexpectedEOF
		}
		return nil
	}}
	_, err := s.HandOver(t.Context(), d)
	require.Error(t, err)
	part := filepath.Join(door, "letters-1.part")
	require.NoError(t, os.Truncate(filepath.Join(part, fileMerged), 100))
	require.NoError(t, os.Remove(filepath.Join(part, fileJSON)))
	d.fail = nil
	h, err := s.HandOver(t.Context(), d)
	require.NoError(t, err)
	require.False(t, h.Resumed)
	requireSums(t, filepath.Join(door, "letters-1"))
	b, err := os.ReadFile(filepath.Join(door, "letters-1.done"))
	require.NoError(t, err)
	require.Contains(t, string(b), h.Checksum)
}

// requireSums checks every file of a batch against its checksums.
func requireSums(t *testing.T, dir string) {
	t.Helper()
	sums, err := os.ReadFile(filepath.Join(dir, fileSums))
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(sums)), "\n")
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, lines, len(entries)-1)
	for _, l := range lines {
		want, name, ok := strings.Cut(l, "  ")
		require.True(t, ok)
		b, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Equal(t, want, hashOf(b), name)
	}
}

// A foreign directory under the batch's name is not overwritten, and not taken for our own.
func TestForeignDirectory(t *testing.T) {
	t.Parallel()
	needFonts(t, "de")
	door := t.TempDir()
	s := newSender(t, Config{Dir: door}, nil)
	require.NoError(t, os.Mkdir(filepath.Join(door, "letters-1"), 0o700))
	_, err := s.HandOver(t.Context(), &desk{batch: &breach.PostBatch{ID: "letters-1", MadeAt: day, Items: items(t, s, 1)}})
	require.Equal(t, breach.ErrConflict, breach.CodeOf(err))
}

// The same batch makes the same bytes, and the manifest names nobody.
func TestBatchesAreTheSameEveryTime(t *testing.T) {
	t.Parallel()
	needFonts(t, "de")
	s := newSender(t, Config{Single: true}, nil)
	b := &breach.PostBatch{ID: "letters-1", MadeAt: day, Items: items(t, s, 5)}
	first, second := t.TempDir(), t.TempDir()
	m1, _, err := s.Print(t.Context(), b, first)
	require.NoError(t, err)
	m2, _, err := s.Print(t.Context(), b, second)
	require.NoError(t, err)
	require.Equal(t, m1, m2)
	require.Len(t, m1.Files, 6)
	requireSums(t, first)
	for _, name := range []string{fileCSV, fileJSON, fileSums} {
		b, err := os.ReadFile(filepath.Join(first, name))
		require.NoError(t, err)
		require.NotContains(t, string(b), "Person")
		require.NotContains(t, string(b), "Kanarien")
	}
	page := 1
	for _, r := range m1.Rows {
		require.Equal(t, page, r.FirstPage)
		page += r.Pages
	}
	require.Equal(t, m1.Pages, page-1)
}

// One letter that cannot be set any more, after a change of the settings, keeps no other back.
func TestALetterThatCannotBeSetKeepsNoOtherBack(t *testing.T) {
	t.Parallel()
	s := newSender(t, Config{Dir: t.TempDir(), Work: filepath.Join(t.TempDir(), "work")}, nil)
	all := items(t, s, 3)
	var l paper.Letter
	require.NoError(t, json.Unmarshal(all[1].Body, &l))
	l.Address = slices.Repeat([]string{"A line of an address that is as long as another"}, 9)
	var err error
	all[1].Body, err = json.Marshal(l)
	require.NoError(t, err)
	bad, alone := all[1].Attempt, []breach.PostItem{all[1]}
	require.NoError(t, os.MkdirAll(filepath.Join(s.cfg.Work, "letters-killed"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(s.cfg.Work, "letters-killed", "letters.pdf"), []byte("personal"), 0o600))

	d := &desk{batch: &breach.PostBatch{ID: "letters-1", MadeAt: day, Items: all}}
	h, err := s.HandOver(t.Context(), d)
	require.NoError(t, err)
	require.Equal(t, 2, h.Letters)
	require.Len(t, d.rejected, 1)
	require.Equal(t, bad, d.rejected[0].Attempt)
	require.NotContains(t, d.rejected[0].Why, "Person 1")
	printed := map[string]int{}
	printer(t, s.cfg.Dir, printed)
	require.Len(t, printed, 2)
	require.NotContains(t, printed, bad)
	left, err := os.ReadDir(s.cfg.Work)
	require.NoError(t, err)
	require.Empty(t, left, "what a killed run left is removed")

	d = &desk{batch: &breach.PostBatch{ID: "letters-2", MadeAt: day, Items: alone}}
	h, err = s.HandOver(t.Context(), d)
	require.NoError(t, err)
	require.Nil(t, h, "none of them can be printed")
	require.Len(t, d.rejected, 1)
}
