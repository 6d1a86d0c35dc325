package policy

// PackFormat is the only format of rule packs that this program reads.
const PackFormat = "tocsin-rules/1"

// Pack is one regime as data: when it binds, which duties it makes, by when they are due. It is written in
// the project's own words from the facts that it cites. Conditions are CEL over the typed facts of
// PackFacts, and three-valued: see PackTest.
type Pack struct {
	Format       string `yaml:"format"`
	ID           string `yaml:"id"`
	Name         string `yaml:"name"`
	Kind         string `yaml:"kind"` // law, department_rule, directive, standard, guidance, contract, self_imposed_promise, pending_law, template
	Authority    string `yaml:"authority"`
	Jurisdiction string `yaml:"jurisdiction"`
	TimeZone     string `yaml:"time_zone"` // IANA name; days end at its midnight
	// Calendar names the holiday calendar for business days, "weekends" by default.
	Calendar string      `yaml:"calendar,omitempty"`
	InForce  PackInForce `yaml:"in_force,omitempty"`
	Version  string      `yaml:"version"`
	// Binding is law or house_policy: what a deadline with a number of this pack is. Deadlines without a
	// legal number are always house_policy.
	Binding     string   `yaml:"binding"`
	Citation    string   `yaml:"citation"`
	Verified    bool     `yaml:"verified"`
	Unverified  []string `yaml:"unverified,omitempty"`
	LastChecked string   `yaml:"last_checked"` // 2006-01-02
	Source      []string `yaml:"source"`
	Language    string   `yaml:"language,omitempty"`
	Notes       []string `yaml:"notes,omitempty"`

	// Questions that no fact can answer, by short id; the full id is <pack id>/<short id>.
	Questions map[string]string `yaml:"questions,omitempty"`
	// Define names conditions for use in others as def.<name>; a definition may use earlier ones.
	Define []PackDefinition `yaml:"define,omitempty"`
	// Tests are three-valued tests that several conditions share, by name.
	Tests map[string]PackTest `yaml:"tests,omitempty"`

	Scope  PackTest    `yaml:"scope"`
	Duties []PackDuty  `yaml:"duties"`
	Others []PackOther `yaml:"others,omitempty"`
}

// PackInForce are the first and the last day on which a regime binds (2006-01-02, in the pack's time
// zone, both inclusive). Empty means open. Pending says in plain words why a regime has no first day yet: it
// is looked at and answers that it is not in force.
type PackInForce struct {
	From    string `yaml:"from,omitempty"`
	To      string `yaml:"to,omitempty"`
	Pending string `yaml:"pending,omitempty"`
}

// PackDefinition is a named condition.
type PackDefinition struct {
	Name string `yaml:"name"`
	When string `yaml:"when"`
}

// PackTest is a three-valued test. The answer to Question, if a person gave one, decides it. Otherwise a
// proven condition of AnyOf makes it true. If none can be, a proven condition of NoneIf makes it false, and
// when nothing settles it, it is unknown if there is a Question and false otherwise. While a condition that
// matters is unknown, so is the test. A test without any of them is true.
type PackTest struct {
	Question string          `yaml:"question,omitempty"`
	AnyOf    []PackCondition `yaml:"any_of,omitempty"`
	NoneIf   []PackCondition `yaml:"none_if,omitempty"`
	// Otherwise says in plain words what it means that the test is false.
	Otherwise string `yaml:"otherwise,omitempty"`
}

// PackCondition is a CEL expression, a question or a shared test, or several of them (then all must hold),
// with the reason in plain words. The values that it used are added to the reason when it is given.
type PackCondition struct {
	When     string `yaml:"when,omitempty"`
	Question string `yaml:"question,omitempty"`
	Test     string `yaml:"test,omitempty"` // a name of Pack.Tests
	Because  string `yaml:"because"`
}

