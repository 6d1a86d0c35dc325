// Package arch holds who may import whom, as one table, and the test that enforces it.
//
// When you add a package: add its row here, with as few imports as it can do with. When a row is in
// your way: the rule usually wants a small interface at the consumer instead. Changing a rule takes
// an ADR.
//
// Imports of ours: none.
package arch

// row says what of ours a package may import. A name ending in /... covers what lies below too.
type row struct {
	// may lists packages of ours.
	may []string
	// inTests lists what its tests may import besides.
	inTests []string
	// onlyNames narrows an import to some names of the other package.
	onlyNames map[string][]string
}

const (
	anything       = "..."
	noServer       = "... without the Temporal server" // every package of ours but those that hold it
	temporalServer = "internal/standalone/temporalserver"
	yardstick      = "internal/standalone/bench" // measures one Temporal activity per person, the way not taken
)

// simulators stand at the far end of the wire: tests of adapters talk to them.
var simulators = []string{"internal/simulator/..."}

// adapterTests is what the tests of a sending adapter need.
var adapterTests = []string{"internal/delivery/deliverytest", "internal/simulator/..."}

// rows: a package of ours that has none fails the test. Rows of packages that do not exist yet are
// the plan.
var rows = map[string]row{
	// The vocabulary and what decides: pure.
	"internal/breach":   {},
	"internal/protocol": {may: []string{"internal/breach"}},
	"internal/policy":   {may: []string{"internal/breach"}, inTests: []string{"internal/intake"}},
	"internal/evidence": {may: []string{"internal/breach"}},
	"internal/flow":     {},
	"internal/delivery": {may: []string{"internal/breach"}, inTests: adapterTests},

	// The engine: what happens, in which order.
	"activities": {
		may:     []string{"internal/breach", "internal/policy", "internal/protocol", "internal/delivery", "internal/evidence", "internal/flow"},
		inTests: []string{"activities/activitiestest"},
	},
	"activities/activitiestest": {may: []string{"activities", "internal/breach", "internal/policy", "internal/delivery", "internal/evidence"}},
	"workflows": {
		may:     []string{"internal/breach", "internal/protocol", "internal/policy", "activities"},
		inTests: []string{"internal/delivery", "internal/evidence", "activities/activitiestest"},
		// Rules are evaluated in activities. Clock functions look at their arguments alone.
		onlyNames: map[string][]string{"internal/policy": {"Reminders", "NextReminder", "OverdueAt", "IsOverdue", "DoneInTime"}},
	},
	"internal/engine": {may: []string{"internal/breach", "internal/protocol"}},

	// Texts.
	"templates":       {},
	"internal/render": {may: []string{"internal/breach", "internal/delivery", "templates"}},

	// The sample incident, for the demo.
	"examples/...": {},

	// Adapters: never each other.
	"internal/delivery/deliverytest": {may: []string{"internal/breach", "internal/delivery"}},
	"internal/delivery/email/...":    {may: []string{"internal/breach", "internal/delivery", "internal/delivery/email/..."}, inTests: adapterTests},
	"internal/channels":              {may: []string{"internal/delivery", "internal/delivery/email/..."}, inTests: simulators},
	"internal/bounce":                {may: []string{"internal/breach", "internal/delivery", "internal/delivery/email/returnpath"}},
	"internal/bounce/...":            {may: []string{"internal/bounce"}, inTests: []string{"internal/breach", "internal/delivery/email/returnpath"}},
	"internal/delivery/...":          {may: []string{"internal/breach", "internal/delivery"}, inTests: adapterTests}, // every one that has no row of its own
	"internal/delivery/sms/twilio":   {may: []string{"internal/breach", "internal/delivery", "internal/delivery/twilioapi"}, inTests: adapterTests},
	"internal/delivery/voice":        {may: []string{"internal/breach", "internal/delivery", "internal/delivery/twilioapi"}, inTests: adapterTests},
	"internal/delivery/letter":       {may: []string{"internal/breach", "internal/delivery", "internal/delivery/letter/paper"}, inTests: adapterTests},
	"internal/delivery/letter/paper": {},
	"internal/announce":              {may: []string{"internal/breach", "internal/delivery"}, inTests: simulators},
	"internal/regulator":             {may: []string{"internal/breach", "internal/delivery"}, inTests: simulators},
	"internal/intake":                {may: []string{"internal/breach"}},
	"internal/recipients":            {may: []string{"internal/breach"}},
	"internal/recipients/query":      {may: []string{"internal/breach"}, inTests: []string{"internal/recipients", "internal/standalone/pgchild/pgtest"}},
	"internal/store":                 {may: []string{"internal/breach", "internal/evidence"}, inTests: []string{"internal/standalone/pgchild/..."}},
	"internal/simulator/...":         {may: simulators},

	// Doors. They declare the ports that they need.
	"internal/httpapi": {may: []string{"internal/breach"}},
	"internal/console": {may: []string{"internal/breach"}},

	// What every process needs.
	"internal/config":  {may: []string{"internal/breach", "internal/store", "internal/announce", "internal/regulator", "internal/delivery/...", "internal/bounce/..."}},
	"internal/obs":     {},
	"internal/payload": {},
	"internal/arch":    {},
	"scripts/...":      {}, // they read what everybody may read
	"docs":             {}, // tests that what the pages name exists

	// Composition roots: they see both sides. The light ones stay free of the Temporal server.
	"internal/app/...":                   {may: []string{noServer}},
	"worker":                             {may: []string{noServer}},
	"cmd/tocsin/...":                     {may: []string{noServer}},
	"cmd/tocsin-standalone/...":          {may: []string{anything}},
	"internal/e2e/...":                   {may: []string{anything}},
	"internal/standalone":                {may: []string{anything}},
	"internal/standalone/demo":           {may: []string{noServer}},
	"internal/standalone/bench":          {may: []string{noServer}},
	"internal/standalone/pgchild":        {},
	"internal/standalone/pgchild/pgtest": {may: []string{"internal/standalone/pgchild"}},
	"internal/standalone/datadir":        {},
	"internal/standalone/temporalserver": {},
}

