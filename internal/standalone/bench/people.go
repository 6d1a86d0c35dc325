package bench

import (
	"bufio"
	_ "embed"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

//go:embed policy.yaml
var policyFile []byte

//go:embed incident.yaml
var incidentFile []byte

// Policy is the benchmark's policy: email alone, no waits.
func Policy() (policy.Profile, error) { return policy.ParseProfile(policyFile, nil) }

// incident is the benchmark's incident for so many people, detected a moment ago.
func incident(people int, now time.Time) (breach.IncidentFile, error) {
	file, err := breach.ParseIncident(incidentFile)
	if err != nil {
		return file, err
	}
	n := int64(people)
	file.Facts.People.Total = &n
	file.Facts.People.ByCountry = map[string]int64{"NZ": n}
	in := &file.Facts.Incident
	by := now.Add(-5 * time.Minute).Sub(*in.AwareAt)
	for _, t := range []**time.Time{&in.OccurredFrom, &in.OccurredTo, &in.DetectedAt, &in.AwareAt, &in.DeterminedAt} {
		moved := (*t).Add(by)
		*t = &moved
	}
	return file, nil
}

// Domains of the generated people and of the messages that the bare client sends, of the same length.
const (
	domain      = "@bench.test"
	plainDomain = "@plain.test"
)

var given = []string{"Anahera", "Björn", "Chiara", "Dmitri", "Esther", "Fatima", "Grace", "Hēmi", "Ingrid", "José", "Kiri", "Liam"}

// list is the generated list of people as a CSV file, written while it is read.
func list(people int) io.ReadCloser {
	r, w := io.Pipe()
	go func() {
		b := bufio.NewWriterSize(w, 64<<10)
		_, _ = b.WriteString("external_id,name,email,locale,country\n")
		for i := 1; i <= people; i++ {
			_, err := fmt.Fprintf(b, "B%07d,%s Person %d,p%d%s,en,NZ\n", i, given[i%len(given)], i, i, domain)
			if err != nil { // the reader gave up
				return
			}
		}
		_ = w.CloseWithError(b.Flush())
	}()
	return r
}

// record is what a sink took: per person of 1 to n, how many messages.
type record struct {
	Messages, People, Copies, OtherIDs int // Copies are those beyond the first, OtherIDs those of them with another Message-ID
}

// readRecord counts the lines that a sink wrote about the generated people. A line that a kill cut off
// belongs to a message that was never answered.
func readRecord(r io.Reader, people int) (record, error) {
	var out record
	first := make([]uint64, people+1)
	in := bufio.NewReaderSize(r, 256<<10)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			if errors.Is(err, io.EOF) {
				return out, nil
			}
			return out, err
		}
		to, id, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		number, ours := strings.CutSuffix(to, domain)
		if !ours || !strings.HasPrefix(number, "p") || !strings.HasPrefix(id, "<") || !strings.HasSuffix(id, ">") {
			continue
		}
		n, err := strconv.Atoi(number[1:])
		if err != nil || n < 1 || n > people {
			continue
		}
		h := fnv.New64a()
		_, _ = h.Write([]byte(id))
		sum := h.Sum64() | 1 // 0 stands for none
		out.Messages++
		switch first[n] {
		case 0:
			first[n] = sum
			out.People++
		case sum:
			out.Copies++
		default:
			out.Copies++
			out.OtherIDs++
		}
	}
}
