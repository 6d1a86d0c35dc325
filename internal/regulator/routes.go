package regulator

import (
	"net/mail"
	"regexp"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Route sends the reports of some obligations one way.
type Route struct {
	// Match is a regime (eu-gdpr), an obligation (eu-gdpr/authority/initial), either with * at its end for
	// whatever follows (cn-*), or * for all.
	Match     string
	Via       string // portal, email
	To        string // mailbox of the authority, for email
	Authority string // short name of the authority for the portal; the regime when empty
}

// Routes are tried in order; the first that fits decides.
type Routes []Route

// UnmarshalText reads "cn-*=email:reports@authority.example, eu-gdpr=portal:DPC, *=portal", as settings
// write it.
func (r *Routes) UnmarshalText(b []byte) error {
	var out Routes
	for part := range strings.SplitSeq(string(b), ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		match, how, found := strings.Cut(part, "=")
		via, rest, _ := strings.Cut(how, ":")
		route := Route{Match: strings.TrimSpace(match), Via: strings.TrimSpace(via)}
		if route.Via == ViaEmail {
			route.To = strings.TrimSpace(rest)
		} else {
			route.Authority = strings.TrimSpace(rest)
		}
		if !found {
			return breach.Errorf(breach.ErrInvalid, "a report route is written as regime=portal or regime=email:mailbox, several separated by commas")
		}
		if err := route.check(); err != nil {
			return err
		}
		out = append(out, route)
	}
	*r = out
	return nil
}

var (
	matchShape     = regexp.MustCompile(`^(?:[a-z0-9][a-z0-9_/-]{0,127}\*?|\*)$`)
	authorityShape = regexp.MustCompile(`^[A-Za-z0-9-]{0,32}$`)
)

func (r Route) check() error {
	switch {
	case !matchShape.MatchString(r.Match):
		return breach.Errorf(breach.ErrInvalid, "a report route matches a regime or obligation in lower case, with * at its end for whatever follows")
	case r.Via == ViaPortal && authorityShape.MatchString(r.Authority):
		return nil
	case r.Via == ViaPortal:
		return breach.Errorf(breach.ErrInvalid, "the report route of %s names its authority by up to 32 letters, digits or dashes", r.Match)
	case r.Via != ViaEmail:
		return breach.Errorf(breach.ErrInvalid, "the report route of %s goes neither by portal nor by email", r.Match)
	}
	if a, err := mail.ParseAddress(r.To); err != nil || a.Address != r.To {
		return breach.Errorf(breach.ErrInvalid, "the report route of %s needs the authority's mailbox, such as email:reports@authority.example", r.Match)
	}
	return nil
}

func (r Routes) find(obligation string) (Route, bool) {
	regime, _, _ := strings.Cut(obligation, "/")
	for _, route := range r {
		start, open := strings.CutSuffix(route.Match, "*")
		if route.Match == obligation || route.Match == regime || (open && strings.HasPrefix(obligation, start)) {
			return route, true
		}
	}
	return Route{}, false
}
