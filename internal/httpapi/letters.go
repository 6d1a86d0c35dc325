package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// LetterDesk is what is asked and said about letters. Roles are checked behind it too.
type LetterDesk interface {
	Letters(ctx context.Context) (breach.PostOverview, error)
	// LettersOf is breach.ErrNotFound for a batch that nobody knows.
	LettersOf(ctx context.Context, batch string, by breach.Actor) ([]breach.PostedLetter, error)
	// TakeLetterWords takes the same file again without changing anything.
	TakeLetterWords(ctx context.Context, kind breach.PostWords, file []byte, by breach.Actor) (breach.PostTold, error)
}

// OfBatch is the batch that an address names.
type OfBatch struct {
	Batch string `path:"id" doc:"Id of the batch."`
}

// Resolve implements huma.Resolver.
func (a *OfBatch) Resolve(huma.Context) []error {
	if plainID(a.Batch) {
		return nil
	}
	return []error{breach.Errorf(breach.ErrNotFound, "there is no batch of letters with this id")}
}

type lettersOf struct {
	Letters []breach.PostedLetter `json:"letters"`
}

// maxPostBytes bounds a file about letters.
const maxPostBytes = 16 << 20

var postWords = &bodyRule{types: []string{"text/csv", "text/plain"}, max: maxPostBytes}

type postWordsInput struct {
	RawBody []byte `contentType:"text/csv"`
}

func (s *server) letters() {
	add(s, route{
		method: http.MethodGet, path: "/v1/letters", id: "letters", tag: "letters", roles: readers,
		summary: "Where letters stand", text: "How many wait, and the newest hundred batches with what printer and post said of them.",
	}, func(ctx context.Context, _ *struct{}) (*answer[breach.PostOverview], error) {
		return reply(s.cfg.Desk.Letters(ctx))
	})
	add(s, route{
		method: http.MethodGet, path: "/v1/letters/{id}/manifest", id: "letterManifest", tag: "letters", roles: handlers,
		summary: "The letters of a batch, with the last word on each", text: "By the id that stands on each letter. Nobody is named.",
	}, func(ctx context.Context, in *OfBatch) (*answer[lettersOf], error) {
		list, err := s.cfg.Desk.LettersOf(ctx, in.Batch, actorOf(ctx))
		return reply(lettersOf{list}, err)
	})
	s.takesPost("/v1/letters/report", breach.PostReport, "letterReport", "Take in the printer's report",
		"CSV with the columns letter_id, status (printed, posted, failed) and date (2026-11-22). The day of posting counts. The same file again changes nothing.")
	s.takesPost("/v1/letters/returned", breach.PostReturned, "lettersReturned", "Take in letters that came back",
		"CSV with the columns letter_id, reason and date, or one scanned id a line. Whoever did not get the letter goes on to the next channel. The same file again changes nothing.")
}

func (s *server) takesPost(path string, kind breach.PostWords, id, summary, text string) {
	add(s, route{
		method: http.MethodPost, path: path, id: id, tag: "letters", roles: handlers, body: postWords, summary: summary, text: text,
		content: map[string]*huma.MediaType{"text/csv": {Schema: &huma.Schema{Type: "string"}}},
	}, func(ctx context.Context, in *postWordsInput) (*answer[breach.PostTold], error) {
		return reply(s.cfg.Desk.TakeLetterWords(ctx, kind, in.RawBody, actorOf(ctx)))
	})
}
