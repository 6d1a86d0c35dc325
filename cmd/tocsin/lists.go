package main

import (
	"context"
	"errors"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/recipients"
	"github.com/tocsin-engine/tocsin/internal/recipients/query"
)

// listFlags say how a list is read.
type listFlags struct {
	country string
	errors  string
	columns []string
	how     breach.Reading
	sql     string
	dsnEnv  string
}

const defaultDSN = "TOCSIN_LIST_DSN"

func (l *listFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&l.country, "country", "", "country of rows that name none, such as CN")
	f.StringVar(&l.errors, "errors", "", "write every row that was not simply accepted to this CSV file")
	f.StringArrayVar(&l.columns, "map", nil, "column=field, such as 手机号=phone; may be repeated; with --no-header 1=name,2=email")
	f.BoolVar(&l.how.NoHeader, "no-header", false, "the first row is a person already; --map says which column is what")
	f.StringVar(&l.how.Format, "format", "", "csv, tsv, xlsx or jsonl, when it is not to be recognised")
	f.StringVar(&l.how.Encoding, "encoding", "", "encoding of a text, such as gbk, when it is not to be recognised")
	f.StringVar(&l.how.Delimiter, "delimiter", "", "comma, semicolon, tab or pipe, when it is not to be recognised")
	f.StringVar(&l.how.Sheet, "sheet", "", "sheet of a spreadsheet, by name or number (default the first that is not hidden)")
	f.StringVar(&l.sql, "sql", "", "instead of FILE: a query of your own PostgreSQL, or @FILE that holds it")
	f.StringVar(&l.dsnEnv, "dsn-env", defaultDSN, "name of the environment variable that holds the database's address")
}

// given takes FILE, or none with --sql, behind the arguments that come first.
func (l *listFlags) given(first ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if l.sql != "" {
			return exactly(first...)(cmd, args)
		}
		return exactly(append(first, "FILE")...)(cmd, args)
	}
}

var numbered = regexp.MustCompile(`^\d{1,4}=[a-z_]+(,\d{1,4}=[a-z_]+)*$`)

// reading checks the flags and says how the list is written.
func (l *listFlags) reading() (breach.Reading, error) {
	how := l.how
	how.Country, how.Columns = strings.ToUpper(l.country), map[string]string{}
	var columns []string
	for _, s := range l.columns {
		if how.NoHeader && numbered.MatchString(s) {
			columns = append(columns, strings.Split(s, ",")...)
		} else {
			columns = append(columns, s)
		}
	}
	for _, s := range columns {
		at := strings.LastIndexByte(s, '=')
		if at < 1 || at == len(s)-1 {
			return how, usagef("--map takes column=field, such as 手机号=phone; fields are %s", strings.Join(recipients.Fields, ", "))
		}
		how.Columns[s[:at]] = s[at+1:]
	}
	switch {
	case how.Country != "" && !breach.IsCountry(how.Country):
		return how, usagef("--country takes a code of ISO 3166-1, such as CN")
	case how.NoHeader && len(how.Columns) == 0:
		return how, usagef("--no-header needs a mapping such as --map 1=name,2=email")
	case l.sql != "" && (how.NoHeader || how.Format != "" || how.Encoding != "" || how.Delimiter != "" || how.Sheet != ""):
		return how, usagef("--sql gives names, encoding and format itself: only --map, --country and --errors go with it")
	case how.Format != "" && (how.Format == "sql" || !slices.Contains(recipients.Formats, how.Format)):
		return how, usagef("--format is csv, tsv, xlsx or jsonl")
	}
	if l.sql != "" {
		how.Format = "sql"
	}
	return how, nil
}

// parameters are how, as the server takes it.
func parameters(how breach.Reading) url.Values {
	q := url.Values{}
	for _, name := range sortedKeys(how.Columns) {
		q.Add("map", name+"="+how.Columns[name])
	}
	for name, v := range map[string]string{"country": how.Country, "format": how.Format, "encoding": strings.ToLower(how.Encoding), "delimiter": how.Delimiter, "sheet": how.Sheet} {
		if v != "" {
			q.Set(name, v)
		}
	}
	if how.NoHeader {
		q.Set("no_header", strconv.FormatBool(true))
	}
	return q
}

// list is where people come from. open may be called again; size is 0 when it is not known.
type list struct {
	name  string
	open  func(ctx context.Context) (r io.ReadCloser, size int64, err error)
	again bool // open gives the same once more
	close func()
}

// from opens the file, or the database.
func (c *cli) from(ctx context.Context, l listFlags, path string) (list, error) {
	if l.sql == "" {
		return c.fromFile(path), nil
	}
	sql := l.sql
	if name, isFile := strings.CutPrefix(sql, "@"); isFile {
		b, err := c.read(name)
		if err != nil {
			return list{}, err
		}
		sql = string(b)
	}
	if !regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`).MatchString(l.dsnEnv) {
		return list{}, usagef("--dsn-env takes the name of an environment variable, not the address itself: others on this machine can see what stands on a command line")
	}
	dsn := c.env(l.dsnEnv)
	if file := c.env(l.dsnEnv + "_FILE"); dsn == "" && file != "" {
		b, err := c.read(file)
		if err != nil {
			return list{}, err
		}
		dsn = strings.TrimSpace(string(b))
	}
	if dsn == "" {
		return list{}, usagef("the address of the database is not given: put it into the environment variable %s, or a file that %s_FILE names", l.dsnEnv, l.dsnEnv)
	}
	src, err := query.Open(ctx, dsn, sql)
	if err != nil {
		return list{}, err
	}
	open := func(ctx context.Context) (io.ReadCloser, int64, error) {
		ctx, stop := context.WithCancel(ctx)
		r, w := io.Pipe()
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			w.CloseWithError(src.Stream(ctx, w))
		}()
		return &piped{r, func() { stop(); _ = r.Close(); <-ended }}, 0, nil
	}
	return list{name: "the database", open: open, again: true, close: src.Close}, nil
}

// piped ends what writes into it when it is closed.
type piped struct {
	io.Reader
	end func()
}

func (p *piped) Close() error { p.end(); return nil }

func (c *cli) fromFile(path string) list {
	open := func(context.Context) (io.ReadCloser, int64, error) {
		if path == "-" {
			return io.NopCloser(c.in), 0, nil
		}
		f, err := os.Open(path)
		if err != nil {
			return nil, 0, fileError(err)
		}
		if i, err := f.Stat(); err == nil && i.Mode().IsRegular() {
			return f, i.Size(), nil
		}
		return f, 0, nil
	}
	i, err := os.Stat(path)
	again := err != nil || i.Mode().IsRegular() // what is not there, open says
	return list{name: filepath.Base(path), open: open, again: again, close: func() {}}
}

// mediaTypes are what the formats are called on the wire.
var mediaTypes = map[string]string{
	"tsv": "text/tab-separated-values", "jsonl": "application/jsonl",
	"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

var errOtherBytes = errors.New("the list changed between the check and the loading: nothing was loaded. Do it again")
