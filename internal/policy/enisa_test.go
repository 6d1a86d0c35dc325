package policy

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// The arithmetic: DPC in points, the rest in quarters.
func TestEnisaArithmetic(t *testing.T) {
	t.Parallel()
	for name, v := range map[string]struct {
		dpc, ei, conf, integ, avail, mal, se int
		level                                string
	}{
		"hospital ransomware": {4, 3, 0, 0, 1, 2, 15, "high"}, "salary mail": {3, 4, 1, 0, 0, 0, 13, "high"},
		"encrypted laptop": {1, 1, 0, 0, 0, 0, 1, "low"}, "newsletter in CC": {1, 4, 1, 0, 0, 0, 5, "low"},
		"maximum": {4, 4, 2, 2, 2, 2, 24, "very high"}, "below 2": {1, 4, 2, 1, 0, 0, 7, "low"},
		"exactly 2": {2, 4, 0, 0, 0, 0, 8, "medium"}, "below 3": {2, 4, 2, 1, 0, 0, 11, "medium"},
		"exactly 3": {3, 4, 0, 0, 0, 0, 12, "high"}, "below 4": {3, 4, 2, 1, 0, 0, 15, "high"},
		"exactly 4": {4, 4, 0, 0, 0, 0, 16, "very high"}, "finance table": {3, 3, 2, 0, 0, 2, 13, "high"},
		"viewing logs": {2, 3, 2, 0, 0, 0, 8, "medium"}, "pseudonymous health file": {4, 2, 2, 0, 0, 2, 12, "high"},
		"contact list posted": {1, 4, 2, 0, 0, 2, 8, "medium"}, "coded health data sold": {4, 1, 2, 0, 0, 2, 8, "medium"},
		"account numbers": {3, 2, 1, 0, 0, 0, 7, "low"}, "logs wiped and stolen": {2, 1, 2, 0, 2, 2, 8, "medium"},
		"mixed health incident": {4, 3, 1, 1, 1, 2, 17, "very high"},
	} {
		cell := func(v int) enisaCell { return enisaCell{low: v, high: v, why: "x"} }
		s := sumEnisa([]enisaCell{cell(v.dpc), cell(v.ei), cell(v.conf), cell(v.integ), cell(v.avail), cell(v.mal)})
		a := s.assessment()
		require.NotNil(t, a.Score, name)
		require.Equal(t, float64(v.se)/4, *a.Score, name)
		require.Equal(t, v.level, a.Level, name)
		require.Empty(t, a.Range, name)
		require.Equal(t, float64(v.conf+v.integ+v.avail+v.mal)/4, *a.CB, name)
	}
}

// What is usual unless a case says otherwise: everything that a point score needs is known.
const enisaCommon = `
incident: {nature: [confidentiality], malicious: false}
people: {total: 50, minors: 0, vulnerable: false}
data: {encrypted: false, key_compromised: false, hashed: none, public_before: false, volume: some}
exposure: {recipients: none}
availability: {backup: true, restored_after_hours: 24}
`

func enisaCase(t testing.TB, patch string) breach.Assessment {
	t.Helper()
	f, err := breach.MergeFacts(testFacts(t, enisaCommon), []byte(patch))
	require.NoError(t, err)
	return assessEnisa(&f).assessment()
}

