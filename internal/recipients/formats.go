package recipients

import "maps"

// Problems that only some formats have.
const (
	tooRounded    = "spreadsheet_rounded"
	madeDate      = "spreadsheet_date"
	sheetError    = "spreadsheet_error"
	noResult      = "spreadsheet_no_result"
	hiddenRow     = "spreadsheet_hidden_row"
	jsonMalformed = "json_malformed"
	jsonRepeated  = "json_repeated_key"
	jsonNested    = "json_nested"
)

func init() {
	maps.Copy(catalogue, map[string]kind{
		tooRounded:    {Flagged, "a number of more than 15 digits, which a spreadsheet rounds: an id was left out, anything else was taken", "export the list again with this column as text"},
		madeDate:      {Flagged, "taken as a day, which the spreadsheet may have made of something else", "check the cell; set the column to text if it is no day"},
		sheetError:    {Flagged, "left out: the spreadsheet shows an error in this cell", "correct the formula and save again"},
		noResult:      {Flagged, "left out: a formula whose result is not in the file", "open and save the list in a spreadsheet program, or paste values"},
		hiddenRow:     {Flagged, "taken, although the row is hidden in the spreadsheet", "check whether it was filtered away because it does not belong"},
		jsonMalformed: {Rejected, "the row was not taken: it is not one JSON object", "correct the line and load it again"},
		jsonRepeated:  {Flagged, "the first of two values for the same field was taken", "name each field once"},
		jsonNested:    {Flagged, "left out: there is an object where a text belongs", "write the value as text"},
	})
}