// PackDuty is what is owed to one kind of addressee.
type PackDuty struct {
	Addressee string   `yaml:"addressee"` // authority, individuals, media, public, other
	To        string   `yaml:"to"`        // in plain words
	Contents  []string `yaml:"contents,omitempty"`
	// ContentsNote says why the contents are none: the law names none, or there is nothing to write to anybody.
	ContentsNote string `yaml:"contents_note,omitempty"`
	// ContentsIf are further contents for some incidents; while nobody can tell, they are needed.
	ContentsIf []PackContentsIf `yaml:"contents_if,omitempty"`
	// Deferrable contents may be handed in later when they are not known at first.
	Deferrable  []string         `yaml:"deferrable,omitempty"`
	Forbidden   []string         `yaml:"forbidden,omitempty"`
	Headings    []string         `yaml:"headings,omitempty"`
	Title       string           `yaml:"title,omitempty"`       // that the notice itself must carry
	MinFontPt   int              `yaml:"min_font_pt,omitempty"` // smallest print of a letter
	Remedies    []PackRemedy     `yaml:"remedies,omitempty"`
	Channels    []string         `yaml:"channels,omitempty"`
	ChannelNote string           `yaml:"channel_note,omitempty"`
	Route       string           `yaml:"route,omitempty"`
	Substitutes []PackSubstitute `yaml:"substitutes,omitempty"`
	Hold        PackHold         `yaml:"hold,omitempty"`
	// NotBefore names obligations that must have been met before this one (authority before people).
	NotBefore []string    `yaml:"not_before,omitempty"`
	Phases    []PackPhase `yaml:"phases"`
}

// PackPhase is one obligation. Its id is <pack id>/<addressee>/<phase id>.
type PackPhase struct {
	ID    string `yaml:"id"`
	Title string `yaml:"title"` // the duty in plain words, for people
	// Follows names phases of the same duty (or whole obligation ids) whose verdict this one takes: it
	// applies when one of them does. A phase that follows has no trigger and no exemptions of its own.
	Follows []string `yaml:"follows,omitempty"`
	// AppliesTo says which organisations the phase binds; like the trigger, it must hold.
	AppliesTo  PackTest        `yaml:"applies_to,omitempty"`
	Trigger    PackTest        `yaml:"trigger,omitempty"`
	Exemptions []PackExemption `yaml:"exemptions,omitempty"`
	Clock      PackClock       `yaml:"clock"`
	Contents   []string        `yaml:"contents,omitempty"` // instead of the duty's
	// Late are contents that a late report or notice must carry besides.
	Late       []string `yaml:"late,omitempty"`
	Citation   string   `yaml:"citation,omitempty"` // instead of the pack's
	Unverified bool     `yaml:"unverified,omitempty"`
	Note       string   `yaml:"note,omitempty"`
}

// PackContentsIf are contents that a condition makes necessary.
type PackContentsIf struct {
	When     string   `yaml:"when"`
	Contents []string `yaml:"contents"`
	Because  string   `yaml:"because"`
}

// PackRemedy is something that must be offered to people, at no cost to them.
type PackRemedy struct {
	When    string `yaml:"when,omitempty"`
	Offer   string `yaml:"offer"` // credit_monitoring, identity_protection, ...
	Months  int    `yaml:"months,omitempty"`
	Because string `yaml:"because"`
}

// PackExemption takes a duty away once it is proven; while it is unknown, the duty applies.
type PackExemption struct {
	ID       string   `yaml:"id"`
	Test     PackTest `yaml:"test"`
	Because  string   `yaml:"because"`
	Citation string   `yaml:"citation"`
}

