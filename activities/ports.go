package activities

import (
	"context"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/evidence"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// The ports that activities need. Every write is idempotent: an activity that runs twice, or runs again
// after a crash between its write and its answer, leaves the ledger as one run would.

// Cases reads and moves incidents.
type Cases interface {
	// Incident returns the head of a case; breach.ErrNotFound.
	Incident(ctx context.Context, incident string) (breach.Incident, error)
	// File returns facts, narrative and contact at a fact revision; 0 means the latest.
	File(ctx context.Context, incident string, revision int) (file breach.IncidentFile, rev int, err error)
	// SetState moves the incident machine; moving to the present state does nothing, a transition that the
	// machine does not allow is breach.ErrConflict.
	SetState(ctx context.Context, incident string, to breach.IncidentState, by string, at time.Time) error
	// CloseIncident closes it while nobody can load a further list; breach.ErrConflict while somebody is not
	// accounted for. left are duties that are left behind, for the record.
	CloseIncident(ctx context.Context, incident, by string, left breach.Left, at time.Time) error
	// SetSufficiency sets what counts as reached.
	SetSufficiency(ctx context.Context, incident string, rules breach.Sufficiency) error
	// Note appends to the incident's audit chain once per key. data is marshalled to JSON and holds counts,
	// hashes and ids only.
	Note(ctx context.Context, incident, key, actor, action string, data any, at time.Time) error
}

// Duties keeps assessments and obligations, append-only.
type Duties interface {
	// SaveJudgement stores the judgement of a fact revision with the bytes of the packs behind it (by
	// SHA-256) and returns the judgement that was in force before, if any. Saving the same revision again
	// changes nothing and returns the same previous one.
	SaveJudgement(ctx context.Context, incident string, revision int, j breach.Judgement, packs map[string][]byte, at time.Time) (previous *breach.Judgement, err error)
	// Judgement returns the one in force; breach.ErrNotFound before the first.
	Judgement(ctx context.Context, incident string) (j breach.Judgement, revision int, err error)
	// OwedReports lists the first reports that apply, were not filed, and that no approved plan holds.
	OwedReports(ctx context.Context, incident string) ([]string, error)
	// SetObligationState appends a state for one obligation; one that the machine does not allow is left
	// alone when the obligation had it before, and breach.ErrConflict otherwise.
	SetObligationState(ctx context.Context, incident, obligation string, s breach.ObligationState, reason string, at time.Time) error
	// ReopenObligation sets one that is closed back to drafting; any other is left alone.
	ReopenObligation(ctx context.Context, incident, obligation, reason string, at time.Time) error
	// SaveTold puts the instant into the facts from which on everybody on the lists was told, as a new revision that is
	// judged later; the first one stays.
	SaveTold(ctx context.Context, incident string, at time.Time) error
	// Delays gives the newest reason of each duty that is or was late.
	Delays(ctx context.Context, incident string) ([]breach.Delay, error)
}

// Holds says what must wait.
type Holds interface {
	// Holds lists the holds of an incident, ended ones too.
	Holds(ctx context.Context, incident string) (breach.Holds, error)
	// Waits are what keeps people from being told at an instant: holds, and the order that laws ask for while what
	// comes first was not filed.
	Waits(ctx context.Context, incident string, now time.Time) (breach.Waits, error)
}

// Plans keeps texts, plans and approvals.
type Plans interface {
	// Snapshot describes the people of a wave, recomputed from the rows.
	Snapshot(ctx context.Context, incident string, wave int) (breach.PeopleSnapshot, error)
	// SaveTexts stores texts by their hash; a text that is there already is left as it is.
	SaveTexts(ctx context.Context, incident string, texts []breach.Text) error
	// Text returns a stored text after checking its bytes against the hash; breach.ErrTampered.
	Text(ctx context.Context, incident, sha256 string) (breach.Text, error)
	// Waivers lists what people let go of the texts' contents by name, the oldest first.
	Waivers(ctx context.Context, incident string) ([]breach.Waiver, error)
	// SavePlan puts a plan up for approval; an earlier one of the wave that still waits becomes void. The
	// same hash again changes nothing.
	SavePlan(ctx context.Context, p breach.Plan, author string, at time.Time) error
	// Plan returns the newest plan of a wave; breach.ErrNotFound.
	Plan(ctx context.Context, incident string, wave int) (breach.PlanRecord, error)
	// VoidPlans voids every plan of the incident that still waits, for a reason; returns how many.
	VoidPlans(ctx context.Context, incident, reason string, at time.Time) (int, error)
	// Approval returns the verified approval of exactly this plan: the row exists, its signature holds, the
	// approver is not the author, and the stored plan still has this hash. Else breach.ErrNoApproval or
	// breach.ErrTampered.
	Approval(ctx context.Context, incident string, wave int, planHash string) (breach.Approval, breach.Plan, error)
}

// People reads people block by block and sets outcomes.
type People interface {
	// Blocks lists the blocks of a wave in order.
	Blocks(ctx context.Context, incident string, wave int) ([]breach.Block, error)
	// BlocksWith lists those in which somebody has one of these outcomes, and, if asked for, those in which a
	// guardian is addressed for a child.
	BlocksWith(ctx context.Context, incident string, wave int, guardians bool, outcomes ...breach.Outcome) ([]breach.Block, error)
	// Subjects reads and decrypts a block's people with their attempts, after checking the block's digest;
	// breach.ErrTampered.
	Subjects(ctx context.Context, incident string, b breach.Block) ([]breach.Subject, error)
	// Alike groups the people of a wave of whom nothing is recorded yet by their shape, under the rule that makes
	// somebody a child (below an age, counted on a day), in whole blocks. Whom it leaves out must be looked at.
	Alike(ctx context.Context, incident string, wave, childAge int, on time.Time) ([]breach.Alike, error)
	// SetOutcomes appends person events and keeps the tallies; a person who has that outcome already is
	// left alone.
	SetOutcomes(ctx context.Context, incident string, events []breach.PersonEvent) error
	// Refuse records refusals, once per person, channel and provider.
	Refuse(ctx context.Context, incident string, rs []breach.Refusal) error
	// Settle re-derives the outcome of everybody of a wave who is attempted, at now.
	Settle(ctx context.Context, incident string, wave int, now time.Time) error
	// ToldInBlock lists the people of a block who need no further message now.
	ToldInBlock(ctx context.Context, incident string, block int64) ([]int64, error)
	// Tally counts people by outcome; wave 0 means all waves.
	Tally(ctx context.Context, incident string, wave int) (breach.Tally, error)
}

// Sending is the ledger's side of the send protocol: lease, intend, send, record.
type Sending interface {
	// OpenChunks makes blocks leasable for one round of one channel; existing ones are left alone.
	OpenChunks(ctx context.Context, incident string, wave, round int, c breach.Channel, blocks []int64) error
	// Lease takes a free or expired chunk, or nil when none is left; open is how many are not done (leased
	// by others included). Intents without an outcome that a former owner left are recorded as unknown
	// before it returns.
	Lease(ctx context.Context, incident string, wave, round int, c breach.Channel, owner string, d time.Duration) (l *breach.Lease, open int, err error)
	// Renew extends a lease that is still ours; false when it is lost.
	Renew(ctx context.Context, l *breach.Lease, d time.Duration) (bool, error)
	// Commit carries out the writes of many lanes in one transaction, with one answer a write: intents (before
	// anything is sent; breach.ErrConflict when the lease is lost), events (never refused), a finished chunk.
	Commit(ctx context.Context, writes []breach.Write) []error
	// Release gives a lease back before its time; one that is lost is left alone.
	Release(ctx context.Context, l *breach.Lease) error
	// Record appends attempt events and keeps person outcomes and tallies. Never refused; an event that is
	// there already is left alone.
	Record(ctx context.Context, incident string, events []breach.AttemptEvent) error
	// Rounds is the number of the last round of a wave, 0 before the first.
	Rounds(ctx context.Context, incident string, wave int) (int, error)
	// Gate says whether sending is paused or stopped; lanes look before each batch.
	Gate(ctx context.Context, incident string) (paused, stopped bool, err error)
	// Unsettled lists attempts of a wave in state unknown with what is needed to ask a provider.
	Unsettled(ctx context.Context, incident string, wave int) ([]UnsettledAttempt, error)
}

// UnsettledAttempt is an attempt whose result is unknown. Subject is decrypted and stays in the activity.
type UnsettledAttempt = breach.UnsettledAttempt

// Retries keeps the decisions of people to try those again whom no channel reached.
type Retries interface {
	// OpenRetries lists those that were not carried out yet, the oldest first.
	OpenRetries(ctx context.Context, incident string) ([]string, error)
	// Retry returns a decision and who took it; breach.ErrNotFound.
	Retry(ctx context.Context, incident, id string) (d breach.Retry, by string, err error)
	// StartAfresh sets people back to be told and counts their tries anew, once per decision and person.
	// breach.ErrConflict when the incident was closed or sending was stopped meanwhile.
	StartAfresh(ctx context.Context, incident, decision, by string, list []breach.FreshStart, at time.Time) error
	// Restarted counts whom a decision set back, those of them whom an announcement covered, and names their lists.
	Restarted(ctx context.Context, incident, decision string) (people, covered int64, waves []int, err error)
}

// Paces measures how fast messages are handed over, and knows where they go.
type Paces interface {
	Pace(ctx context.Context, incident string) (breach.Pace, error)
	Spread(ctx context.Context, incident string) (breach.Spread, error)
}

// Announcements keeps what was published.
type Announcements interface {
	// SaveAnnouncement stores a published announcement; the same reference again changes nothing.
	SaveAnnouncement(ctx context.Context, a breach.Announcement) error
	// Announcement returns the incident's newest one; breach.ErrNotFound.
	Announcement(ctx context.Context, incident string) (breach.Announcement, error)
	// AskedAnnouncement is the newest decision of a lead to announce now, while nothing is published yet; nil
	// when there is none.
	AskedAnnouncement(ctx context.Context, incident string) (*breach.AnnounceNow, error)
}

// Filings keeps what was handed to authorities.
type Filings interface {
	// SaveFiling stores a filing and puts its instant into the facts, as a new revision that is judged later; one per
	// incident and obligation, a second call updates nothing but an acknowledgement that was missing.
	SaveFiling(ctx context.Context, f breach.Filing) error
	// Filing returns one; breach.ErrNotFound.
	Filing(ctx context.Context, incident, obligation string) (breach.Filing, error)
}

// Exporter writes everything an evidence pack holds.
type Exporter interface {
	// Export feeds the incident's records to the pack writer in a stable order.
	Export(ctx context.Context, incident string, w *evidence.Writer) error
}

// Judge evaluates rule packs over facts. It is pure; it is a port because packs are loaded at start.
type Judge interface {
	Judge(f breach.Facts, p policy.Profile, now time.Time) (breach.Judgement, error)
	Packs() map[string][]byte // bytes by SHA-256
}

// Profiles finds policy profiles by name.
type Profiles interface {
	Profile(name string) (policy.Profile, error) // breach.ErrUnknownPolicy
}

// Waves lists the lists of people that an incident has.
type Waves interface {
	// WaveNumbers lists the waves from 1.
	WaveNumbers(ctx context.Context, incident string) ([]int, error)
}

// Words turns approved templates and the incident's narrative into texts and messages.
type Words interface {
	// Texts composes everything that the plan covers: notices for every channel, locale and variant that
	// the wave needs, the announcement, and one report per obligation towards an authority; without locales
	// (nobody is on the list) reports alone. Duties towards people say what notices hold. Problems name what is missing or empty and block approval. Page is the public reference
	// of the notice that SMS and push point to.
	Texts(file breach.IncidentFile, p policy.Profile, duties []breach.Obligation, locales []string, page string) (texts []breach.Text, problems []string, err error)
	// Message renders one message for one addressee from an approved text of the wanted channel and variant.
	// Reference is the person's code. It never turns a person's field into markup, header or link.
	Message(text breach.Text, p breach.Person, to breach.Addressee, reference string) (delivery.Message, error)
	// LongestSMS is the size of the longest message that a text for SMS comes to.
	LongestSMS(text breach.Text) (breach.SMSSize, error)
	// Locale picks the text's locale for a person by BCP 47 negotiation among those available.
	Locale(want string, have []string) string
}

// Senders finds adapters by the kind of provider that they speak to: smtp, twilio, gateway, fcm. One that
// is not configured is not there.
type Senders interface {
	Sender(kind string) (delivery.Sender, bool)
}

// Publisher puts an announcement where people can read it and takes no personal data.
type Publisher interface {
	// Publish makes the page readable and returns its address. Publishing the same reference with the same
	// texts again changes nothing.
	Publish(ctx context.Context, a breach.Announcement) (url string, err error)
}

// Filer hands a report to an authority by one route (portal, email). Key makes it idempotent.
type Filer interface {
	File(ctx context.Context, key, obligation string, text breach.Text) (route, acknowledgement string, err error)
}

// Vault signs evidence packs and stores them.
type Vault interface {
	// Create opens a new pack file for an incident; commit makes it visible under its final name and
	// returns its path and the SHA-256 of its manifest. Without commit nothing becomes visible.
	Create(incident string) (w *evidence.Writer, commit func() (path, manifest string, err error), err error)
}

// Brakes is the ledger's memory of what is sick, and of where a send stands.
type Brakes interface {
	// Crowds groups the people of a list by what a sample is to show.
	Crowds(ctx context.Context, incident string, wave int) ([]breach.Crowd, error)
	// SetStage notes where the sending to a list stands; the same one again changes nothing.
	SetStage(ctx context.Context, incident string, st breach.Stage) error
	// Stages lists where the sending to each list stands; none for a list that is told at once.
	Stages(ctx context.Context, incident string) ([]breach.Stage, error)
	// AddHealth adds to what this process counted and returns the sums over all processes, of about the last
	// window messages through each provider.
	AddHealth(ctx context.Context, incident, owner string, add []breach.Health, window int64) ([]breach.Health, error)
	// Brakes lists those that nobody lifted.
	Brakes(ctx context.Context, incident string) (breach.Brakes, error)
	// SetBrake sets one; one that is at the same place already stays, and one of a stage that was lifted is not
	// set again.
	SetBrake(ctx context.Context, incident string, b breach.Brake) error
}