// holdsServer lists the packages of ours that contain the Temporal server: minutes of building and
// a hundred megabytes for whoever imports them.
var holdsServer = []string{"internal/standalone", temporalServer, "cmd/tocsin-standalone/...", "internal/e2e/..."}

var (
	roots        = []string{"worker", "internal/app/...", "cmd/...", "internal/standalone/...", "internal/e2e/..."}
	testHelpers  = []string{"internal/delivery/deliverytest", "internal/simulator/twiliosim/twiliotest", "internal/standalone/pgchild/pgtest"}
	nobody       []string
	serverOwners = []string{"internal/standalone", temporalServer, "cmd/tocsin-standalone/...", "internal/e2e/..."}
)

// foreign says for a package of others who may import it (and what lies below it). What is not
// listed is free.
var foreign = map[string]struct {
	by      []string // in the product
	inTests []string // in tests besides
	why     string
}{
	"github.com/jackc/pgx":        {by: []string{"internal/store", "internal/standalone/pgchild/...", "internal/recipients/query"}, inTests: []string{"internal/e2e/..."}, why: "SQL lives in the store"},
	"database/sql":                {by: []string{"internal/store"}, why: "SQL lives in the store"},
	"github.com/pressly/goose":    {by: []string{"internal/store"}, why: "migrations live in the store"},
	"github.com/tink-crypto":      {by: []string{"internal/store", "internal/payload"}, why: "keys live where the ledger is sealed"},
	"github.com/lib/pq":           {why: "we use pgx"},
	"modernc.org/sqlite":          {by: []string{temporalServer}, why: "only Temporal keeps its state in SQLite"},
	"go.temporal.io/server":       {by: serverOwners, why: "it takes minutes to build"},
	"github.com/temporalio":       {by: serverOwners, why: "it takes minutes to build"},
	"go.temporal.io/sdk/workflow": {by: []string{"workflows", "worker", yardstick}, why: "the story is told in workflows"},
	"go.temporal.io/sdk/activity": {by: []string{"activities", "worker", yardstick}, inTests: []string{"workflows"},
		why: "side effects live in activities; worker registers them by name"},
	"go.temporal.io/sdk/client":    {by: append([]string{"internal/engine"}, roots...), why: "engine is the only door to Temporal"},
	"go.temporal.io/sdk/testsuite": {inTests: []string{"workflows", "activities", "worker", "internal/engine"}, why: "it is for tests"},
	"go.temporal.io": {by: append([]string{"workflows", "activities", "internal/engine", "internal/payload"}, roots...),
		why: "decisions and adapters know nothing of Temporal"},

	"github.com/jordan-wright/email":  {by: []string{"internal/delivery/email/..."}, inTests: simulators, why: "vendor code stays in its adapter"},
	"github.com/emersion/go-smtp":     {by: append([]string{"internal/bounce/receiver"}, simulators...), inTests: []string{"internal/delivery/email/..."}, why: "vendor code stays in its adapter"},
	"github.com/emersion/go-message":  {inTests: []string{"internal/app"}, why: "it is what our mail is read back with"},
	"github.com/emersion/go-imap":     {by: []string{"internal/bounce/mailbox"}, why: "mailboxes are read in one place"},
	"github.com/emersion/go-msgauth":  {inTests: []string{"internal/delivery/email/..."}, why: "it is what signatures are verified with"},
	"github.com/twilio/twilio-go":     {by: []string{"internal/delivery/sms/...", "internal/delivery/voice/..."}, inTests: simulators, why: "vendor code stays in its adapter"},
	"google.golang.org/api":           {by: []string{"internal/delivery/push/..."}, inTests: simulators, why: "vendor code stays in its adapter"},
	"github.com/go-jose":              {by: []string{"internal/delivery/apns", "internal/delivery/webpush"}, why: "tokens of senders are signed in their adapters"},
	"golang.org/x/oauth2":             {by: []string{"internal/delivery/push/..."}, inTests: simulators, why: "vendor code stays in its adapter"},
	"github.com/getkin/kin-openapi":   {by: []string{"internal/simulator/twiliosim/published"}, why: "it holds a simulator against what its vendor publishes"},
	"github.com/go-text/typesetting":  {by: []string{"internal/delivery/letter/paper"}, why: "text is set in one place"},
	"rsc.io/qr":                       {by: []string{"internal/delivery/letter/paper"}, why: "text is set in one place"},
	"github.com/pkg/sftp":             {by: []string{"internal/delivery/letter"}, why: "vendor code stays in its adapter"},
	"golang.org/x/crypto/ssh":         {by: []string{"internal/delivery/letter"}, why: "vendor code stays in its adapter"},
	"github.com/nyaruka/phonenumbers": {by: []string{"internal/recipients", "internal/policy"}, why: "numbers are judged where the list is read; whose clock a number without a country reads"},
	"github.com/danielgtaylor/huma":   {by: []string{"internal/httpapi"}, why: "the API is described in one place"},
	"cel.dev/cel-go":                  {by: []string{"internal/policy"}, why: "rules are evaluated in one place"},
	"github.com/google/cel-go":        {why: "use cel.dev/cel-go"},
	"github.com/yuin/goldmark":        {by: []string{"internal/render"}, why: "Markdown becomes text in one place"},
	"github.com/spf13/cobra":          {by: []string{"cmd/..."}, why: "commands are parsed in cmd"},
	"github.com/prometheus":           {by: append([]string{"internal/obs"}, roots...), why: "metrics are wired in the composition roots"},
	"go.opentelemetry.io":             {by: append([]string{"internal/obs"}, roots...), why: "traces are wired in the composition roots"},
	"github.com/chromedp":             {by: []string{"scripts/screenshots"}, inTests: []string{"internal/console", "internal/announce", "internal/render", "internal/e2e/..."}, why: "a browser is for tests and for the README's pictures"},
	"github.com/rogpeppe/go-internal": {inTests: []string{"cmd/...", "internal/e2e/..."}, why: "scripts are for tests"},

	"github.com/stretchr/testify":        {by: testHelpers, inTests: []string{anything}, why: "it is for tests"},
	"github.com/stretchr/testify/assert": {by: nobody, why: "a failed check ends the test: use require"},
	"github.com/stretchr/testify/suite":  {by: nobody, why: "tests are functions"},
	"github.com/stretchr/testify/mock":   {by: nobody, why: "fakes have function fields"},
	"github.com/google/go-cmp":           {by: testHelpers, inTests: []string{anything}, why: "it is for tests"},
	"pgregory.net/rapid":                 {by: testHelpers, inTests: []string{anything}, why: "it is for tests"},
	"testing":                            {by: testHelpers, inTests: []string{anything}, why: "it is for tests"},
}
