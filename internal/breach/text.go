package breach

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// Kinds of texts, as in NoticeRef.Kind.
const (
	KindNotice       = "notice"
	KindAnnouncement = "announcement"
	KindReport       = "report"
)

// TextBody is what the bytes of a Text say: the incident's values are filled in, and only a person's
// variables remain, as {{name}} and the like. Those who approve, publish or file a text read it through
// Open, so that what they show is what was hashed.
type TextBody struct {
	Kind    string `json:"kind"`
	Channel string `json:"channel"` // email, sms, push, page, or the obligation id
	Locale  string `json:"locale"`
	Variant string `json:"variant"` // self, guardian, self@US-MA (see VariantOf); empty for announcements and reports
	// Parts of a notice: subject, text, html (email); text, link (sms); title, body, link (push).
	// Of an announcement: title, html (a fragment, no head), text. Of a report: title, text.
	Parts map[string]string `json:"parts"`
	// Choices are approved wordings of which a person's data classes, or having a name, select.
	Choices map[string]Choice `json:"choices,omitempty"`
	// Fields are a report's contents by their stable keys; Required names those that must not be empty,
	// Open those that say "not known yet".
	Fields   map[string]string `json:"fields,omitempty"`
	Required []string          `json:"required,omitempty"`
	Open     []string          `json:"open,omitempty"`
	// Carries are the content fields of the rule packs that this text gives, as the templates declare them and
	// as far as there are words for them. Of a report that is Fields.
	Carries []string `json:"carries,omitempty"`
	// Zone is the IANA name of the time zone in which a text that says its date is dated for whoever's own zone is not
	// known. Empty where it does not say its date.
	Zone string `json:"zone,omitempty"`
	// Offers are what the text says that people are offered.
	Offers []Offer `json:"offers,omitempty"`
}

// Choice is a variable whose value is picked from approved wordings. Pick is first or all; the option
// without When is taken when no other one fits.
type Choice struct {
	Pick     string   `json:"pick"`
	Join     string   `json:"join,omitempty"`
	JoinHTML string   `json:"join_html,omitempty"`
	Options  []Option `json:"options"`
	// At is the instant that the options tell, each by the clock that its When names: UTC+08:00. A person's time zone
	// at that instant selects.
	At *time.Time `json:"at,omitempty"`
}

// Option is one approved wording. It fits a person with any of the data classes in When, or "named" and
// "child_named" for those of whom a name is known.
type Option struct {
	When []string `json:"when,omitempty"`
	Text string   `json:"text"`
	HTML string   `json:"html"`
}

// NewText encodes a body canonically and names it by its SHA-256.
func NewText(b TextBody) (Text, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(b); err != nil {
		return Text{}, Errorf(ErrInternal, "a text could not be encoded: %w", err)
	}
	body := bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
	sum := sha256.Sum256(body)
	return Text{
		Ref:  NoticeRef{Kind: b.Kind, Channel: b.Channel, Locale: b.Locale, Variant: b.Variant, SHA256: hex.EncodeToString(sum[:])},
		Body: body,
	}, nil
}

// Open checks that the bytes are those that the reference names and says what they hold; ErrTampered
// when they differ.
func (t Text) Open() (TextBody, error) {
	sum := sha256.Sum256(t.Body)
	if hex.EncodeToString(sum[:]) != t.Ref.SHA256 {
		return TextBody{}, Errorf(ErrTampered, "a %s text for %s is not the one that its hash names", t.Ref.Kind, t.Ref.Channel)
	}
	var b TextBody
	if err := json.Unmarshal(t.Body, &b); err != nil {
		return TextBody{}, Errorf(ErrTampered, "a %s text for %s cannot be read", t.Ref.Kind, t.Ref.Channel)
	}
	if b.Kind != t.Ref.Kind || b.Channel != t.Ref.Channel || b.Locale != t.Ref.Locale || b.Variant != t.Ref.Variant {
		return TextBody{}, Errorf(ErrTampered, "a %s text for %s is filed under another kind, channel, language or variant", t.Ref.Kind, t.Ref.Channel)
	}
	return b, nil
}
