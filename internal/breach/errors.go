package breach

import (
	"errors"
	"fmt"
)

// Code names one kind of error. Codes are stable: they are the last part of the problem type in HTTP
// answers and of the page in the documentation.
type Code string

// The catalogue. HTTP status and exit status of each are in Catalogue.
const (
	ErrInvalid        Code = "invalid-input"
	ErrNotFound       Code = "not-found"
	ErrUnauthorized   Code = "not-signed-in"
	ErrForbidden      Code = "not-allowed"
	ErrConflict       Code = "state-conflict"
	ErrNoDelay        Code = "no-such-delay"
	ErrIncomplete     Code = "plan-incomplete"
	ErrContents       Code = "contents-missing"
	ErrOldHash        Code = "plan-changed"
	ErrSelfApproval   Code = "self-approval"
	ErrUnreviewed     Code = "unreviewed-texts"
	ErrAlreadyDecided Code = "already-decided"
	ErrUnknownPolicy  Code = "unknown-policy"
	ErrNoApproval     Code = "no-approval"
	ErrTampered       Code = "tampered"
	ErrTooLarge       Code = "too-large"
	ErrMediaType      Code = "unsupported-content"
	ErrTooSlow        Code = "too-slow"
	ErrMethod         Code = "method-not-allowed"
	ErrKeyUsed        Code = "key-used"
	ErrUnderWay       Code = "under-way"
	ErrTooMany        Code = "too-many"
	ErrUnavailable    Code = "engine-unavailable"
	ErrInternal       Code = "internal"
)

// Entry describes one code of the catalogue: its HTTP status (RFC 9110), exit status of the CLI and what
// to do in general. Texts carry no personal data.
type Entry struct {
	HTTP  int
	Exit  int
	Title string
	Do    string
}

// Catalogue is the one list of errors that users can meet.
var Catalogue = map[Code]Entry{
	ErrInvalid:        {422, 1, "The input cannot be used", "Correct the fields that are named and send it again. Nothing was changed."},
	ErrNotFound:       {404, 1, "Not found", "Check the id. Nothing was changed."},
	ErrUnauthorized:   {401, 1, "Not signed in", "Send a valid token (TOCSIN_TOKEN, or the Authorization header)."},
	ErrForbidden:      {403, 1, "Your role does not allow this", "Ask a person whose role allows it."},
	ErrConflict:       {409, 1, "The incident is in another state", "Look at the status, then decide again. Nothing was changed."},
	ErrNoDelay:        {409, 1, "The law knows no such delay", "Name only duties whose law knows this delay, or hold back channels instead (tocsin hold set). Nothing was changed."},
	ErrIncomplete:     {409, 1, "The plan is not complete", "Fill in what is listed, then submit again."},
	ErrContents:       {409, 1, "The texts or the list of people are not in order", "Mend each gap that is named, or let it go by name with a reason (tocsin plan waive); then submit again."},
	ErrOldHash:        {409, 1, "The plan has changed since you read it", "Read the plan again and approve its present hash."},
	ErrSelfApproval:   {403, 1, "The author cannot approve", "Ask another person whose role is lead."},
	ErrUnreviewed:     {409, 1, "Nobody has signed off some of the texts", "Have them read and signed off (tocsin templates sign-off) and submit again, or accept them by name (--accept-unreviewed, accept_unreviewed); the acceptance stands on the record."},
	ErrAlreadyDecided: {409, 1, "This plan was already decided", "Look at the plan's history."},
	ErrUnknownPolicy:  {422, 1, "Unknown policy", "Use mooc, chinesepod, or the path of a policy file."},
	ErrNoApproval:     {409, 1, "There is no valid approval for this", "Submit the plan and have a second person approve it."},
	ErrTampered:       {409, 1, "Stored data differs from what was approved", "Stop, find out who changed it, and have the plan approved anew."},
	ErrTooLarge:       {413, 1, "The input is too large", "Send less at a time, or raise the limit in the settings. Nothing was changed."},
	ErrMediaType:      {415, 1, "The input has another form than this takes", "Send it in one of the content types that /openapi.json names, without content encoding."},
	ErrTooSlow:        {408, 1, "The input did not arrive in time", "Check the connection and send it again. Nothing was changed."},
	ErrMethod:         {405, 1, "This address takes other methods", "Look at /openapi.json for what it takes."},
	ErrKeyUsed:        {409, 1, "This Idempotency-Key belongs to another request", "Send this request with a new key. Nothing was changed."},
	ErrUnderWay:       {409, 1, "The same request is still being carried out", "Send it again with the same key a little later: it gives the answer as soon as there is one, and is not carried out twice."},
	ErrTooMany:        {429, 1, "There were too many of these", "Wait a while, then try again. Nothing was changed."},
	ErrUnavailable:    {503, 3, "The workflow engine does not answer", "What was recorded is safe and goes on by itself; look at the status later."},
	ErrInternal:       {500, 3, "Something failed on our side", "Nothing was lost. Give the reference number to the operator."},
}

// Error is an error that a user may see: what happened, why, and where. Detail and fields never contain
// personal data or rejected values.
type Error struct {
	Code   Code
	Detail string
	Fields []FieldError
	cause  error
}

// FieldError points at one place of the input, for example facts.incident.aware_at or row 12.
type FieldError struct {
	Where string `json:"where"`
	What  string `json:"what"`
}

// Errorf makes an Error. A %w verb keeps the cause for logs; it is not shown to users.
func Errorf(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Detail: err.Error(), cause: errors.Unwrap(err)}
}

// With adds field errors.
func (e *Error) With(fields ...FieldError) *Error { e.Fields = append(e.Fields, fields...); return e }

func (e *Error) Error() string {
	s := string(e.Code) + ": " + e.Detail
	for _, f := range e.Fields {
		s += "\n  " + f.Where + ": " + f.What
	}
	return s
}

func (e *Error) Unwrap() error { return e.cause }

// CodeOf gives the code of err, or ErrInternal for an error that is not of the catalogue.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ErrInternal
}
