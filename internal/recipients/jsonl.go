package recipients

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

const (
	maxDepth = 4   // of objects in objects
	maxKeys  = 500 // of one object
)

// jsonLines reads one JSON object per line. The keys at the beginning of the file are its columns; an object
// in it, such as guardian, gives columns guardian.name and so on. After them stands one column for each
// field, which counts as soon as a later line has that field.
type jsonLines struct {
	in    *text
	buf   *bufio.Reader
	read  *intake
	enc   *found
	names map[string]string // squeezed -> field
	h     header
	index map[string]int // key -> column
	own   map[string]int // field -> the column behind the file's own
	line  int64
}

func (j *jsonLines) done() int64 { return j.read.n }

func (j *jsonLines) describe(f *FileInfo) {
	j.read.describe(f)
	j.enc.describe(f)
	f.Format = formatJSONL
}

func (j *jsonLines) head(o Options) (header, error) {
	var err error
	if j.names, err = withNames(o.Map); err != nil {
		return header{}, err
	}
	start, err := j.in.peek()
	if err != nil {
		return header{}, err
	}
	keys, objects := keysIn(start)
	if !objects {
		return header{}, breach.Errorf(breach.ErrInvalid, "none of the first lines is one JSON object: write one object per line, for example with jq -c .")
	}
	if j.h, err = newHeader(keys, o); err != nil {
		return header{}, err
	}
	if err := j.h.check(o.Map); err != nil {
		return header{}, err
	}
	j.index, j.own = map[string]int{}, map[string]int{}
	for i, k := range keys {
		j.index[k] = i
	}
	for _, f := range Fields {
		if !slices.Contains(keys, f) {
			j.own[f] = len(j.h.cells)
			j.h.cells, j.h.fields = append(j.h.cells, f), append(j.h.fields, f)
		}
	}
	j.buf = bufio.NewReaderSize(j.in, firstRead)
	return j.h, nil
}

// keysIn collects the keys of the objects at the beginning, in the order in which they come up.
func keysIn(start []byte) (keys []string, objects bool) {
	for len(start) > 0 && len(keys) < maxKeys {
		line := start[:firstLine(start)]
		start = start[len(line):]
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		pairs, err := flatten(line)
		if err != nil {
			continue
		}
		objects = true
		for _, p := range pairs {
			if !slices.Contains(keys, p.key) {
				keys = append(keys, p.key)
			}
		}
	}
	return keys, objects
}

func (j *jsonLines) next() (record, error) {
	line, long, err := j.nextLine()
	if err != nil {
		return record{}, err
	}
	rec := record{line: j.line}
	shown := func() []string { return []string{strings.ToValidUTF8(string(line[:min(len(line), maxShown)]), "\xff")} }
	if long {
		rec.broken, rec.cells = "csv_record_too_long", shown()
		return rec, nil
	}
	line = bytes.TrimSpace(line)
	if len(line) == 0 {
		rec.blank, rec.cells = true, []string{""}
		return rec, nil
	}
	pairs, err := flatten(line)
	if err != nil {
		rec.broken, rec.cells = jsonMalformed, shown()
		return rec, nil //nolint:nilerr // the row is judged, and the list goes on
	}
	rec.cells = make([]string, len(j.h.cells))
	filled := make([]bool, len(j.h.cells))
	for _, p := range pairs {
		i, ok := j.columnOf(p.key)
		switch {
		case !ok: // not a field, and not among the keys of the beginning
		case filled[i] && rec.cells[i] != p.text:
			rec.notes = append(rec.notes, note{i, jsonRepeated})
		default:
			rec.cells[i], filled[i] = p.text, true
			if p.nested {
				rec.notes = append(rec.notes, note{i, jsonNested})
			}
		}
	}
	return rec, nil
}

// columnOf finds the column of a key. A field that no line had before gets its column now.
func (j *jsonLines) columnOf(key string) (int, bool) {
	if i, ok := j.index[key]; ok {
		return i, true
	}
	field := j.names[squeeze(key)]
	i, ok := j.own[field]
	if ok && !slices.Contains(j.h.column[field], i) {
		j.h.column[field] = append(j.h.column[field], i)
	}
	return i, ok
}

// nextLine reads one line; of one that is too long it gives the beginning.
func (j *jsonLines) nextLine() (line []byte, long bool, err error) {
	j.line++
	for {
		part, err := j.buf.ReadSlice('\n')
		if room := maxRecord - len(line); len(part) <= room {
			line = append(line, part...)
		} else {
			line, long = append(line, part[:room]...), true
		}
		switch {
		case err == nil, errors.Is(err, io.EOF) && len(line) > 0:
			return line, long, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, false, err
		}
	}
}

// pair is one value of an object. nested says that it was no text, number or list of these.
type pair struct {
	key, text string
	nested    bool
}

var errNotFlat = errors.New("not one JSON object")

// flatten takes one object apart. Numbers stay as they are written; null is empty; a list becomes its
// members with semicolons between them.
func flatten(line []byte) ([]pair, error) {
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.UseNumber()
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, errNotFlat
	}
	pairs, err := object(dec, "", 1, nil)
	if err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errNotFlat
	}
	return pairs, nil
}

func object(dec *json.Decoder, prefix string, depth int, pairs []pair) ([]pair, error) {
	for dec.More() {
		k, err := dec.Token()
		if err != nil {
			return nil, err
		}
		name, _ := k.(string)
		key := prefix + asJudged(name)
		v, err := dec.Token()
		if err != nil {
			return nil, err
		}
		switch {
		case len(pairs) >= maxKeys:
			return nil, errNotFlat
		case v == json.Delim('{') && depth < maxDepth:
			pairs, err = object(dec, key+".", depth+1, pairs)
		case v == json.Delim('{'):
			return nil, errNotFlat
		case v == json.Delim('['):
			var p pair
			p, err = list(dec, key)
			pairs = append(pairs, p)
		default:
			pairs = append(pairs, pair{key: key, text: scalar(v)})
		}
		if err != nil {
			return nil, err
		}
	}
	_, err := dec.Token()
	return pairs, err
}

func list(dec *json.Decoder, key string) (pair, error) {
	p := pair{key: key}
	var parts []string
	for dec.More() {
		v, err := dec.Token()
		if err != nil {
			return p, err
		}
		if d, ok := v.(json.Delim); ok {
			p.nested = true
			if err := skipRest(dec, d); err != nil {
				return p, err
			}
			continue
		}
		parts = append(parts, scalar(v))
	}
	if !p.nested {
		p.text = strings.Join(parts, ";")
	}
	_, err := dec.Token()
	return p, err
}

// skipRest reads to the end of what opened.
func skipRest(dec *json.Decoder, _ json.Delim) error {
	for open := 1; open > 0; {
		v, err := dec.Token()
		if err != nil {
			return err
		}
		switch v {
		case json.Delim('{'), json.Delim('['):
			open++
		case json.Delim('}'), json.Delim(']'):
			open--
		}
	}
	return nil
}

func scalar(v json.Token) string {
	switch v := v.(type) {
	case string:
		return asJudged(v)
	case json.Number:
		return v.String()
	case bool:
		if v {
			return "true"
		}
		return "false"
	}
	return ""
}

// asJudged gives back what the JSON decoder hides: where text was not UTF-8 it stands as no UTF-8.
func asJudged(s string) string {
	if strings.ContainsRune(s, utf8.RuneError) {
		return strings.ReplaceAll(s, string(utf8.RuneError), "\xff")
	}
	return s
}
