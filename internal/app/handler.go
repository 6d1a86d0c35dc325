package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tocsin-engine/tocsin/internal/announce"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/console"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/delivery/email"
	"github.com/tocsin-engine/tocsin/internal/httpapi"
	"github.com/tocsin-engine/tocsin/internal/intake"
	"github.com/tocsin-engine/tocsin/internal/obs"
	"github.com/tocsin-engine/tocsin/internal/regulator"
	"github.com/tocsin-engine/tocsin/worker"
)

// handler mounts the API, the console and the public pages on one server.
func handler(s Settings, p *Product, a adapters, site *announce.Site) (http.Handler, error) {
	pages, err := console.New(console.Config{Desk: p.Desk, Log: s.Log, Now: s.Now, Reasons: reasons(), Done: p.ending, MaxListBytes: s.MaxList})
	if err != nil {
		return nil, err
	}
	observe, streams, err := observer(s.Metrics)
	if err != nil {
		return nil, err
	}
	public := site.Handler()
	outside := []httpapi.Page{
		{Pattern: "/notices/", Handler: public}, {Pattern: "/verify", Handler: public},
		{Pattern: "/console/", Handler: pages}, {Pattern: "GET /{$}", Handler: http.RedirectHandler("/console/", http.StatusSeeOther)},
	}
	for _, sender := range a {
		if d, asks := sender.(delivery.Door); asks {
			pattern, h := d.Door()
			outside = append(outside, httpapi.Page{Pattern: pattern, Handler: h})
		}
	}
	return httpapi.New(httpapi.Config{
		Desk: p.Desk, Answers: p.Store,
		Callbacks:      &worker.Receipts{Senders: a, Profiles: s.Policies, Ledger: p.Store, Now: s.Now},
		Bounces:        p.bounces.taker,
		ParseDetection: intake.ParseCloudEvent,
		ParseDraft:     intake.Read,
		Ready:          []httpapi.Check{{Name: "ledger", Ready: p.Store.Ping}, {Name: "workflow engine", Ready: p.Desk.Ready}},
		Metrics:        obs.MetricsHandler(s.Metrics),
		Pages:          outside,
		PublicURL:      s.PublicBaseURL, MaxListBytes: s.MaxList, Version: s.Version,
		Log: s.Log, Observe: observe, Streams: streams, Now: s.Now,
	})
}

// observer counts requests by route, method and status; nothing of a request's content is a label. Event
// streams are open for as long as a page is: they are counted, not timed.
func observer(r *prometheus.Registry) (seen func(httpapi.Seen), streams func(int), err error) {
	took := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "tocsin_http_request_seconds", Help: "Time to answer, by route pattern, method and status; without event streams.",
		Buckets: []float64{.005, .025, .1, .25, 1, 5},
	}, []string{"route", "method", "status"})
	open := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "tocsin_http_streams_open", Help: "Event streams of console pages that are open now.",
	})
	if err := errors.Join(r.Register(took), r.Register(open)); err != nil {
		return nil, nil, err
	}
	seen = func(x httpapi.Seen) {
		if !x.Stream {
			took.WithLabelValues(x.Route, x.Method, strconv.Itoa(x.Status)).Observe(x.Took.Seconds())
		}
	}
	return seen, func(change int) { open.Add(float64(change)) }, nil
}

// filer files reports by the routes in the settings.
func (a adapters) filer(s Settings) (*regulator.Router, error) {
	return regulator.New(regulator.Config{Routes: s.Routes, Portal: s.Portal}, a[email.Provider])
}

var _ regulator.Mailer = delivery.Sender(nil)

// NewOwner names a process in leases, differently with every start.
func NewOwner() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // crypto/rand never fails on the systems that Go supports
	return hex.EncodeToString(b[:])
}

// watchInvariant exports the one number that must always be 0: people whose tally and recount differ.
func watchInvariant(ctx context.Context, p *Product, r *prometheus.Registry) error {
	off := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "tocsin_people_unaccounted", Help: "Incidents whose person outcomes do not add up to the people; must be 0.",
	}, func() float64 {
		list, err := p.Store.Incidents(ctx)
		if err != nil {
			return -1
		}
		var bad float64
		for _, inc := range list {
			if inv, err := p.Store.CheckInvariant(ctx, inc.ID); err != nil || !inv.Equal {
				bad++
			}
		}
		return bad
	})
	people := prometheus.NewDesc("tocsin_people", "People by outcome over all incidents.", []string{"outcome"}, nil)
	return errors.Join(r.Register(off), r.Register(outcomes{ctx, p, people}))
}

// outcomes exports people by outcome, counted when it is asked for.
type outcomes struct {
	ctx  context.Context
	p    *Product
	desc *prometheus.Desc
}

func (o outcomes) Describe(ch chan<- *prometheus.Desc) { ch <- o.desc }

func (o outcomes) Collect(ch chan<- prometheus.Metric) {
	list, err := o.p.Store.Incidents(o.ctx)
	if err != nil {
		return
	}
	sum := breach.Tally{}
	for _, inc := range list {
		t, err := o.p.Store.Tally(o.ctx, inc.ID, 0)
		if err != nil {
			return
		}
		for _, k := range breach.Outcomes {
			sum[k] += t[k]
		}
	}
	for _, k := range breach.Outcomes {
		ch <- prometheus.MustNewConstMetric(o.desc, prometheus.GaugeValue, float64(sum[k]), string(k))
	}
}

// reasons hands the catalogue of failures to the console.
func reasons() map[string]console.Reason {
	out := map[string]console.Reason{}
	for code, r := range delivery.Reasons {
		out[code] = console.Reason{Cause: r.Cause, Next: r.Next, Do: r.Do}
	}
	return out
}
