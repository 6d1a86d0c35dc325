package breach

import "time"

// Facts is what is known of an incident, in the shape of the fact file. A nil pointer, nil map or nil
// slice means unknown, never "no" or zero; an empty slice is known to be empty (omitzero keeps the two
// apart in JSON, omitempty would not). Times are instants (RFC 3339 with a zone in files).
type Facts struct {
	Incident       IncidentFacts   `json:"incident"`
	Organisation   Organisation    `json:"organisation"`
	People         PeopleFacts     `json:"people"`
	Data           DataFacts       `json:"data"`
	Exposure       Exposure        `json:"exposure"`
	Availability   Availability    `json:"availability"`
	Impact         Impact          `json:"impact"`
	Contacts       ContactFacts    `json:"contacts"`
	LawEnforcement LawEnforcement  `json:"law_enforcement"`
	Determinations []Determination `json:"determinations,omitzero"`
	// Numbers are decisions of people about counts; List is what the product counted on the loaded lists.
	Numbers []NumberDecision `json:"numbers,omitzero"`
	List    *ListFacts       `json:"list,omitzero"`
	// SeverityOverrides set cells of the severity score by hand; a later one of a cell replaces an earlier one.
	SeverityOverrides []SeverityOverride `json:"severity_overrides,omitzero"`
	// Incomplete names lists (OpenLists) of which only a part is known: what they do not hold is unknown
	// then, instead of absent.
	Incomplete []string `json:"incomplete,omitzero"`
}

// IncidentFacts says what happened and when it was noticed, confirmed and handled.
type IncidentFacts struct {
	Title        *string  `json:"title,omitzero"`
	Nature       []string `json:"nature,omitzero"` // confidentiality, integrity, availability
	Cause        *string  `json:"cause,omitzero"`  // hacking, malware, social, misuse, error, physical, environmental
	Malicious    *bool    `json:"malicious,omitzero"`
	PossibleOnly *bool    `json:"possible_only,omitzero"`

	OccurredFrom *time.Time `json:"occurred_from,omitzero"`
	OccurredTo   *time.Time `json:"occurred_to,omitzero"`
	DetectedAt   *time.Time `json:"detected_at,omitzero"`
	AwareAt      *time.Time `json:"aware_at,omitzero"`
	DeterminedAt *time.Time `json:"determined_at,omitzero"`
	AssessedAt   *time.Time `json:"assessed_at,omitzero"`
	ClassifiedAt *time.Time `json:"classified_at,omitzero"`
	MaterialAt   *time.Time `json:"material_at,omitzero"`
	HandledAt    *time.Time `json:"handled_at,omitzero"`

	IndividualsNotifiedAt *time.Time           `json:"individuals_notified_at,omitzero"`
	Classification        map[string]string    `json:"classification,omitzero"`
	FiledAt               map[string]time.Time `json:"filed_at,omitzero"`     // obligation id -> instant
	RequestedAt           map[string]time.Time `json:"requested_at,omitzero"` // obligation id -> instant
	// EventAt is when the event happened that starts an obligation and has no fact of its own (a payment, a
	// missing figure that became known), by obligation id.
	EventAt map[string]time.Time `json:"event_at,omitzero"`
}

// Organisation is the data controller (or processor) that must tell people.
type Organisation struct {
	Name       *string    `json:"name,omitzero"`
	Country    *string    `json:"country,omitzero"` // ISO 3166-1 alpha-2
	Regions    []string   `json:"regions,omitzero"` // ISO 3166-2
	Sectors    []string   `json:"sectors,omitzero"`
	Roles      []string   `json:"roles,omitzero"` // controller, processor
	Attributes Attributes `json:"attributes"`
}

// Attributes are properties of the organisation that single regimes ask for.
type Attributes struct {
	CriticalInfrastructure *bool   `json:"critical_infrastructure,omitzero"`
	NIS2Entity             *string `json:"nis2_entity,omitzero"` // none, important, essential
	DORAEntity             *bool   `json:"dora_entity,omitzero"`
	ListedUS               *bool   `json:"listed_us,omitzero"`
	HIPAA                  *string `json:"hipaa,omitzero"` // none, covered_entity, business_associate
	GLBA                   *bool   `json:"glba,omitzero"`
	SmallAgentBR           *bool   `json:"small_agent_br,omitzero"`
}

// PeopleFacts counts the people concerned. ByCountry is complete when its values add up to Total;
// otherwise what is not listed is unknown.
type PeopleFacts struct {
	Total      *int64           `json:"total,omitzero"`
	ByCountry  map[string]int64 `json:"by_country,omitzero"`
	ByRegion   map[string]int64 `json:"by_region,omitzero"`
	Minors     *int64           `json:"minors,omitzero"`
	Vulnerable *bool            `json:"vulnerable,omitzero"`
	Categories []string         `json:"categories,omitzero"`
}

// DataFacts names the kinds of personal data and how readable they are.
type DataFacts struct {
	Classes        []string `json:"classes,omitzero"`
	Encrypted      *bool    `json:"encrypted,omitzero"`
	KeyCompromised *bool    `json:"key_compromised,omitzero"`
	Hashed         *string  `json:"hashed,omitzero"` // none, weak, strong
	PublicBefore   *bool    `json:"public_before,omitzero"`
	Volume         *string  `json:"volume,omitzero"` // single, some, profile
}

// Exposure says who may have the data now.
type Exposure struct {
	Recipients        *string `json:"recipients,omitzero"`  // none, known_trusted, known, unknown
	Exfiltrated       *string `json:"exfiltrated,omitzero"` // yes, no, unknown
	MisuseSeen        *bool   `json:"misuse_seen,omitzero"`
	DeletionConfirmed *bool   `json:"deletion_confirmed,omitzero"`
}

// Availability describes loss of access to the data.
type Availability struct {
	Backup             *bool    `json:"backup,omitzero"`
	RestoredAfterHours *float64 `json:"restored_after_hours,omitzero"`
	ServiceImpact      *string  `json:"service_impact,omitzero"` // none, limited, serious
}

// Impact holds measured harm. DirectLoss maps an ISO 4217 currency to an amount.
type Impact struct {
	DirectLoss             map[string]float64 `json:"direct_loss,omitzero"`
	OutageHours            *float64           `json:"outage_hours,omitzero"`
	HarmEffectivelyAvoided *bool              `json:"harm_effectively_avoided,omitzero"`
}

// ContactFacts is what is known of how people can be reached.
type ContactFacts struct {
	Missing       *int64                        `json:"missing,omitzero"`
	CostPerPerson map[string]map[string]float64 `json:"cost_per_person,omitzero"` // channel -> currency -> amount
}

// LawEnforcement records requests to wait.
type LawEnforcement struct {
	DelayRequested *bool `json:"delay_requested,omitzero"`
}

// Determination is a person's answer to a question that no fact settles, with the reason.
type Determination struct {
	Question string     `json:"question"`
	Answer   bool       `json:"answer"`
	Reason   string     `json:"reason"`
	By       string     `json:"by"`
	At       *time.Time `json:"at,omitzero"`
}

// SeverityOverride is a person's value for one cell of the severity score, with the reason. What the facts
// give is kept and shown beside it.
type SeverityOverride struct {
	Cell   string     `json:"cell"`  // a key of SeverityCells
	Value  float64    `json:"value"` // in points, one of those that the cell can have
	Reason string     `json:"reason"`
	By     string     `json:"by"`
	At     *time.Time `json:"at,omitzero"`
}
