package recipients_test

import (
	"archive/zip"
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/recipients"
)

// BenchmarkMemory reads and judges a list of b.N people in each format, and reports the most memory that the process had
// while it did: go test -bench Memory -benchtime 1000000x.
func BenchmarkMemory(b *testing.B) {
	for name, write := range map[string]func(w io.Writer, people int) error{"csv": writeCSV, "jsonl": writeJSONL, "xlsx-shared": writeShared, "xlsx-inline": writeInline} {
		b.Run(name, func(b *testing.B) {
			f, err := os.Create(filepath.Join(b.TempDir(), "list"))
			require.NoError(b, err)
			defer f.Close()
			out := bufio.NewWriterSize(f, 1<<20)
			require.NoError(b, write(out, b.N))
			require.NoError(b, out.Flush())
			_, err = f.Seek(0, io.SeekStart)
			require.NoError(b, err)
			b.ResetTimer()
			most := watchMemory(func() {
				s, err := recipients.Read(b.Context(), f, recipients.Options{On: asOf}, func(recipients.Row) error { return nil })
				require.NoError(b, err)
				require.EqualValues(b, b.N, s.Accepted)
			})
			b.ReportMetric(float64(most)/(1<<20), "peak-MB")
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// watchMemory runs do and says how much memory the process had from the system at most, beyond what it had given back.
func watchMemory(do func()) (most uint64) {
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
		for {
			metrics.Read(sample)
			most = max(most, sample[0].Value.Uint64()-sample[1].Value.Uint64())
			select {
			case <-stop:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	do()
	close(stop)
	<-done
	return most
}

var memoryColumns = []string{"external_id", "name", "email", "phone", "locale", "country", "birth_date"}

func memoryRow(i int) []string {
	return []string{fmt.Sprintf("B%07d", i), fmt.Sprintf("Person Ångström %d", i), fmt.Sprintf("p%d@bench.test", i), fmt.Sprintf("+642110%05d", i%100_000), "en", "NZ", fmt.Sprintf("19%02d-05-17", 30+i%60)}
}

func writeCSV(w io.Writer, people int) error {
	_, _ = fmt.Fprintln(w, strings.Join(memoryColumns, ","))
	for i := range people {
		if _, err := fmt.Fprintln(w, strings.Join(memoryRow(i), ",")); err != nil {
			return err
		}
	}
	return nil
}

func writeJSONL(w io.Writer, people int) error {
	for i := range people {
		for k, v := range memoryRow(i) {
			if _, err := fmt.Fprintf(w, `%c"%s":"%s"`, "{,"[min(k, 1)], memoryColumns[k], v); err != nil {
				return err
			}
		}
		_, _ = io.WriteString(w, "}\n")
	}
	return nil
}

func writeInline(w io.Writer, people int) error { return writeBook(w, people, false) }

func writeShared(w io.Writer, people int) error { return writeBook(w, people, true) }

// writeBook writes what a spreadsheet program writes: texts apart and named by number, or in their cells.
func writeBook(w io.Writer, people int, shared bool) error {
	z := zip.NewWriter(w)
	part := func(name string, write func(w io.Writer) error) error {
		f, err := z.Create(name)
		if err == nil {
			b := bufio.NewWriterSize(f, 1<<20)
			_, _ = b.WriteString(xmlHead)
			if err = write(b); err == nil {
				err = b.Flush()
			}
		}
		return err
	}
	text := func(s string) func(w io.Writer) error {
		return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
	}
	rows := func(each func(row, column int, value string) error) error {
		for r := range people + 1 {
			cells := memoryColumns
			if r > 0 {
				cells = memoryRow(r)
			}
			for c, v := range cells {
				if err := each(r, c, v); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if err := part("_rels/.rels", text(`<Relationships`+relSpace+`><Relationship Id="r1" Type="`+relType+`officeDocument" Target="xl/workbook.xml"/></Relationships>`)); err != nil {
		return err
	}
	if err := part("xl/workbook.xml", text(`<workbook`+mainSpace+`><sheets><sheet name="People" sheetId="1" r:id="r1"/></sheets></workbook>`)); err != nil {
		return err
	}
	if err := part("xl/_rels/workbook.xml.rels", text(`<Relationships`+relSpace+`><Relationship Id="r1" Type="`+relType+`worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="`+relType+`sharedStrings" Target="sharedStrings.xml"/></Relationships>`)); err != nil {
		return err
	}
	err := part("xl/worksheets/sheet1.xml", func(w io.Writer) error {
		_, _ = io.WriteString(w, `<worksheet`+mainSpace+`><sheetData>`)
		n := 0
		err := rows(func(r, c int, v string) error {
			if c == 0 {
				_, _ = fmt.Fprintf(w, `<row r="%d">`, r+1)
			}
			if shared {
				_, _ = fmt.Fprintf(w, `<c r="%c%d" t="s"><v>%d</v></c>`, 'A'+c, r+1, n)
			} else {
				_, _ = fmt.Fprintf(w, `<c r="%c%d" t="inlineStr"><is><t>%s</t></is></c>`, 'A'+c, r+1, v)
			}
			n++
			if c == len(memoryColumns)-1 {
				_, err := io.WriteString(w, `</row>`)
				return err
			}
			return nil
		})
		_, _ = io.WriteString(w, `</sheetData></worksheet>`)
		return err
	})
	if err != nil {
		return err
	}
	err = part("xl/sharedStrings.xml", func(w io.Writer) error {
		_, _ = io.WriteString(w, `<sst`+mainSpace+`>`)
		if shared {
			if err := rows(func(_, _ int, v string) error { _, err := fmt.Fprintf(w, `<si><t>%s</t></si>`, v); return err }); err != nil {
				return err
			}
		}
		_, err := io.WriteString(w, `</sst>`)
		return err
	})
	if err != nil {
		return err
	}
	return z.Close()
}