func TestEnisaWorkedExamples(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		facts string
		dpc   int
		ei    float64
		score float64
		level string
	}{
		"W1 hospital ransomware, backup within a day": {`{"incident":{"nature":["availability"],"malicious":true},"people":{"total":5000},"data":{"classes":["name","health"]}}`, 4, 0.75, 3.75, "high"},
		"W2 salary mail to one wrong colleague":       {`{"data":{"classes":["name","income"]},"exposure":{"recipients":"known"}}`, 3, 1, 3.25, "high"},
		"W3 lost encrypted laptop with contacts":      {`{"data":{"classes":["name","email","phone"],"encrypted":true}}`, 1, 0.25, 0.25, "low"},
		"V01 newsletter in CC":                        {`{"data":{"classes":["name","email"]},"exposure":{"recipients":"known"}}`, 1, 1, 1.25, "low"},
		"V08 stolen finance table":                    {`{"incident":{"malicious":true},"data":{"classes":["name","balance"]},"exposure":{"recipients":"unknown"}}`, 3, 0.75, 3.25, "high"},
		"V09 viewing logs in an open bucket":          {`{"data":{"classes":["account_id","browsing"]},"exposure":{"recipients":"unknown"}}`, 2, 0.75, 2, "medium"},
		"V10 pseudonymous health file stolen":         {`{"incident":{"malicious":true},"data":{"classes":["health","location"]},"exposure":{"recipients":"unknown"}}`, 4, 0.5, 3, "high"},
		"V12 coded health data sold":                  {`{"incident":{"malicious":true},"data":{"classes":["health"]},"exposure":{"recipients":"unknown"}}`, 4, 0.25, 2, "medium"},
		"V16 mixed health incident":                   {`{"incident":{"nature":["confidentiality","integrity","availability"],"malicious":true},"data":{"classes":["name","health"]},"exposure":{"recipients":"known"}}`, 4, 0.75, 4.25, "very high"},
		"V11 contact list posted":                     {`{"incident":{"malicious":true},"data":{"classes":["name","email","phone"]},"exposure":{"recipients":"unknown"}}`, 1, 1, 2, "medium"},
	} {
		a := enisaCase(t, c.facts)
		require.NotNil(t, a.Score, "%s: %v", name, a.Missing)
		require.Equal(t, c.dpc, *a.DPC, "%s: %v", name, a.Why)
		require.Equal(t, c.ei, *a.EI, "%s: %v", name, a.Why)
		require.Equal(t, c.score, *a.Score, "%s: %v", name, a.Why)
		require.Equal(t, c.level, a.Level, name)
		require.Len(t, a.Why, 6, "a reason for every cell")
	}
}

// The cells of DPC that facts can tell apart.
func TestEnisaKindOfData(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		data string
		dpc  int
	}{
		"a supermarket's customers":      {`"classes":["name","phone"]`, 1},
		"a profile of everyday data":     {`"classes":["name","phone"],"volume":"profile"`, 2},
		"login for a music shop":         {`"classes":["account_id","password"]`, 1},
		"login behind which money lies":  {`"classes":["account_id","password","balance","transactions"],"volume":"profile"`, 4},
		"one incoming call":              {`"classes":["communications"],"volume":"single"`, 1},
		"a week of calls":                {`"classes":["communications"]`, 2},
		"a year of calls":                {`"classes":["communications"],"volume":"profile"`, 3},
		"a month of purchases":           {`"classes":["preferences"]`, 2},
		"a year of places":               {`"classes":["location"],"volume":"profile"`, 3},
		"a bare account number":          {`"classes":["bank_account"]`, 2},
		"a day of transactions":          {`"classes":["transactions"],"volume":"single"`, 2},
		"a month of balances":            {`"classes":["balance"]`, 3},
		"a year of statements":           {`"classes":["transactions","balance"],"volume":"profile"`, 4},
		"a card that can be used to pay": {`"classes":["payment_card","card_security_code"]`, 4},
		"part of a card":                 {`"classes":["payment_card"]`, 3},
		"a test result":                  {`"classes":["health"]`, 4},
		"political opinions":             {`"classes":["politics"]`, 4},
		"a politician's public opinions": {`"classes":["politics"],"public_before":true`, 1},
		"the highest of several":         {`"classes":["name","location","income"]`, 3},
		"no personal data":               {`"classes":[]`, 1},
	} {
		a := enisaCase(t, `{"data":{`+c.data+`}}`)
		require.NotNil(t, a.DPC, name)
		require.Equal(t, c.dpc, *a.DPC, "%s: %v", name, a.Why)
	}
	a := enisaCase(t, `{"people":{"vulnerable":true},"data":{"classes":["name"]}}`)
	require.Equal(t, 4, *a.DPC, "a list of people who must not be found")
	a = enisaCase(t, `{"people":{"minors":3},"data":{"classes":["name"]}}`)
	require.Equal(t, 2, *a.DPC)
}