// PackClock says when a duty is due. Without Value the law has no number: Soft holds its words, and
// EngineDefault (if any) is the house's own term for it; without one, the policy's general one counts.
type PackClock struct {
	From          string        `yaml:"from"` // a clock start of PackStarts
	Value         *int          `yaml:"value,omitempty"`
	Unit          string        `yaml:"unit,omitempty"`
	Counting      string        `yaml:"counting,omitempty"`
	Soft          string        `yaml:"soft,omitempty"`
	EngineDefault *PackTerm     `yaml:"engine_default,omitempty"`
	Variants      []PackVariant `yaml:"variants,omitempty"`
	// EarlierOf are further clocks; the earliest deadline of all is the deadline.
	EarlierOf []PackCap `yaml:"earlier_of,omitempty"`
	// Prior names the phase whose filing starts a clock from prior_phase_submitted; the latest filing counts.
	Prior []string `yaml:"prior,omitempty"`
	// Batch moves the start: end_of_year.
	Batch string `yaml:"batch,omitempty"`
	// Extension is what an authority may grant, or what a good reason gives. It is shown and never counted.
	Extension *PackExtension `yaml:"extension,omitempty"`
	// Override names a promise of the policy profile that replaces the house's term: prompt_notice.
	Override string `yaml:"override,omitempty"`
}

// PackTerm is a term that the house chose where the law has none.
type PackTerm struct {
	Value    int    `yaml:"value"`
	Unit     string `yaml:"unit"`
	Counting string `yaml:"counting,omitempty"`
	Why      string `yaml:"why,omitempty"`
}

// PackVariant is another term for some: the first whose condition is proven counts.
type PackVariant struct {
	When     string `yaml:"when"`
	Value    int    `yaml:"value"`
	Unit     string `yaml:"unit"`
	Counting string `yaml:"counting,omitempty"`
	Because  string `yaml:"because"`
}

// PackCap is a further clock that holds unless its condition is proven false.
type PackCap struct {
	When     string `yaml:"when,omitempty"`
	From     string `yaml:"from"`
	Value    int    `yaml:"value"`
	Unit     string `yaml:"unit"`
	Counting string `yaml:"counting,omitempty"`
	Because  string `yaml:"because"`
}

// PackSubstitute is what may take the place of telling people one by one, and when.
type PackSubstitute struct {
	When         PackTest `yaml:"when"`
	Form         []string `yaml:"form"`
	AllForms     bool     `yaml:"all_forms,omitempty"`     // every form is needed, not any of them
	DurationDays int      `yaml:"duration_days,omitempty"` // that it stays up, calendar days at least
	// CallCentreDays is how long a telephone number that costs callers nothing must answer, calendar days.
	CallCentreDays int    `yaml:"call_centre_days,omitempty"`
	Note           string `yaml:"note,omitempty"`
}

// PackExtension is more time than the clock gives.
type PackExtension struct {
	Value int    `yaml:"value"`
	Unit  string `yaml:"unit"`
	If    string `yaml:"if"` // in plain words
}

// PackHold says whether the regime knows a delay at the request of law enforcement. It holds this duty alone:
// what is owed to others, and under other regimes, runs on.
type PackHold struct {
	LawEnforcement bool   `yaml:"law_enforcement,omitempty"`
	Terms          string `yaml:"terms,omitempty"` // in plain words: who asks, and how
	// Clock is what becomes of the deadline meanwhile: stops (it counts on after the release) or runs.
	Clock string `yaml:"clock,omitempty"`
	// Forbids says that nothing may go out while it lasts; otherwise the organisation may wait.
	Forbids bool            `yaml:"forbids,omitempty"`
	Limits  []PackHoldLimit `yaml:"limits,omitempty"` // none: as long as the request says
	// After is the term from the release, where the law sets one of its own.
	After *PackTerm `yaml:"after,omitempty"`
}

// PackHoldLimit is how long one request may last, by its form.
type PackHoldLimit struct {
	Form       string `yaml:"form"`                 // written, oral
	Days       int    `yaml:"days,omitempty"`       // calendar days; 0: as long as it says
	Extensions []int  `yaml:"extensions,omitempty"` // calendar days of each further one
}

// PackOther is somebody else to tell, for information.
type PackOther struct {
	Who  string `yaml:"who"`
	When string `yaml:"when"` // in plain words
}
