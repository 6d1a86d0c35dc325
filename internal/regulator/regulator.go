// Package regulator hands approved reports to authorities: to a filing portal over HTTP, or by email. It
// decides nothing about duties; which authority is reached by which route is configuration. A report is
// about an incident, never about a single affected person, and no list of people is ever attached.
//
// Imports of ours: breach, delivery.
package regulator

import (
	"context"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Names of the routes, as they stand in filings.
const (
	ViaPortal = "portal"
	ViaEmail  = "email"
)

// Config says how authorities are reached.
type Config struct {
	Routes Routes
	Portal *PortalConfig // nil: no report may be routed to a portal
}

// Router files each report by the first route that fits its obligation. It is safe for many goroutines.
type Router struct {
	routes Routes
	portal *portal
	mail   Mailer
}

// New checks the configuration as a whole. mail may be nil when no route goes by email.
func New(c Config, mail Mailer) (*Router, error) {
	r := &Router{routes: c.Routes, mail: mail}
	var err error
	if c.Portal != nil {
		if r.portal, err = newPortal(*c.Portal); err != nil {
			return nil, err
		}
	}
	for _, route := range c.Routes {
		if err := route.check(); err != nil {
			return nil, err
		}
		if route.Via == ViaPortal && r.portal == nil {
			return nil, breach.Errorf(breach.ErrInvalid, "reports of %s are routed to a portal, but no portal is configured", route.Match)
		}
		if route.Via == ViaEmail && mail == nil {
			return nil, breach.Errorf(breach.ErrInvalid, "reports of %s are routed by email, but no mail server is configured", route.Match)
		}
	}
	return r, nil
}

// File hands a report to the authority of an obligation and returns the route and, where the route gives
// one at once, the acknowledgement number. The same key with the same text again is the same filing.
//
// breach.ErrUnavailable means that the authority may or may not have it and that filing again with the
// same key is safe; every other error is final: ErrIncomplete (placeholders or empty required sections),
// ErrTampered, ErrConflict (the key was used for another report), ErrInvalid (no route, or refused).
func (r *Router) File(ctx context.Context, key, obligation string, text breach.Text) (via, acknowledgement string, err error) {
	report, err := readReport(obligation, text)
	if err != nil {
		return "", "", err
	}
	if !plainKey(key) {
		return "", "", breach.Errorf(breach.ErrInvalid, "the key of a filing must be 1 to 255 printable characters")
	}
	route, ok := r.routes.find(obligation)
	if !ok {
		return "", "", breach.Errorf(breach.ErrInvalid, "no route is configured for %s; configure one, or file the report by hand and enter its acknowledgement number", obligation)
	}
	if route.Via == ViaEmail {
		return ViaEmail, "", r.byEmail(ctx, key, route, report)
	}
	acknowledgement, err = r.portal.file(ctx, key, route, report)
	return ViaPortal, acknowledgement, err
}

// report is an approved text that may be filed.
type report struct {
	obligation, sha256 string
	body               breach.TextBody
}

// readReport opens a text and refuses one that is not ready for an authority.
func readReport(obligation string, text breach.Text) (report, error) {
	b, err := text.Open()
	if err != nil {
		return report{}, err
	}
	if b.Kind != breach.KindReport || b.Channel != obligation {
		return report{}, breach.Errorf(breach.ErrInvalid, "the text is not the report of %s", obligation)
	}
	var empty []breach.FieldError
	for _, part := range []string{"title", "text"} {
		if strings.TrimSpace(b.Parts[part]) == "" {
			empty = append(empty, breach.FieldError{Where: part, What: "is empty"})
		}
	}
	for _, name := range b.Required {
		if strings.TrimSpace(b.Fields[name]) == "" {
			empty = append(empty, breach.FieldError{Where: name, What: "is required and empty"})
		}
	}
	if len(empty) > 0 {
		return report{}, breach.Errorf(breach.ErrIncomplete, "the report of %s is not complete", obligation).With(empty...)
	}
	for _, all := range []map[string]string{b.Parts, b.Fields} {
		for _, s := range all {
			if strings.Contains(s, "{{") || strings.Contains(s, "}}") {
				return report{}, breach.Errorf(breach.ErrIncomplete, "the report of %s still holds placeholders", obligation)
			}
		}
	}
	return report{obligation, text.Ref.SHA256, b}, nil
}

// plainKey says that a key can stand in a header as it is.
func plainKey(key string) bool {
	return key != "" && len(key) <= 255 && strings.Trim(key, printable) == ""
}

const printable = "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"
