package httpapi

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Who may use a route. The engine checks again for what it carries out.
var (
	anybody   = []breach.Role(nil) // no token
	detectors = []breach.Role{breach.RoleDetector, breach.RoleResponder, breach.RoleLead}
	readers   = []breach.Role{breach.RoleReader, breach.RoleResponder, breach.RoleLead}
	handlers  = []breach.Role{breach.RoleResponder, breach.RoleLead}
	leads     = []breach.Role{breach.RoleLead}
)

// guard stands before every operation: who is it, may they, is the body one that can be taken, and was
// this done before.
func (s *server) guard(rt route) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(ctx)
		if err := s.admit(r, rt); err != nil {
			s.refuse(w, r, err)
			return
		}
		var body *hashed
		var err error
		switch {
		case rt.body != nil:
			body, err = s.takeBody(w, r, rt.body)
		case rt.method == http.MethodPost:
			err = takeNothing(r)
		}
		if err != nil {
			s.refuse(w, r, err)
			return
		}
		if rt.method != http.MethodPost || rt.roles == nil {
			next(ctx)
			return
		}
		err = s.once(w, r, body, func(w http.ResponseWriter, r *http.Request) { next(humago.NewContext(ctx.Operation(), r, w)) })
		if err != nil {
			s.refuse(w, r, err)
		}
	}
}

func (s *server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if breach.CodeOf(err) == breach.ErrUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="tocsin"`)
	}
	if breach.CodeOf(err) == breach.ErrUnderWay {
		w.Header().Set("Retry-After", "5")
	}
	writeProblem(w, r, err)
}

func (s *server) admit(r *http.Request, rt route) error {
	if rt.roles == nil {
		return nil
	}
	actor, err := s.whoIs(r.Context(), r.Header.Values("Authorization"))
	if err != nil {
		return err
	}
	visitOf(r.Context()).actor = actor
	if !slices.Contains(rt.roles, actor.Role) {
		return breach.Errorf(breach.ErrForbidden, "this needs the role %s", roleNames(rt.roles))
	}
	return nil
}

func roleNames(roles []breach.Role) string {
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = string(r)
	}
	return strings.Join(names, " or ")
}

const maxToken = 512

// whoIs asks the desk for every request that brings something, so that a malformed token costs what an
// unknown one costs.
func (s *server) whoIs(ctx context.Context, given []string) (breach.Actor, error) {
	if len(given) == 0 {
		return breach.Actor{}, breach.Errorf(breach.ErrUnauthorized, "there is no bearer token")
	}
	scheme, token, _ := strings.Cut(given[0], " ")
	wellFormed := len(given) == 1 && strings.EqualFold(scheme, "Bearer") && printable(token, maxToken)
	if !wellFormed {
		token = "malformed"
	}
	actor, err := s.cfg.Desk.Authenticate(ctx, token)
	if err == nil && !wellFormed {
		err = breach.Errorf(breach.ErrUnauthorized, "the Authorization header is not a bearer token")
	}
	return actor, err
}

func actorOf(ctx context.Context) breach.Actor { return visitOf(ctx).actor }