func TestEnisaUnknownIsAnInterval(t *testing.T) {
	t.Parallel()
	a := enisaCase(t, `{"data":{"classes":null}}`)
	require.Nil(t, a.Score)
	require.Nil(t, a.DPC)
	require.Nil(t, a.EI)
	require.Equal(t, []float64{0.25, 4}, a.Range)
	require.Equal(t, "very high", a.Level, "the upper end drives")
	require.Equal(t, []string{"data.classes"}, a.Missing)

	a = enisaCase(t, `{"data":{"classes":["name","income"]},"exposure":{"recipients":null}}`)
	require.Equal(t, []float64{3, 3.5}, a.Range)
	require.Equal(t, 3, *a.DPC, "what is known stays exact")
	require.Nil(t, a.CB)
	require.Equal(t, []string{"exposure.recipients"}, a.Missing)

	a = enisaCase(t, `{"data":{"classes":["name"],"key_compromised":null}}`)
	require.NotNil(t, a.Score, "without encryption the key makes no difference")
	a = enisaCase(t, `{"data":{"classes":["name"],"encrypted":true,"key_compromised":null},"exposure":{"recipients":"unknown"}}`)
	require.Equal(t, []string{"data.key_compromised"}, a.Missing)
	require.NotContains(t, a.Flags, FlagUnintelligible)

	a = assessEnisa(&breach.Facts{}).assessment()
	require.Equal(t, []float64{0.25, 6}, a.Range, "nothing known is the whole scale")
}

func TestEnisaFlags(t *testing.T) {
	t.Parallel()
	require.Empty(t, enisaCase(t, `{"people":{"total":100},"data":{"classes":["name"]}}`).Flags)
	require.Equal(t, []string{FlagCount}, enisaCase(t, `{"people":{"total":101},"data":{"classes":["name"]}}`).Flags)
	require.Equal(t, []string{FlagUnintelligible}, enisaCase(t, `{"data":{"classes":["name"],"encrypted":true}}`).Flags)
	require.Equal(t, []string{FlagUnintelligible}, enisaCase(t, `{"data":{"classes":["password_hash"],"hashed":"strong"}}`).Flags)
	require.Empty(t, enisaCase(t, `{"data":{"classes":["name","password_hash"],"hashed":"strong"}}`).Flags)
}

// enisaKnown draws facts that give a point.
func enisaKnown(t *rapid.T) breach.Facts {
	var f breach.Facts
	word := func(name string, all []string) *string { v := rapid.SampledFrom(all).Draw(t, name); return &v }
	yes := func(name string) *bool { v := rapid.Bool().Draw(t, name); return &v }
	f.Data.Classes = rapid.SliceOfNDistinct(rapid.SampledFrom(breach.DataClasses), 0, 6, rapid.ID).Draw(t, "classes")
	f.Incident.Nature = rapid.SliceOfDistinct(rapid.SampledFrom(breach.Natures), rapid.ID).Draw(t, "nature")
	f.Incident.Malicious, f.People.Vulnerable, f.Data.PublicBefore = yes("malicious"), yes("vulnerable"), yes("public")
	f.Data.Encrypted, f.Data.KeyCompromised, f.Availability.Backup = yes("encrypted"), yes("key"), yes("backup")
	f.Data.Volume, f.Data.Hashed = word("volume", breach.Volumes), word("hashed", breach.HashStrengths)
	f.Exposure.Recipients = word("recipients", breach.Recipients)
	minors := rapid.Int64Range(0, 2).Draw(t, "minors")
	f.People.Minors = &minors
	hours := rapid.SampledFrom([]float64{0, 0.5, 1, 24, 200}).Draw(t, "restored")
	f.Availability.RestoredAfterHours = &hours
	return f
}

