package app

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// seeSenders shows the providers that messages go through while people are told.
func (d *Desk) seeSenders(ctx context.Context, v *breach.Overview) (err error) {
	if v.Incident.State == breach.IncidentNotifying {
		v.Senders, err = d.Store.Senders(ctx)
	}
	return err
}

// senders exports how processes stand with providers, read when it is asked for.
type senders struct {
	ctx                    context.Context
	p                      *Product
	processes, down, limit *prometheus.Desc
}

// watchSenders exports who sends through which provider, under which limit, and who holds it for down.
func watchSenders(ctx context.Context, p *Product, r *prometheus.Registry) error {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("tocsin_provider_"+name, help, []string{"provider"}, nil)
	}
	return r.Register(senders{
		ctx, p, desc("processes", "Processes that send through a provider now."),
		desc("down", "Processes that hold a provider for down and send nothing through it but probes."),
		desc("limit_per_second", "Messages a second that policies allow all processes together; 0 is no limit."),
	})
}

func (s senders) Describe(ch chan<- *prometheus.Desc) { ch <- s.processes; ch <- s.down; ch <- s.limit }

func (s senders) Collect(ch chan<- prometheus.Metric) {
	list, err := s.p.Store.Senders(s.ctx)
	if err != nil {
		return
	}
	for _, x := range list {
		for desc, n := range map[*prometheus.Desc]float64{s.processes: float64(x.Processes), s.down: float64(x.Down), s.limit: x.PerSecond} {
			ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, n, x.Provider)
		}
	}
}
