package policy

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The example cells of the method. Where a fact tells a cell apart, the facts give it; where none does (how
// old a card is, what a test was for), a person sets it, and what the facts give is the careful end.
func TestEnisaExampleCells(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		facts        string
		dpc, derived int // derived 0: the facts give dpc
	}{
		"supermarket customers, name and phone": {`{"organisation":{"sectors":["retail"]},"data":{"classes":["name","phone"]}}`, 1, 0},
		"customers of a luxury seller":          {`{"organisation":{"sectors":["luxury"]},"people":{"categories":["customers"]},"data":{"classes":["name","phone"]}}`, 2, 0},
		"addresses of an adult book shop":       {`{"organisation":{"sectors":["adult"]},"people":{"categories":["customers"]},"data":{"classes":["name","postal_address"]}}`, 3, 0},
		"customers of an online pharmacy":       {`{"organisation":{"sectors":["health"]},"people":{"categories":["customers"]},"data":{"classes":["name"]}}`, 3, 0},
		"staff of an online pharmacy":           {`{"organisation":{"sectors":["health"]},"people":{"categories":["employees"]},"data":{"classes":["name"]}}`, 1, 0},
		"undercover officers":                   {`{"people":{"vulnerable":true},"data":{"classes":["name"]}}`, 4, 0},
		"login of a music store":                {`{"organisation":{"sectors":["media"]},"data":{"classes":["account_id","password"]}}`, 1, 0},
		"login for online banking":              {`{"organisation":{"sectors":["finance"]},"data":{"classes":["account_id","password"]}}`, 4, 0},
		"strongly hashed login of a bank":       {`{"organisation":{"sectors":["finance"]},"data":{"classes":["account_id","password"],"hashed":"strong"}}`, 1, 0},
		"incoming calls of a helpdesk":          {`{"data":{"classes":["communications"],"volume":"single"}}`, 1, 0},
		"a week of calls":                       {`{"data":{"classes":["communications"]}}`, 2, 0},
		"a year of calls":                       {`{"data":{"classes":["communications"],"volume":"profile"}}`, 3, 0},
		"calls to psychological support":        {`{"organisation":{"sectors":["health"]},"people":{"categories":["patients"]},"data":{"classes":["communications"]}}`, 4, 0},
		"a month of loyalty purchases":          {`{"data":{"classes":["preferences"]}}`, 2, 0},
		"a year of travel by card":              {`{"data":{"classes":["location"],"volume":"profile"}}`, 3, 0},
		"purchases at a pharmacy":               {`{"organisation":{"sectors":["pharmacy"]},"people":{"categories":["customers"]},"data":{"classes":["transactions"]}}`, 4, 0},
		"a letter that shows who banks there":   {`{"organisation":{"sectors":["finance"]},"data":{"classes":["name","postal_address"]}}`, 1, 0},
		"a day of transactions":                 {`{"data":{"classes":["transactions"],"volume":"single"}}`, 2, 0},
		"a month of balances":                   {`{"data":{"classes":["balance"]}}`, 3, 0},
		"a year of statements":                  {`{"data":{"classes":["transactions","balance"],"volume":"profile"}}`, 4, 0},
		"expired cards":                         {`{"data":{"classes":["payment_card"]},"severity_overrides":[{"cell":"dpc","value":1,"reason":"expired","by":"dpo"}]}`, 1, 3},
		"part of a card":                        {`{"data":{"classes":["payment_card"]}}`, 3, 0},
		"a card that can be used to pay":        {`{"data":{"classes":["payment_card","card_security_code"]}}`, 4, 0},
		"a general blood test":                  {`{"data":{"classes":["health"]},"severity_overrides":[{"cell":"dpc","value":1,"reason":"nothing follows from it","by":"dpo"}]}`, 1, 4},
		"a blood test in an emergency":          {`{"data":{"classes":["health"]},"severity_overrides":[{"cell":"dpc","value":2,"reason":"general assumptions","by":"dpo"}]}`, 2, 4},
		"that a test for a disease was made":    {`{"data":{"classes":["health"]},"severity_overrides":[{"cell":"dpc","value":3,"reason":"no result","by":"dpo"}]}`, 3, 4},
		"the result of a test":                  {`{"data":{"classes":["health"]}}`, 4, 0},
		"political opinions in a closed forum":  {`{"data":{"classes":["politics"]}}`, 4, 0},
		"orientation on a dating site":          {`{"data":{"classes":["sex_life"]}}`, 4, 0},
	} {
		a := enisaCase(t, c.facts)
		require.NotNil(t, a.DPC, "%s: %v", name, a.Missing)
		require.Equal(t, c.dpc, *a.DPC, "%s: %v", name, a.Why)
		require.NotEmpty(t, a.Cells[0].Why, name)
		if c.derived == 0 {
			require.Nil(t, a.Cells[0].Derived, name)
			continue
		}
		require.Equal(t, float64(c.derived), *a.Cells[0].Derived.Value, name)
	}
	a := enisaCase(t, `{"organisation":{"sectors":["health"]},"data":{"classes":["name"]}}`)
	require.Nil(t, a.DPC, "nobody said whether these are patients or staff")
	require.Equal(t, []string{"people.categories"}, a.Missing)
	require.Equal(t, []float64{1, 3}, a.Cells[0].Range)
}

