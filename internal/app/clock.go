package app

import (
	"context"
	"log/slog"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/tocsin-engine/tocsin/internal/config"
	"github.com/tocsin-engine/tocsin/worker"
)

// WorkerBy is Worker by another clock. The fault suite runs it to find out what a clock that jumps does;
// the product has no setting for it.
func WorkerBy(ctx context.Context, c config.Config, now func() time.Time) error {
	return withProduct(ctx, c, "", func(p *Product, log *slog.Logger, t client.Client) error {
		log.Info("working by another clock", "owner", p.Ports.Owner)
		p.Ports.Now = now
		return worker.Run(ctx, t, p.Ports)
	})
}
