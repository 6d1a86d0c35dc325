package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// packFact declares one fact for conditions: its type, and its value or nil when it is unknown. Free text
// (titles, names, reasons) is not declared: rules have no business with it and reasons repeat values.
type packFact struct {
	name string
	typ  *cel.Type
	get  func(f *breach.Facts) any
}

// known returns the value behind a pointer, or nil: an unknown fact.
func known[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

// listed keeps nil (unknown) and empty (known to be empty) apart.
func listed(s []string) any {
	if s == nil {
		return nil
	}
	return s
}

func timed(name string, get func(i *breach.IncidentFacts) *time.Time) packFact {
	return packFact{name: name, typ: cel.TimestampType, get: func(f *breach.Facts) any { return known(get(&f.Incident)) }}
}

var listOfStrings = cel.ListType(cel.StringType)

// packFacts is everything that a condition can ask for, beside severity, policy.*, group.* and def.*.
var packFacts = []packFact{
	{"incident.nature", listOfStrings, func(f *breach.Facts) any { return openListed(f, "incident.nature", f.Incident.Nature) }},
	{"incident.cause", cel.StringType, func(f *breach.Facts) any { return known(f.Incident.Cause) }},
	{"incident.malicious", cel.BoolType, func(f *breach.Facts) any { return known(f.Incident.Malicious) }},
	{"incident.possible_only", cel.BoolType, func(f *breach.Facts) any { return known(f.Incident.PossibleOnly) }},
	timed("incident.occurred_from", func(i *breach.IncidentFacts) *time.Time { return i.OccurredFrom }),
	timed("incident.occurred_to", func(i *breach.IncidentFacts) *time.Time { return i.OccurredTo }),
	timed("incident.detected_at", func(i *breach.IncidentFacts) *time.Time { return i.DetectedAt }),
	timed("incident.aware_at", func(i *breach.IncidentFacts) *time.Time { return i.AwareAt }),
	timed("incident.determined_at", func(i *breach.IncidentFacts) *time.Time { return i.DeterminedAt }),
	timed("incident.assessed_at", func(i *breach.IncidentFacts) *time.Time { return i.AssessedAt }),
	timed("incident.classified_at", func(i *breach.IncidentFacts) *time.Time { return i.ClassifiedAt }),
	timed("incident.material_at", func(i *breach.IncidentFacts) *time.Time { return i.MaterialAt }),
	timed("incident.handled_at", func(i *breach.IncidentFacts) *time.Time { return i.HandledAt }),
	timed("incident.individuals_notified_at", func(i *breach.IncidentFacts) *time.Time { return i.IndividualsNotifiedAt }),
	{"organisation.country", cel.StringType, func(f *breach.Facts) any { return known(f.Organisation.Country) }},
	{"organisation.regions", listOfStrings, func(f *breach.Facts) any { return listed(f.Organisation.Regions) }},
	{"organisation.sectors", listOfStrings, func(f *breach.Facts) any { return listed(f.Organisation.Sectors) }},
	{"organisation.roles", listOfStrings, func(f *breach.Facts) any { return listed(f.Organisation.Roles) }},
	{"organisation.attributes.critical_infrastructure", cel.BoolType, func(f *breach.Facts) any { return known(f.Organisation.Attributes.CriticalInfrastructure) }},
	{"organisation.attributes.nis2_entity", cel.StringType, func(f *breach.Facts) any { return known(f.Organisation.Attributes.NIS2Entity) }},
	{"organisation.attributes.dora_entity", cel.BoolType, func(f *breach.Facts) any { return known(f.Organisation.Attributes.DORAEntity) }},
	{"organisation.attributes.listed_us", cel.BoolType, func(f *breach.Facts) any { return known(f.Organisation.Attributes.ListedUS) }},
	{"organisation.attributes.hipaa", cel.StringType, func(f *breach.Facts) any { return known(f.Organisation.Attributes.HIPAA) }},
	{"organisation.attributes.glba", cel.BoolType, func(f *breach.Facts) any { return known(f.Organisation.Attributes.GLBA) }},
	{"organisation.attributes.small_agent_br", cel.BoolType, func(f *breach.Facts) any { return known(f.Organisation.Attributes.SmallAgentBR) }},
	{"people.total", cel.IntType, func(f *breach.Facts) any { return known(f.People.Total) }},
	{"people.minors", cel.IntType, func(f *breach.Facts) any { return known(f.People.Minors) }},
	{"people.vulnerable", cel.BoolType, func(f *breach.Facts) any { return known(f.People.Vulnerable) }},
	{"people.categories", listOfStrings, func(f *breach.Facts) any { return listed(f.People.Categories) }},
	{"data.classes", listOfStrings, func(f *breach.Facts) any { return openListed(f, "data.classes", f.Data.Classes) }},
	{"data.encrypted", cel.BoolType, func(f *breach.Facts) any { return known(f.Data.Encrypted) }},
	{"data.key_compromised", cel.BoolType, func(f *breach.Facts) any { return known(f.Data.KeyCompromised) }},
	{"data.hashed", cel.StringType, func(f *breach.Facts) any { return known(f.Data.Hashed) }},
	{"data.public_before", cel.BoolType, func(f *breach.Facts) any { return known(f.Data.PublicBefore) }},
	{"data.volume", cel.StringType, func(f *breach.Facts) any { return known(f.Data.Volume) }},
	{"exposure.recipients", cel.StringType, func(f *breach.Facts) any { return known(f.Exposure.Recipients) }},
	{"exposure.exfiltrated", cel.StringType, func(f *breach.Facts) any { return yesOrNo(f.Exposure.Exfiltrated) }},
	{"exposure.misuse_seen", cel.BoolType, func(f *breach.Facts) any { return known(f.Exposure.MisuseSeen) }},
	{"exposure.deletion_confirmed", cel.BoolType, func(f *breach.Facts) any { return known(f.Exposure.DeletionConfirmed) }},
	{"availability.backup", cel.BoolType, func(f *breach.Facts) any { return known(f.Availability.Backup) }},
	{"availability.restored_after_hours", cel.DoubleType, func(f *breach.Facts) any { return known(f.Availability.RestoredAfterHours) }},
	{"availability.service_impact", cel.StringType, func(f *breach.Facts) any { return known(f.Availability.ServiceImpact) }},
	{"impact.outage_hours", cel.DoubleType, func(f *breach.Facts) any { return known(f.Impact.OutageHours) }},
	{"impact.harm_effectively_avoided", cel.BoolType, func(f *breach.Facts) any { return known(f.Impact.HarmEffectivelyAvoided) }},
	{"contacts.missing", cel.IntType, func(f *breach.Facts) any { return known(f.Contacts.Missing) }},
	{"law_enforcement.delay_requested", cel.BoolType, func(f *breach.Facts) any { return known(f.LawEnforcement.DelayRequested) }},
	// Tables are asked entry by entry, because some entries are known and others are not.
	{"people.by_country", tableType, func(f *breach.Facts) any { return countryTable(f.People) }},
	{"people.by_region", tableType, func(f *breach.Facts) any { return regionTable(f.People) }},
	{"contacts.cost_per_person", tableType, func(f *breach.Facts) any { return costTable(f.Contacts.CostPerPerson) }},
	{"impact.direct_loss", tableType, func(f *breach.Facts) any { return moneyTable(f.Impact.DirectLoss) }},
	{"incident.classification", tableType, func(f *breach.Facts) any { return labelTable(f.Incident.Classification) }},
}

// unknowns are the values of packFacts while they are unknown. They are never changed.
var unknowns = func() []*types.Unknown {
	out := make([]*types.Unknown, len(packFacts))
	for i, f := range packFacts {
		out[i] = unknownFact(f.name)
	}
	return out
}()

// intervalType is a number of which only the limits may be known: severity.at_least(3.0).
var intervalType = cel.OpaqueType("interval")

type interval struct {
	low, high float64
	missing   []string // facts that would narrow it
}

func (i *interval) atLeast(v float64) truth {
	switch {
	case i.low >= v:
		return truthYes
	case i.high < v:
		return truthNo
	}
	return truthUnknown
}

// value is the same for CEL's interpreter.
func (i *interval) value(v float64) ref.Val {
	if t := i.atLeast(v); t != truthUnknown {
		return types.Bool(t == truthYes)
	}
	return unknownFacts(i.missing)
}

// yesOrNo makes the stated "unknown" what it is: unknown.
func yesOrNo(s *string) any {
	if s == nil || *s == "unknown" {
		return nil
	}
	return *s
}

// unknownFacts is a value that is unknown because of several facts.
func unknownFacts(paths []string) *types.Unknown {
	var u *types.Unknown
	for n, path := range paths {
		u = types.MergeUnknowns(u, types.NewUnknown(int64(n), types.NewAttributeTrail(path)))
	}
	return u
}

// unknownFact is a value that nobody knows yet; its trail is the dotted path of the fact.
func unknownFact(path string) *types.Unknown {
	return types.NewUnknown(0, types.NewAttributeTrail(path))
}

// factNames maps every declared fact to its index, for reasons with values.
var factNames = func() map[string]int {
	m := make(map[string]int, len(packFacts))
	for i, f := range packFacts {
		m[f.name] = i
	}
	return m
}()

// text is a fact's value for a reason, or "" while it is unknown. Facts of this kind are counts, switches and
// words of closed vocabularies, never personal data.
func (v *factView) text(r factRef) string {
	i, ok := factNames[r.name]
	if !ok {
		return ""
	}
	if packFacts[i].typ == tableType {
		return v.value(i).Value().(*factTable).text(r)
	}
	if known := packFacts[i].get(v.facts); known != nil {
		return r.name + " = " + valueText(known)
	}
	return ""
}

func valueText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case openList:
		return "[" + strings.Join(append(slices.Clone(v.listed), "perhaps more"), ", ") + "]"
	case []string:
		return "[" + strings.Join(v, ", ") + "]"
	case time.Time:
		return v.UTC().Format(time.RFC3339)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

// unknownPaths are the paths behind an unknown.
func unknownPaths(u *types.Unknown) (paths []string) {
	for _, id := range u.IDs() {
		trails, _ := u.GetAttributeTrails(id)
		for _, t := range trails {
			paths = append(paths, t.Variable())
		}
	}
	return paths
}

// gaps are paths, sorted, each once. Many single countries are one gap: the table.
func gaps(paths []string) []string {
	out := slices.Clone(paths)
	slices.Sort(out)
	out = slices.Compact(out)
	for _, table := range []string{"people.by_country", "people.by_region"} {
		out = collapse(out, table)
	}
	return slices.Clip(out)
}

// collapse puts a table in the place of its entries where it stands there itself, or more than one of them does.
func collapse(sorted []string, table string) []string {
	at, whole := slices.BinarySearch(sorted, table)
	isEntry := func(p string) bool { return strings.HasPrefix(p, table+".") }
	entries := 0
	for _, p := range sorted[at:] {
		if isEntry(p) {
			entries++
		}
	}
	if entries == 0 || entries == 1 && !whole {
		return sorted
	}
	sorted = slices.DeleteFunc(sorted, isEntry)
	if !whole {
		sorted = slices.Insert(sorted, at, table)
	}
	return sorted
}
