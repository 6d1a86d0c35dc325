package main

import (
	"encoding/json"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/intake"
)

func (c *cli) detections() *cobra.Command {
	cmd := c.group(&cobra.Command{Use: "detections", Short: "What a detector's payload means", Example: "  tocsin detections map event.json"})
	var source string
	m := &cobra.Command{
		Use: "map FILE [--source cloudevents]", Short: "What a detector's payload would open, without a server",
		Long: `Show what incident a detector's payload would open, without a server. It takes
CloudEvents 1.0 in structured mode (- reads stdin). Exit status 1 when it would
be refused.`,
		Example: "  tocsin detections map event.json\n  tocsin detections map - -o json < event.json",
		Args:    exactly("FILE"),
		RunE: func(_ *cobra.Command, args []string) error {
			if source != "cloudevents" {
				return usagef("--source takes cloudevents")
			}
			return c.mapDetection(args[0])
		},
	}
	m.Flags().StringVar(&source, "source", "cloudevents", "form of the payload")
	fixed(m, "source", "cloudevents")
	cmd.AddCommand(m)
	return cmd
}

// mapped is what `detections map -o json` gives.
type mapped struct {
	Source   string       `json:"source"`
	Type     string       `json:"type"`
	EventID  string       `json:"event_id"`
	DedupKey string       `json:"dedup_key"`
	Subject  string       `json:"subject,omitempty"`
	At       time.Time    `json:"at"`
	Facts    breach.Facts `json:"facts"`
	Missing  []string     `json:"missing"`
}

func (c *cli) mapDetection(path string) error {
	body, err := c.read(path)
	if err != nil {
		return err
	}
	d, err := intake.ParseCloudEvent("application/cloudevents+json", body, c.now().UTC())
	if err != nil {
		return err
	}
	m := mapped{Source: d.Source, Type: d.Type, EventID: d.EventID, DedupKey: d.DedupKey, Subject: d.Subject, At: d.At, Facts: d.Facts,
		Missing: breach.IncidentFile{Facts: d.Facts}.Missing()}
	facts, err := json.MarshalIndent(d.Facts, "  ", "  ")
	if err != nil {
		return err
	}
	return c.answer(m, func(p *page) {
		p.line("It would open a draft; the same finding again is the same incident.")
		p.table(2, [][]string{{"source", d.Source}, {"type", d.Type}, {"event", d.EventID}, {"subject", d.Subject}, {"detected", instant(d.At)}})
		p.head("Facts")
		p.exact("  " + string(facts) + "\n")
		p.head("Still missing before a plan can be approved")
		for _, x := range m.Missing {
			p.para(2, x)
		}
	})
}
