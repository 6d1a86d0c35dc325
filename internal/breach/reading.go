package breach

// Reading says how a list of people is written. What is empty is recognised from the list itself.
type Reading struct {
	Country  string            // ISO 3166-1 alpha-2, of rows that name none
	Columns  map[string]string // name of a column, or its number from 1 without header -> field
	NoHeader bool              // the first record is a person already

	Format    string // csv, tsv, xlsx, jsonl, sql
	Encoding  string // such as gbk
	Delimiter string // comma, semicolon, tab, pipe
	Sheet     string // of a spreadsheet: its name, or its number from 1
}
