package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/evidence"
)

const timelinePage = 500

// brief shows what an entry of the record says: its plain values, long hashes by their first digits.
func brief(data json.RawMessage) string {
	var values map[string]any
	if json.Unmarshal(data, &values) != nil {
		return ""
	}
	var parts []string
	for _, k := range sortedKeys(values) {
		switch v := values[k].(type) {
		case string:
			if len(v) == 64 {
				v = v[:12] + "…"
			}
			if v != "" {
				parts = append(parts, k+" "+v)
			}
		case float64, bool:
			parts = append(parts, fmt.Sprintf("%s %v", k, v))
		case []any:
			var words []string
			for _, w := range v {
				words = append(words, fmt.Sprint(w))
			}
			if len(words) > 0 {
				parts = append(parts, strings.ReplaceAll(k, "_", " ")+": "+strings.Join(words, "; "))
			}
		}
	}
	return strings.Join(parts, ", ")
}

func (c *cli) timeline() *cobra.Command {
	var after int64
	cmd := &cobra.Command{
		Use: "timeline ID", Short: "Everything that happened, with its hashes checked here",
		Example: "  tocsin timeline 3f9a…\n  tocsin timeline 3f9a… --after 120 -o json", Args: exactly("ID"), ValidArgsFunction: c.completeIncident,
		RunE: func(cmd *cobra.Command, args []string) error {
			if after < 0 {
				return usagef("--after takes the number of an entry")
			}
			return c.showTimeline(cmd.Context(), args[0], after)
		},
	}
	cmd.Flags().Int64Var(&after, "after", 0, "only entries after this number")
	return cmd
}

func (c *cli) showTimeline(ctx context.Context, id string, after int64) error {
	k, err := c.connect()
	if err != nil {
		return err
	}
	all := struct {
		Entries []breach.AuditEntry `json:"entries"`
	}{[]breach.AuditEntry{}}
	for at := after; ; {
		var some struct {
			Entries []breach.AuditEntry `json:"entries"`
		}
		query := url.Values{"after": {strconv.FormatInt(at, 10)}, "limit": {strconv.Itoa(timelinePage)}}
		if err := k.do(ctx, call{method: http.MethodGet, path: incidentPath(id, "timeline"), query: query}, &some); err != nil {
			return err
		}
		all.Entries = append(all.Entries, some.Entries...)
		if len(some.Entries) < timelinePage {
			break
		}
		at = some.Entries[len(some.Entries)-1].Seq
	}
	err = c.answer(all, func(p *page) {
		for _, e := range all.Entries {
			p.para(0, fmt.Sprintf("%5d  %s  %s, %s", e.Seq, e.At.UTC().Format("2006-01-02 15:04:05"), e.Action, e.Actor))
			if data := brief(e.Data); data != "" {
				p.para(7, data)
			}
		}
	})
	if err != nil || after > 0 {
		return err // the chain is checked from its beginning
	}
	if bad, err := evidence.VerifyChain(all.Entries); err != nil {
		return no("the chain is broken at entry %d: somebody changed the record", bad)
	}
	c.tell(fmt.Sprintf("%d entries, and every hash fits the one before it.", len(all.Entries)))
	return nil
}
