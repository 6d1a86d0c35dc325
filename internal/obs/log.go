// Package obs sets up what operators look at: logs, metrics and traces.
//
// None of them may carry personal data. Logs have a last line of defence against mistakes: whatever
// looks like an address is blanked before it is written.
//
// Imports of ours: none. Only composition roots import it.
package obs

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

// LogOptions of NewLogger; the zero value logs text from level Info on.
type LogOptions struct {
	// Format is "text" (the default) or "json".
	Format string
	// Level is "debug", "info" (the default), "warn" or "error".
	Level string
}

// Validate names everything that is wrong.
func (o LogOptions) Validate() error {
	_, err := o.handler(io.Discard)
	return err
}

// NewLogger writes to w, and blanks what looks like personal data.
func NewLogger(w io.Writer, o LogOptions) (*slog.Logger, error) {
	h, err := o.handler(w)
	if err != nil {
		return nil, err
	}
	return slog.New(Redacting(h)), nil
}

func (o LogOptions) handler(w io.Writer) (slog.Handler, error) {
	var level slog.Level
	if o.Level != "" {
		if err := level.UnmarshalText([]byte(o.Level)); err != nil {
			return nil, fmt.Errorf("log level %q: use debug, info, warn or error", o.Level)
		}
	}
	opts := &slog.HandlerOptions{Level: level}
	switch o.Format {
	case "", "text":
		return slog.NewTextHandler(w, opts), nil
	case "json":
		return slog.NewJSONHandler(w, opts), nil
	default:
		return nil, fmt.Errorf("log format %q: use text or json", o.Format)
	}
}

// Redacting wraps a handler so that Redact is applied to messages, keys and values, within groups
// and errors too. Values of unknown types that would print an address are replaced by their text.
func Redacting(next slog.Handler) slog.Handler { return redacting{next} }

type redacting struct{ next slog.Handler }

func (h redacting) Enabled(ctx context.Context, l slog.Level) bool { return h.next.Enabled(ctx, l) }

func (h redacting) Handle(ctx context.Context, r slog.Record) error {
	clean := slog.NewRecord(r.Time, r.Level, Redact(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(redactAttr(a))
		return true
	})
	return h.next.Handle(ctx, clean)
}

func (h redacting) WithAttrs(attrs []slog.Attr) slog.Handler {
	clean := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		clean[i] = redactAttr(a)
	}
	return redacting{h.next.WithAttrs(clean)}
}

func (h redacting) WithGroup(name string) slog.Handler {
	return redacting{h.next.WithGroup(Redact(name))}
}

func redactAttr(a slog.Attr) slog.Attr {
	return slog.Attr{Key: Redact(a.Key), Value: redactValue(a.Value.Resolve())}
}

func redactValue(v slog.Value) slog.Value {
	switch v.Kind() {
	case slog.KindString:
		return slog.StringValue(Redact(v.String()))
	case slog.KindGroup:
		group := v.Group()
		clean := make([]slog.Attr, len(group))
		for i, a := range group {
			clean[i] = redactAttr(a)
		}
		return slog.GroupValue(clean...)
	case slog.KindAny:
		return redactAny(v)
	default: // numbers, times, durations, booleans
		return v
	}
}

func redactAny(v slog.Value) slog.Value {
	switch x := v.Any().(type) {
	case error:
		return slog.StringValue(Redact(x.Error()))
	case []byte:
		return slog.StringValue(Redact(string(x)))
	case *slog.Source:
		return v
	default:
		printed := fmt.Sprintf("%+v", x)
		if clean := Redact(printed); clean != printed {
			return slog.StringValue(clean)
		}
		// JSON shows what %+v does not: what pointers point to.
		if b, err := json.Marshal(x); err == nil {
			if clean := Redact(string(b)); clean != string(b) {
				return slog.StringValue(clean)
			}
		}
		return v
	}
}
