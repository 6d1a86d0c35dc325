package intake

import "encoding/json"

// The part of VERIS that this package reads. Fields that it does not name are left alone.
type verisIncident struct {
	SchemaVersion    string                 `json:"schema_version"`
	IncidentID       string                 `json:"incident_id"`
	SecurityIncident string                 `json:"security_incident"`
	Action           map[string]verisAction `json:"action"`
	Actor            struct {
		External verisActor `json:"external"`
		Internal verisActor `json:"internal"`
		Partner  verisActor `json:"partner"`
	} `json:"actor"`
	Attribute *struct {
		Confidentiality *verisConfidentiality `json:"confidentiality"`
		Integrity       *struct{}             `json:"integrity"`
		Availability    *struct {
			Duration verisDuration `json:"duration"`
		} `json:"availability"`
	} `json:"attribute"`
	Timeline struct {
		Incident    verisDate     `json:"incident"`
		Discovery   verisDuration `json:"discovery"`
		Containment verisDuration `json:"containment"`
	} `json:"timeline"`
	Impact struct {
		OverallAmount *float64 `json:"overall_amount"`
	} `json:"impact"`
	Victim struct {
		VictimID string   `json:"victim_id"`
		Country  []string `json:"country"`
		State    string   `json:"state"`
		Industry string   `json:"industry"`
	} `json:"victim"`
	Plus json.RawMessage `json:"plus"` // whatever the coder liked
}

// verisPlus is what the VERIS Community Database keeps beside the standard.
type verisPlus struct {
	Timeline struct {
		Notification verisDate `json:"notification"`
	} `json:"timeline"`
	Attribute struct {
		Confidentiality struct {
			DataAbuse string `json:"data_abuse"`
		} `json:"confidentiality"`
	} `json:"attribute"`
}

type verisAction struct {
	Variety []string `json:"variety"`
	Result  []string `json:"result"`
}

type verisActor struct {
	Motive []string `json:"motive"`
}

type verisConfidentiality struct {
	DataDisclosure string `json:"data_disclosure"`
	Data           []struct {
		Variety string   `json:"variety"`
		Amount  *float64 `json:"amount"`
	} `json:"data"`
	DataTotal  *float64 `json:"data_total"`
	DataVictim []string `json:"data_victim"`
	State      []string `json:"state"`
}

type verisDuration struct {
	Unit  string   `json:"unit"`
	Value *float64 `json:"value"`
}

type verisDate struct {
	Year  int    `json:"year"`
	Month int    `json:"month"`
	Day   int    `json:"day"`
	Time  string `json:"time"`
}
