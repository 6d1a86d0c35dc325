package recipients

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