// forget makes some facts of the score unknown.
func enisaForget(t *rapid.T, f breach.Facts) breach.Facts {
	for name, clear := range map[string]func(){
		"classes": func() { f.Data.Classes = nil }, "nature": func() { f.Incident.Nature = nil }, "malicious": func() { f.Incident.Malicious = nil },
		"vulnerable": func() { f.People.Vulnerable = nil }, "public": func() { f.Data.PublicBefore = nil }, "encrypted": func() { f.Data.Encrypted = nil },
		"key": func() { f.Data.KeyCompromised = nil }, "backup": func() { f.Availability.Backup = nil }, "volume": func() { f.Data.Volume = nil },
		"hashed": func() { f.Data.Hashed = nil }, "recipients": func() { f.Exposure.Recipients = nil }, "minors": func() { f.People.Minors = nil },
		"restored": func() { f.Availability.RestoredAfterHours = nil },
	} {
		if rapid.Bool().Draw(t, "forget "+name) {
			clear()
		}
	}
	return f
}

func TestEnisaScale(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := enisaKnown(t)
		s := assessEnisa(&f)
		require.Equal(t, s.low, s.high, "everything is known")
		require.GreaterOrEqual(t, s.low, 1)
		require.LessOrEqual(t, s.high, 24)
		require.Empty(t, s.missing())
		a := s.assessment()
		require.Equal(t, *a.Score, float64(*a.DPC)**a.EI+*a.CB)
	})
}

// Knowing less never gives a narrower interval: the unknown contains the known, step by step.
func TestEnisaUnknownContainsKnown(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := enisaKnown(t)
		less := enisaForget(t, f)
		least := enisaForget(t, less)
		a, b, c := assessEnisa(&f), assessEnisa(&less), assessEnisa(&least)
		require.True(t, b.low <= a.low && a.high <= b.high, "%+v in %+v", a, b)
		require.True(t, c.low <= b.low && b.high <= c.high, "%+v in %+v", b, c)
		require.Equal(t, b.low < b.high, len(b.missing()) > 0, "an interval names what is missing, a point misses nothing")
	})
}

// Making it worse in one respect never lowers the score.
func TestEnisaMoreExposureNeverLowers(t *testing.T) {
	t.Parallel()
	up := func(all []string, v *string) *string {
		i := min(slices.Index(all, *v)+1, len(all)-1)
		return &all[i]
	}
	truth, lie := true, false
	rapid.Check(t, func(t *rapid.T) {
		f := enisaKnown(t)
		g := f
		switch rapid.IntRange(0, 12).Draw(t, "worse") {
		case 0:
			g.Data.Classes = append(slices.Clone(f.Data.Classes), rapid.SampledFrom(breach.DataClasses).Draw(t, "class"))
			slices.Sort(g.Data.Classes)
			g.Data.Classes = slices.Compact(g.Data.Classes)
		case 1:
			g.Exposure.Recipients = up(breach.Recipients, f.Exposure.Recipients)
		case 2:
			g.Data.Volume = up(breach.Volumes, f.Data.Volume)
		case 3:
			g.Incident.Malicious = &truth
		case 4:
			g.People.Vulnerable = &truth
		case 5:
			g.Data.PublicBefore = &lie
		case 6:
			g.Data.Encrypted = &lie
		case 7:
			g.Data.KeyCompromised = &truth
		case 8:
			g.Data.Hashed = up([]string{"strong", "weak", "none"}, f.Data.Hashed)
		case 9:
			g.Incident.Nature = breach.Natures
		case 10:
			g.Availability.Backup = &lie
		case 11:
			n := *f.People.Minors + 1
			g.People.Minors = &n
		case 12:
			h := *f.Availability.RestoredAfterHours + 1
			g.Availability.RestoredAfterHours = &h
		}
		a, b := assessEnisa(&f), assessEnisa(&g)
		require.GreaterOrEqual(t, b.low, a.low, "%v\nthen %v", a.assessment().Why, b.assessment().Why)
	})
}
