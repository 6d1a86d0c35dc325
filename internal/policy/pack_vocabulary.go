package policy

import "github.com/tocsin-engine/tocsin/internal/breach"

// The closed vocabularies of rule packs.

// packDuties maps an addressee to the kind of duty that it gets.
var packDuties = map[string]string{
	"authority": "notify_authority", "individuals": "notify_individuals", "media": "notify_media",
	"public": "public_notice", "other": "notify_other",
}

var packKinds = []string{"law", "department_rule", "directive", "direction", "standard", "guidance", "contract",
	"self_imposed_promise", "pending_law", "template"}

const (
	bindingLaw   = "law"
	bindingHouse = "house_policy"
)

// PackStarts maps the clock starts of packs to the facts that hold them.
var PackStarts = map[string]string{
	"awareness": "incident.aware_at", "detection": "incident.detected_at", "discovery": "incident.detected_at",
	"noticing": "incident.detected_at", "determination": "incident.determined_at",
	"classification": "incident.classified_at", "assessment_completed": "incident.assessed_at",
	"materiality": "incident.material_at", "handling_completed": "incident.handled_at",
	"individual_notice_sent": "incident.individuals_notified_at",
	startPrior:               "incident.filed_at", startRequest: "incident.requested_at", startEvent: "incident.event_at",
}

const (
	startPrior   = "prior_phase_submitted"
	startRequest = "request_received"
	startEvent   = "own_event"
)

// PackContents are the fields of notices and reports, with their meaning.
var PackContents = map[string]string{
	"controller_id":            "name and contact details of the organisation",
	"contact_point":            "who answers questions",
	"dpo":                      "the data protection officer",
	"reporter_id":              "the person who files the report",
	"processor_id":             "processors and third parties involved",
	"summary":                  "what happened, in general terms",
	"nature":                   "the kind of breach and its circumstances",
	"cause":                    "cause or suspected cause",
	"occurred_at":              "when it happened",
	"detected_at":              "when and how it was noticed",
	"place":                    "where it happened",
	"systems":                  "affected systems",
	"data_categories":          "kinds of personal data",
	"record_count":             "number of records",
	"subject_categories":       "kinds of people",
	"subject_count":            "number of people",
	"subject_count_local":      "number of people in the jurisdiction",
	"subject_count_vulnerable": "number of children and elderly people",
	"total_subjects_processed": "all people whose data are processed there",
	"consequences":             "likely consequences",
	"risk_reasoning":           "why the risk was judged as it was",
	"measures_taken":           "what was done",
	"measures_planned":         "what will be done",
	"prior_safeguards":         "safeguards that were in place",
	"recurrence_prevention":    "steps against repetition",
	"individual_steps":         "what people can do themselves",
	"remedies_offered":         "help and compensation that is offered",
	"legal_rights":             "rights to complain and to damages",
	"notify_status":            "whether and how people are told",
	"notice_copy":              "the text that people get",
	"delay_reason":             "why it is late",
	"law_enforcement":          "police involvement",
	"other_authorities":        "other authorities that were told",
	"cross_border":             "countries affected",
	"attacker_leads":           "leads to the attacker and the weakness used",
	"ransom":                   "ransom: sum, means, date",
	"trend":                    "how it may develop",
	"assistance":               "help that is asked for",
	"evidence_preservation":    "how the scene and evidence are kept",
	"severity_level":           "grade under the scheme",
	"financial_impact":         "losses",
	"secondary_damage":         "follow-on damage",
	"publicity":                "what was published",
	"cra_contacts":             "credit bureaus",
	"agency_contacts":          "public agencies that help against identity theft",
	"notice_date":              "date of the notice",
	"follow_up_promise":        "that another notice follows",
	"accountability":           "who was held responsible",
	"lessons":                  "lessons learned",
	"suspected_malicious":      "whether it was probably unlawful or malicious",
	"police_report":            "copy of the police report",
	"forensic_report":          "forensic report",
	"policies":                 "breach policies in place",
	"wisp_status":              "written security programme",
	"police_report_right":      "the right to a police report",
	"security_freeze_how_to":   "how to freeze credit",
	"freeze_is_free":           "that a freeze is free",
	"parent_company_name":      "name of the parent company",
}

// usStates are the states, the District of Columbia and the territories of the United States, by ISO 3166-2.
var usStates = []string{"US-AL", "US-AK", "US-AZ", "US-AR", "US-CA", "US-CO", "US-CT", "US-DE", "US-FL", "US-GA", "US-HI",
	"US-ID", "US-IL", "US-IN", "US-IA", "US-KS", "US-KY", "US-LA", "US-ME", "US-MD", "US-MA", "US-MI", "US-MN", "US-MS",
	"US-MO", "US-MT", "US-NE", "US-NV", "US-NH", "US-NJ", "US-NM", "US-NY", "US-NC", "US-ND", "US-OH", "US-OK", "US-OR",
	"US-PA", "US-RI", "US-SC", "US-SD", "US-TN", "US-TX", "US-UT", "US-VT", "US-VA", "US-WA", "US-WV", "US-WI", "US-WY",
	"US-DC", "US-AS", "US-GU", "US-MP", "US-PR", "US-VI"}

// packGroups are the lists that conditions may use by name.
var packGroups = map[string][]string{
	"group.eea": breach.EEA,
	// the United States with the territories that have a country code of their own
	"group.us":        {"US", "AS", "GU", "MP", "PR", "UM", "VI"},
	"group.us_states": usStates,
	"group.special":   {"biometric", "genetic", "health", "sex_life", "religion", "politics", "ethnicity", "union", "criminal"},
	"group.financial": {"payment_card", "card_security_code", "bank_account", "transactions", "balance", "income",
		"insurance"},
	"group.identity_documents": {"national_id", "passport"},
	"group.credentials":        {"password", "security_answer"},
	"group.contact":            {"name", "email", "phone", "postal_address"},
	"group.pseudonyms":         {"account_id", "device_id", "password_hash"},
}
