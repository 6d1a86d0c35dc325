package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// FeedDesk is what applications of the organisation ask for.
type FeedDesk interface {
	Feed(ctx context.Context) (breach.Feed, error)
	// FeedFor leaves out whoever has nothing to be shown.
	FeedFor(ctx context.Context, externalIDs []string) ([]breach.FeedPerson, error)
	AcknowledgeInApp(ctx context.Context, seen []breach.Seen, by breach.Actor) (int, error)
}

var applications = []breach.Role{breach.RoleApplication}

// feedBody takes a hundred ids of the longest kind.
var feedBody = &bodyRule{types: []string{"application/json"}, max: 64 << 10}

type feedInput struct {
	IfNoneMatch string `header:"If-None-Match" doc:"The ETag of the answer that you have."`
}

type feedAnswer struct {
	Status       int
	ETag         string `header:"ETag"`
	CacheControl string `header:"Cache-Control"`
	Body         breach.Feed
}

type feedLookup struct {
	Body struct {
		ExternalIDs []string `json:"external_ids" minItems:"1" maxItems:"100" doc:"Ids of users, as the lists name them; at most 200 characters each."`
	}
}

type feedPeople struct {
	People []breach.FeedPerson `json:"people" doc:"Who has a notice to be shown; whoever is missing has none."`
}

type feedSeen struct {
	Body struct {
		Acknowledgements []breach.Seen `json:"acknowledgements" minItems:"1" maxItems:"100"`
	}
}

type feedTaken struct {
	OnRecord int `json:"on_record" doc:"How many of them are on record now, from before too."`
}

// feed is for banners and pop-ups in applications.
func (s *server) feed() {
	add(s, route{
		method: http.MethodGet, path: "/v1/feed", id: "feed", tag: "feed", roles: applications,
		summary: "Notices that an application may show now", text: "Pointers to notices, by list and language, without facts; for those alone whom the look-up names. Ask again with If-None-Match: 304 when nothing changed.",
	}, s.showFeed)
	add(s, route{
		method: http.MethodPost, path: "/v1/feed/lookup", id: "feedLookup", tag: "feed", roles: applications, body: feedBody,
		summary: "Which notices to show to which users", text: "By the organisation's own ids. Unknown ids and those with nothing to be shown are left out alike.",
	}, func(ctx context.Context, in *feedLookup) (*answer[feedPeople], error) {
		for _, id := range in.Body.ExternalIDs {
			if id == "" || len(id) > maxExternalID {
				return nil, breach.Errorf(breach.ErrInvalid, "nobody was looked up").
					With(breach.FieldError{Where: "external_ids", What: "must have 1 to 200 bytes each"})
			}
		}
		people, err := s.cfg.Desk.FeedFor(ctx, in.Body.ExternalIDs)
		return reply(feedPeople{people}, err)
	})
	add(s, route{
		method: http.MethodPost, path: "/v1/feed/acknowledgements", id: "feedAcknowledge", tag: "feed", roles: applications, body: feedBody,
		summary: "Users who acknowledged their notice", text: "The same again changes nothing. Whether they count as reached is the policy's word; a child's own never counts.",
	}, func(ctx context.Context, in *feedSeen) (*answer[feedTaken], error) {
		n, err := s.cfg.Desk.AcknowledgeInApp(ctx, in.Body.Acknowledgements, actorOf(ctx))
		return reply(feedTaken{n}, err)
	})
}

const maxExternalID = 200

func (s *server) showFeed(ctx context.Context, in *feedInput) (*feedAnswer, error) {
	feed, err := s.cfg.Desk.Feed(ctx)
	if err != nil {
		return nil, err
	}
	b, err := json.Marshal(feed)
	if err != nil {
		return nil, breach.Errorf(breach.ErrInternal, "the feed could not be encoded: %w", err)
	}
	sum := sha256.Sum256(b)
	out := &feedAnswer{Status: http.StatusOK, ETag: `"` + hex.EncodeToString(sum[:16]) + `"`, CacheControl: "private, no-cache", Body: feed}
	for _, tag := range strings.Split(in.IfNoneMatch, ",") {
		if tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/"); tag == out.ETag || tag == "*" {
			out.Status = http.StatusNotModified
		}
	}
	return out, nil
}
