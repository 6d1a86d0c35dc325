package main

import (
	"github.com/spf13/cobra"
)

func (c *cli) send() *cobra.Command {
	cmd := c.group(&cobra.Command{Use: "send", Short: "Pause, resume, stop a delivery; let go on what is held back", Example: "  tocsin send pause 3f9a…"})
	path := func(verb string) func(string) string {
		return func(id string) string { return incidentPath(id, "send", verb) }
	}
	cmd.AddCommand(
		c.verb("pause", "Hand over nothing more until it is resumed", "Paused: nothing more is handed over.", path("pause"), "  tocsin send pause 3f9a…"),
		c.verb("resume", "Go on with what is missing", "Resumed.", path("resume"), "  tocsin send resume 3f9a…"),
		c.lift(),
		c.tryAgain(),
		c.verb("stop", "End a delivery for good", "Stopped for good. Who was not told is listed in the status.", path("stop"), "  tocsin send stop 3f9a…"),
	)
	return cmd
}
