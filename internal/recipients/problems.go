package recipients

import "strconv"

// Problem is one thing about a row: a stable code, the field, what was done and what a person should do.
// It holds no value of the row.
type Problem struct {
	Code  string `json:"code"`
	Field string `json:"field,omitempty"`
	Done  string `json:"done"`
	Do    string `json:"do"`
	rank  Verdict
}

// kind is one entry of the catalogue of problems.
type kind struct {
	verdict Verdict
	done    string
	do      string
}

const (
	leftOut  = "left out; the rest of the row was taken"
	rowTaken = "taken as it stands"
	notTaken = "the row was not taken"
	correct  = "correct it and load the row again"
)

// catalogue lists every problem that a row can have. Later repairs change a verdict here and the code
// beside it, not the codes: people filter by them.
var catalogue = map[string]kind{
	"csv_blank_line":      {SkippedBlank, "skipped: there is nothing in it", "nothing"},
	"csv_repeated_header": {SkippedBlank, "skipped: it is the header again", "nothing, if lists were joined"},
	"csv_unclosed_quote":  {Rejected, notTaken, "close the quotation mark, or double those inside the cell"},
	"csv_record_too_long": {Rejected, notTaken, "look for a missing line break or quotation mark"},
	"csv_cells_too_many":  {Rejected, notTaken + ", because its cells may stand in wrong columns", "put cells that hold the separator in quotation marks"},
	"csv_cells_too_few":   {Rejected, notTaken + ", because its cells may stand in wrong columns", "add the missing cells, empty ones too"},
	"csv_bare_quote":      {Flagged, "the quotation mark was taken as part of the text", "check the row"},
	"no_identity":         {Rejected, notTaken + ", because nothing in it says who is meant", "add an id, a name or a contact"},

	"external_id_missing": {Flagged, "taken without an id", "add the id, so that later lists find the same person"},
	"external_id_reused":  {Flagged, "taken as a person of its own, without the id: an earlier row with other name and contacts has it", "find out whose id it is"},
	"name_missing":        {Flagged, "taken; the notice will have a greeting without name", "add the name if it is known"},
	"no_contact":          {Flagged, "taken; nobody can write to this person, the announcement must cover them", "look for a contact in other systems"},

	"bad_encoding":       {Flagged, leftOut + ": it holds bytes that are not UTF-8", correct},
	"control_characters": {Flagged, leftOut + ": it holds line breaks or other control characters", correct},
	"bidi_control":       {Flagged, leftOut + ": it holds characters that reverse what is shown", correct},
	"markup":             {Flagged, leftOut + ": it looks like HTML or a template", correct},
	"formula":            {Flagged, rowTaken + ": it begins like a spreadsheet formula", "do not open the list in a spreadsheet; check the row"},
	"too_long":           {Flagged, leftOut + ": it is longer than such a field can be", correct},
	"two_columns_differ": {Flagged, "the first of two columns for the same field was taken; they differ", "keep the right column, or name it with --map"},
	"space_trimmed":      {Repaired, "space around it was taken away", "nothing"},

	"invisible_removed": {Repaired, "characters that show nothing were taken away", "nothing"},

	"email_injection":   {Rejected, notTaken + ": the e-mail address holds a line break, as an attack on mail headers does", "find out who wrote it; correct it and load the row again"},
	"email_no_at":       {Repaired, leftOut + ": without @ it is no e-mail address", correct},
	"email_rewritten":   {Repaired, "the address was taken out of what stood around it", "nothing"},
	"email_malformed":   {Flagged, leftOut + ": it is not an e-mail address", correct},
	"email_several":     {Flagged, leftOut + ": there seems to be more than one address", "keep one address per cell"},
	"email_too_long":    {Rejected, notTaken + ": no server accepts an address that long", correct},
	"email_lookalike":   {Flagged, leftOut + ": its domain mixes alphabets, as imitations do", "ask the person for the right address"},
	"phone_malformed":   {Flagged, leftOut + ": it is not a phone number", correct},
	"phone_impossible":  {Flagged, leftOut + ": no number of that country has that length", correct},
	"phone_too_short":   {Repaired, leftOut + ": a number has more digits", correct},
	"phone_spreadsheet": {Flagged, leftOut + ": a spreadsheet turned it into a rounded number, digits are lost", "export the list again with this column as text"},
	"phone_no_country":  {Flagged, leftOut + ": it has no country code and the row names no country", "write it with + and country code"},
	"phone_national":    {Flagged, "taken with the country code of the row's country", "check that these numbers belong to that country"},
	"phone_rewritten":   {Repaired, "written in the international form", "nothing"},
	"phone_extension":   {Repaired, "taken without the extension", "nothing"},
	"locale_missing":    {Repaired, "taken without a language: the notice will be in the default one", "use a language tag such as zh-CN"},
	"locale_unknown":    {Repaired, leftOut + "; the notice will be in the default language", "use a language tag such as zh-CN"},
	"locale_rewritten":  {Repaired, "written as a language tag", "nothing"},
	"country_unknown":   {Flagged, leftOut + ": the country decides about law and providers", "use two letters such as CN"},
	"country_rewritten": {Repaired, "written as a country code", "nothing"},
	"zone_unknown":      {Flagged, leftOut + "; times are told by the clock of the country, or else of the organisation", "use a name of the IANA database such as Asia/Shanghai"},
	"birth_ambiguous":   {Flagged, leftOut + ": it can be read as different days, and it decides who is a child", "write it as 2014-04-03"},
	"birth_impossible":  {Flagged, leftOut + ": there is no such day", correct},
	"birth_future":      {Flagged, leftOut + ": it lies in the future", correct},
	"birth_rewritten":   {Repaired, "written as year-month-day", "nothing"},
	"push_platform":     {Repaired, "token left out: it cannot be told which service it is for", "name fcm, apns, hms or webpush"},
	"push_malformed":    {Flagged, leftOut + ": it is not a push token", correct},
	"push_rewritten":    {Repaired, "the platform was written by the name of its push service", "nothing"},
	"classes_missing":   {Flagged, "taken without data classes: the notice will speak of the incident's", "say which data of this person are affected"},
	"classes_unknown":   {Flagged, "the unknown data class was left out, the others taken", "use the names of the documentation"},
	"objection_unknown": {Flagged, "the unknown channel was left out", "use email, sms, push, voice, letter"},

	"minor_no_guardian":           {Flagged, "taken; nobody can be told on the child's behalf", "look for a guardian's contact"},
	"minor_guardian_no_contact":   {Flagged, "taken; the guardian has no usable contact", "look for a guardian's contact"},
	"minor_guardian_same_contact": {Flagged, "taken; the guardian's contact is the child's own", "check who reads it"},

	"duplicate": {Duplicate, "not taken again", "nothing, or give each person an id of their own"},

	tooRounded:    {Flagged, "a number of more than 15 digits, which a spreadsheet rounds: an id was left out, anything else was taken", "export the list again with this column as text"},
	madeDate:      {Flagged, "taken as a day, which the spreadsheet may have made of something else", "check the cell; set the column to text if it is no day"},
	sheetError:    {Flagged, "left out: the spreadsheet shows an error in this cell", "correct the formula and save again"},
	noResult:      {Flagged, "left out: a formula whose result is not in the file", "open and save the list in a spreadsheet program, or paste values"},
	hiddenRow:     {Flagged, "taken, although the row is hidden in the spreadsheet", "check whether it was filtered away because it does not belong"},
	jsonMalformed: {Rejected, "the row was not taken: it is not one JSON object", "correct the line and load it again"},
	jsonRepeated:  {Flagged, "the first of two values for the same field was taken", "name each field once"},
	jsonNested:    {Flagged, "left out: there is an object where a text belongs", "write the value as text"},
}

// problem makes a Problem of a code of the catalogue.
func problem(code, field string) Problem {
	k, ok := catalogue[code]
	if !ok {
		panic("recipients: problem " + code + " is not in the catalogue")
	}
	return Problem{Code: code, Field: field, Done: k.done, Do: k.do, rank: k.verdict}
}

// Explain says what was done about a problem of that code and what a person should do; empty for an unknown code.
func Explain(code string) (done, do string) { return catalogue[code].done, catalogue[code].do }

func duplicateOf(record int64) Problem {
	p := problem("duplicate", "")
	p.Done = "the same person as record " + strconv.FormatInt(record, 10) + ": " + p.Done
	return p
}

// severity orders verdicts: a row has the one of its worst problem.
var severity = map[Verdict]int{Accepted: 0, Repaired: 1, Flagged: 2, Duplicate: 3, SkippedBlank: 4, Rejected: 5}

func (r *Row) add(p Problem) {
	r.Problems = append(r.Problems, p)
	if severity[p.rank] > severity[r.Verdict] {
		r.Verdict = p.rank
	}
}