// The grid of how easily people are found.
func TestEnisaIdentification(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		data string
		ei   float64
	}{
		"a name with an address":          {`"classes":["name","email"]`, 1},
		"a name with a birth date":        {`"classes":["name","birth_date"]`, 1},
		"a number with the name":          {`"classes":["name","national_id"]`, 1},
		"a name":                          {`"classes":["name"]`, 0.75},
		"an e-mail address":               {`"classes":["email"]`, 0.75},
		"a clear picture":                 {`"classes":["photo"]`, 0.75},
		"a picture with an address":       {`"classes":["photo","postal_address"]`, 1},
		"a phone number":                  {`"classes":["phone"]`, 0.5},
		"a number tied to other data":     {`"classes":["national_id","transactions"]`, 0.75},
		"a number alone":                  {`"classes":["national_id"]`, 0.25},
		"a code without its table":        {`"classes":["account_id"]`, 0.25},
		"all of it, with a safe key":      {`"classes":["name","email"],"encrypted":true`, 0.25},
		"all of it, and the key is out":   {`"classes":["name","email"],"encrypted":true,"key_compromised":true`, 1},
		"strong hashes beside pseudonyms": {`"classes":["account_id","password"],"hashed":"strong"`, 0.25},
	} {
		a := enisaCase(t, `{"data":{`+c.data+`}}`)
		require.NotNil(t, a.EI, name)
		require.Equal(t, c.ei, *a.EI, "%s: %v", name, a.Why)
	}
}

// The circumstances, each step of each of them.
func TestEnisaCircumstances(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		facts string
		cell  int // of breach.SeverityCellNames
		value float64
	}{
		"nobody is known to have it":    {`{"exposure":{"recipients":"none"}}`, 2, 0},
		"an encrypted stick was lost":   {`{"data":{"encrypted":true},"exposure":{"recipients":"unknown"}}`, 2, 0},
		"the wrong colleague":           {`{"exposure":{"recipients":"known"}}`, 2, 0.25},
		"a trusted partner":             {`{"exposure":{"recipients":"known_trusted"}}`, 2, 0.25},
		"the open web":                  {`{"exposure":{"recipients":"unknown"}}`, 2, 0.5},
		"confidentiality was not hit":   {`{"incident":{"nature":["availability"]},"exposure":{"recipients":"unknown"}}`, 2, 0},
		"altered, original at hand":     {`{"incident":{"nature":["integrity"]},"availability":{"restored_after_hours":0.5}}`, 3, 0},
		"altered, can be recovered":     {`{"incident":{"nature":["integrity"]}}`, 3, 0.25},
		"altered for good":              {`{"incident":{"nature":["integrity"]},"availability":{"backup":false,"restored_after_hours":null},"severity_overrides":[]}`, 3, 0.5},
		"another copy at hand":          {`{"incident":{"nature":["availability"]},"availability":{"restored_after_hours":0.5}}`, 4, 0},
		"restored with some processing": {`{"incident":{"nature":["availability"]}}`, 4, 0.25},
		"rebuilt from what people gave": {`{"incident":{"nature":["availability"]},"availability":{"backup":false,"restored_after_hours":120}}`, 4, 0.25},
		"stolen":                        {`{"incident":{"malicious":true}}`, 5, 0.5},
		"lost":                          {`{"incident":{"malicious":false}}`, 5, 0},
	} {
		a := enisaCase(t, c.facts)
		cell := a.Cells[c.cell]
		if name == "altered for good" { // whether it comes back is not known, so that the worst drives
			require.Equal(t, []float64{0.25, c.value}, cell.Range, name)
			continue
		}
		require.NotNil(t, cell.Value, "%s: %v", name, cell)
		require.Equal(t, c.value, *cell.Value, "%s: %v", name, cell.Why)
	}
}
