package breach

import "context"

// KeyedRequest is a request that was sent under an Idempotency-Key. A key belongs to the actor who sent it.
type KeyedRequest struct {
	Actor, Key string
	// RequestHash covers what is asked for, hex.
	RequestHash string
	// Owner names who carries it out; every try has a name of its own.
	Owner string
}

// KeyState is what became of a key. It is either Yours (carry the request out, and say what came of it), or
// it has an answer already (Status is not 0), or somebody else is carrying it out.
type KeyState struct {
	Yours bool
	// Deed is an opaque id, 32 hexadecimal digits, that all tries of one request share.
	Deed   string
	Answer []byte
	Status int
}

type deedKey struct{}

// WithDeed says that what is done under ctx is the deed of that id: when an earlier try of it got anywhere,
// the next one goes on with that instead of beginning anew.
func WithDeed(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, deedKey{}, id)
}

// DeedOf gives the id of WithDeed, or nothing when what is done is not tried again.
func DeedOf(ctx context.Context) string {
	id, _ := ctx.Value(deedKey{}).(string)
	return id
}
