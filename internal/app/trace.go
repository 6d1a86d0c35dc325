package app

import (
	"context"
	"log/slog"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/opentelemetry"
	"go.temporal.io/sdk/interceptor"

	"github.com/tocsin-engine/tocsin/internal/obs"
)

// Trace lets a Temporal client report spans where a collector is named (OTEL_EXPORTER_OTLP_ENDPOINT), and
// does nothing otherwise. Spans carry names of workflows and activities and opaque ids.
func Trace(ctx context.Context, service string, o *client.Options, log *slog.Logger) (stop func(), err error) {
	provider, end, err := obs.NewTracing(ctx, service, "", log)
	if err != nil {
		return nil, err
	}
	tracing, err := opentelemetry.NewTracingInterceptor(opentelemetry.TracerOptions{Tracer: provider.Tracer("tocsin")})
	if err != nil {
		return nil, err
	}
	o.Interceptors = append(o.Interceptors, interceptor.ClientInterceptor(tracing))
	return func() { _ = end(context.WithoutCancel(ctx)) }, nil
}
