package email

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// stage is how far a message had come when an answer was given.
type stage int

const (
	stageConnect   stage = iota // greeting, EHLO, STARTTLS
	stageAuth                   // sign-in
	stageSender                 // MAIL FROM
	stageRecipient              // RCPT TO
	stageContent                // DATA, and the answer to the message
)

func (s stage) String() string {
	return [...]string{"connecting", "signing in", "the sender", "the recipient", "the message"}[s]
}

// judge turns a refusing answer into a failure. Reply codes: RFC 5321 4.2; enhanced codes: RFC 3463 and
// the IANA registry of them. Before the sender is named nothing is known about the message, so everything
// is retryable there.
func judge(at stage, r reply, m delivery.Message) *delivery.Failure {
	detail := strconv.Itoa(r.code)
	if r.enhanced != "" {
		detail += " " + r.enhanced
	}
	detail = clip(detail + " to " + at.String() + ": " + delivery.Redact(r.text(), m))
	reason, permanent := reasonOf(at, r)
	return &delivery.Failure{Reason: reason, Retryable: !permanent, Detail: detail}
}

func clip(s string) string {
	if runes := []rune(s); len(runes) > delivery.MaxDetail {
		return string(runes[:delivery.MaxDetail])
	}
	return s
}

func reasonOf(at stage, r reply) (reason string, permanent bool) {
	switch {
	case r.code == 421:
		return delivery.ReasonProviderBusy, false
	case at == stageAuth, r.code == 530, r.code == 534, r.code == 535, r.code == 538:
		return delivery.ReasonAuth, false
	case at == stageConnect:
		return delivery.ReasonProviderDown, false
	case r.code/100 == 4 && ourWords.MatchString(r.text()): // Postfix denies relaying with 454 while it is being set up
		return delivery.ReasonAuth, false
	case r.code/100 == 4:
		return temporaryReason(r), false
	case sendsTooMuch(r):
		return delivery.ReasonProviderBusy, false
	case refusesUs(at, r):
		return delivery.ReasonAuth, false
	}
	return permanentReason(at, r), true
}

// refusesUs says that a refusal for good is about our account, our sender or our right to relay: everybody else would be
// refused the same, and the person is not to blame. A refusal of MAIL is about the sender (RFC 5321 3.3), unless it is
// about the size or the form of this one message.
func refusesUs(at stage, r reply) bool {
	_, status, _ := strings.Cut(r.enhanced, ".")
	if at == stageSender {
		return r.code != 552 && r.code != 555 && status != "3.4" && !strings.HasPrefix(status, "6.")
	}
	switch {
	case slices.Contains(ourStatuses, status):
		return true
	case aboutMailbox(r):
		return false
	}
	return ourWords.MatchString(r.text()) || at == stageContent && accountWords.MatchString(r.text())
}

// aboutMailbox says that the code is about the recipient, whatever the words are.
func aboutMailbox(r reply) bool {
	known := delivery.ReasonOfStatus(r.enhanced)
	return known == delivery.ReasonNoMailbox || known == delivery.ReasonMailboxFull
}

// ourStatuses: bad sender (RFC 3463; 1.7 and 1.8), credentials and the likes (RFC 4954), and what Exchange says of relaying
// and of a sender that is not ours.
var ourStatuses = []string{"1.7", "1.8", "7.8", "7.9", "7.54", "7.57", "7.60", "7.64"}

// ourWords are what relays say of relaying, of this machine and of the sender where their codes say too little (Postfix,
// Exim, Sendmail, qmail, Exchange); accountWords of an account that must be verified and in good standing. Said to a
// recipient, those are about a mailbox.
var ourWords = regexp.MustCompile(`(?i)\b(relay access denied|relaying (is )?(denied|disallowed|prohibited|not (allowed|permitted))|` +
	`(unable|not permitted|not allowed) to relay|relay (is )?not (allowed|permitted)|do(es)? not relay|allowed rcpthosts|` +
	`(client host|helo command) rejected|` +
	`sender (address )?(is )?(rejected|not (owned|allowed|verified|authori[sz]ed))|not owned by user|sender verify failed|send ?as ?denied)`)

var accountWords = regexp.MustCompile(`(?i)\b(` +
	`(address|identity|domain|sender)( is|es are)? not verified|not match a verified sender|(account|sending)( is| has been| was)? (suspended|disabled|paused|blocked))`)

// sendsTooMuch says that the account sent as much as it may for now. A mailbox that holds as much as it may is another
// matter, in much the same words.
func sendsTooMuch(r reply) bool {
	return r.enhanced == "5.4.5" || r.code != 552 && !aboutMailbox(r) && tooMuchWords.MatchString(r.text())
}

var tooMuchWords = regexp.MustCompile(`(?i)\b(daily|hourly|sending|message) (user )?(sending )?(quota|limit|rate)( was| is| has been)? exceeded`)

func temporaryReason(r reply) string {
	_, status, _ := strings.Cut(r.enhanced, ".")
	switch {
	case status == "2.2":
		return delivery.ReasonMailboxFull
	case strings.HasPrefix(status, "3."), strings.HasPrefix(status, "5."), status == "" && r.code == 452:
		return delivery.ReasonProviderBusy
	}
	return delivery.ReasonGreylisted
}

func permanentReason(at stage, r reply) string {
	if known := delivery.ReasonOfStatus(r.enhanced); known != "" {
		return known
	}
	switch {
	case at == stageRecipient && (r.code == 550 || r.code == 551 || r.code == 553):
		return delivery.ReasonNoMailbox
	case at == stageRecipient && r.code == 552:
		return delivery.ReasonMailboxFull
	case r.code == 550, r.code == 554:
		return delivery.ReasonPolicyBlock
	}
	return delivery.ReasonRejected
}

// taken is the receipt for an answer of 2xx to the whole message. The queue id is kept when the server
// names one in the usual way, because a postmaster will ask for it.
func taken(r reply) delivery.Receipt {
	receipt := delivery.Receipt{State: breach.Accepted}
	said, as := false, false
	for word := range strings.FieldsSeq(r.text()) {
		if as {
			if id := strings.Trim(word, "<>."); delivery.PlainID(id) {
				receipt.ProviderRef = id
			}
		}
		said, as = strings.EqualFold(word, "queued"), said && strings.EqualFold(word, "as")
	}
	return receipt
}
