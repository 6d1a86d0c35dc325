package breach

import "time"

// Facts is what is known of an incident, in the shape of the fact file. A nil pointer, nil map or nil
// slice means unknown, never "no" or zero; an empty slice is known to be empty. Times are instants
// (RFC 3339 with a zone in files).
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
	Determinations []Determination `json:"determinations,omitempty"`
}

// IncidentFacts says what happened and when it was noticed, confirmed and handled.
type IncidentFacts struct {
	Title        *string  `json:"title,omitempty"`
	Nature       []string `json:"nature,omitempty"` // confidentiality, integrity, availability
	Cause        *string  `json:"cause,omitempty"`  // hacking, malware, social, misuse, error, physical, environmental
	Malicious    *bool    `json:"malicious,omitempty"`
	PossibleOnly *bool    `json:"possible_only,omitempty"`

	OccurredFrom *time.Time `json:"occurred_from,omitempty"`
	OccurredTo   *time.Time `json:"occurred_to,omitempty"`
	DetectedAt   *time.Time `json:"detected_at,omitempty"`
	AwareAt      *time.Time `json:"aware_at,omitempty"`
	DeterminedAt *time.Time `json:"determined_at,omitempty"`
	AssessedAt   *time.Time `json:"assessed_at,omitempty"`
	ClassifiedAt *time.Time `json:"classified_at,omitempty"`
	MaterialAt   *time.Time `json:"material_at,omitempty"`
	HandledAt    *time.Time `json:"handled_at,omitempty"`

	IndividualsNotifiedAt *time.Time           `json:"individuals_notified_at,omitempty"`
	Classification        map[string]string    `json:"classification,omitempty"`
	FiledAt               map[string]time.Time `json:"filed_at,omitempty"`     // obligation id -> instant
	RequestedAt           map[string]time.Time `json:"requested_at,omitempty"` // obligation id -> instant
}

// Organisation is the data controller (or processor) that must tell people.
type Organisation struct {
	Name       *string    `json:"name,omitempty"`
	Country    *string    `json:"country,omitempty"` // ISO 3166-1 alpha-2
	Regions    []string   `json:"regions,omitempty"` // ISO 3166-2
	Sectors    []string   `json:"sectors,omitempty"`
	Roles      []string   `json:"roles,omitempty"` // controller, processor
	Attributes Attributes `json:"attributes"`
}

// Attributes are properties of the organisation that single regimes ask for.
type Attributes struct {
	CriticalInfrastructure *bool   `json:"critical_infrastructure,omitempty"`
	NIS2Entity             *string `json:"nis2_entity,omitempty"` // none, important, essential
	DORAEntity             *bool   `json:"dora_entity,omitempty"`
	ListedUS               *bool   `json:"listed_us,omitempty"`
	HIPAA                  *string `json:"hipaa,omitempty"` // none, covered_entity, business_associate
	GLBA                   *bool   `json:"glba,omitempty"`
	SmallAgentBR           *bool   `json:"small_agent_br,omitempty"`
}

// PeopleFacts counts the people concerned. ByCountry is complete when its values add up to Total;
// otherwise what is not listed is unknown.
type PeopleFacts struct {
	Total      *int64           `json:"total,omitempty"`
	ByCountry  map[string]int64 `json:"by_country,omitempty"`
	ByRegion   map[string]int64 `json:"by_region,omitempty"`
	Minors     *int64           `json:"minors,omitempty"`
	Vulnerable *bool            `json:"vulnerable,omitempty"`
	Categories []string         `json:"categories,omitempty"`
}

// DataFacts names the kinds of personal data and how readable they are.
type DataFacts struct {
	Classes        []string `json:"classes,omitempty"`
	Encrypted      *bool    `json:"encrypted,omitempty"`
	KeyCompromised *bool    `json:"key_compromised,omitempty"`
	Hashed         *string  `json:"hashed,omitempty"` // none, weak, strong
	PublicBefore   *bool    `json:"public_before,omitempty"`
	Volume         *string  `json:"volume,omitempty"` // single, some, profile
}

// Exposure says who may have the data now.
type Exposure struct {
	Recipients        *string `json:"recipients,omitempty"`  // none, known_trusted, known, unknown
	Exfiltrated       *string `json:"exfiltrated,omitempty"` // yes, no, unknown
	MisuseSeen        *bool   `json:"misuse_seen,omitempty"`
	DeletionConfirmed *bool   `json:"deletion_confirmed,omitempty"`
}

// Availability describes loss of access to the data.
type Availability struct {
	Backup             *bool    `json:"backup,omitempty"`
	RestoredAfterHours *float64 `json:"restored_after_hours,omitempty"`
	ServiceImpact      *string  `json:"service_impact,omitempty"` // none, limited, serious
}

// Impact holds measured harm. DirectLoss maps an ISO 4217 currency to an amount.
type Impact struct {
	DirectLoss             map[string]float64 `json:"direct_loss,omitempty"`
	OutageHours            *float64           `json:"outage_hours,omitempty"`
	HarmEffectivelyAvoided *bool              `json:"harm_effectively_avoided,omitempty"`
}

// ContactFacts is what is known of how people can be reached.
type ContactFacts struct {
	Missing       *int64                        `json:"missing,omitempty"`
	CostPerPerson map[string]map[string]float64 `json:"cost_per_person,omitempty"` // channel -> currency -> amount
}

// LawEnforcement records requests to wait.
type LawEnforcement struct {
	DelayRequested *bool `json:"delay_requested,omitempty"`
}

// Determination is a person's answer to a question that no fact settles, with the reason.
type Determination struct {
	Question string     `json:"question"`
	Answer   bool       `json:"answer"`
	Reason   string     `json:"reason"`
	By       string     `json:"by"`
	At       *time.Time `json:"at,omitempty"`
}
