package breach

import "time"

// InApp stands in sufficiency tables and holds for what an application of the organisation shows. Nothing is sent by it:
// it is none of Channels.
const InApp Channel = "in_app"

// Acknowledged is the proof of InApp where a policy lets it count.
const Acknowledged AttemptState = "acknowledged"

// ReasonAcknowledged is why somebody is reached who said in an application that they saw the notice.
const ReasonAcknowledged = "acknowledged_in_app"

// Feed is what applications of the organisation may show now, to the people whom the look-up names and to nobody else.
type Feed struct {
	Notices []FeedNotice `json:"notices"`
}

// FeedNotice points people of one list and language to their notice; it holds no facts of the incident. Times are UTC.
type FeedNotice struct {
	ID     string     `json:"id"`
	Locale string     `json:"locale"` // BCP 47
	Title  string     `json:"title"`  // as approved, to be shown as text
	Link   string     `json:"link"`
	Since  time.Time  `json:"since"`           // when its plan was approved
	Until  *time.Time `json:"until,omitempty"` // nil: until it is not in the feed any more
}

// FeedPerson is somebody who has notices to be shown. The id is the organisation's own: personal data.
type FeedPerson struct {
	ExternalID string   `json:"external_id"`
	Notices    []string `json:"notices"`
}

// Seen says that somebody acknowledged a notice of the feed.
type Seen struct {
	ExternalID string `json:"external_id" minLength:"1" maxLength:"200" doc:"The id of the list, as the look-up was asked for it."`
	Notice     string `json:"notice" minLength:"1" maxLength:"200" doc:"Id of the notice."`
}
