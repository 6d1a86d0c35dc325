package channels

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"

	"github.com/tocsin-engine/tocsin/internal/delivery/email"
	"github.com/tocsin-engine/tocsin/internal/delivery/email/dkim"
	"github.com/tocsin-engine/tocsin/internal/simulator"
)

// zone is what a DNS server on loopback knows: "TXT name" -> texts, "MX name" -> hosts, "A name" -> addresses. The
// text SERVFAIL makes it fail.
type zone map[string][]string

// serve answers on UDP until the test ends.
func (z zone) serve(t *testing.T) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	var wg sync.WaitGroup
	wg.Go(func() {
		buf := make([]byte, 4096)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			if answer, err := z.answer(buf[:n]); err == nil {
				_, _ = conn.WriteTo(answer, from)
			}
		}
	})
	t.Cleanup(func() { _ = conn.Close(); wg.Wait() })
	return conn.LocalAddr().String()
}

func (z zone) answer(question []byte) ([]byte, error) {
	var p dnsmessage.Parser
	head, err := p.Start(question)
	if err != nil {
		return nil, err
	}
	q, err := p.Question()
	if err != nil {
		return nil, err
	}
	kind := strings.TrimPrefix(q.Type.String(), "Type")
	name := strings.ToLower(strings.TrimSuffix(q.Name.String(), "."))
	list := z[kind+" "+name]
	known := slices.ContainsFunc([]string{"TXT ", "MX ", "A "}, func(k string) bool { _, ok := z[k+name]; return ok })
	h := dnsmessage.Header{ID: head.ID, Response: true, Authoritative: true}
	switch {
	case slices.Contains(list, "SERVFAIL"):
		h.RCode, list = dnsmessage.RCodeServerFailure, nil
	case !known:
		h.RCode = dnsmessage.RCodeNameError
	}
	b := dnsmessage.NewBuilder(nil, h)
	if err := b.StartQuestions(); err != nil {
		return nil, err
	}
	if err := b.Question(q); err != nil {
		return nil, err
	}
	if err := b.StartAnswers(); err != nil {
		return nil, err
	}
	rh := dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 1}
	for i, v := range list {
		switch q.Type {
		case dnsmessage.TypeTXT:
			err = b.TXTResource(rh, dnsmessage.TXTResource{TXT: slices.Collect(chunks(v))})
		case dnsmessage.TypeMX:
			err = b.MXResource(rh, dnsmessage.MXResource{Pref: uint16(i), MX: dnsmessage.MustNewName(v + ".")})
		case dnsmessage.TypeA:
			err = b.AResource(rh, dnsmessage.AResource{A: [4]byte(net.ParseIP(v).To4())})
		}
		if err != nil {
			return nil, err
		}
	}
	return b.Finish()
}

// chunks cuts a text as DNS stores it.
func chunks(s string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for part := range slices.Chunk([]byte(s), 255) {
			if !yield(string(part)) {
				return
			}
		}
	}
}

// stage is a relay, a zone that is as it should be, and the keys.
type stage struct {
	zone  zone
	relay Relay
	takes []string
	wave  Audience
	now   time.Time
}

// ground is what the tests share: a relay, and keys, which take a moment to make.
type ground struct {
	at   simulator.SMTP
	keys dkim.Sources
}

func newGround(t *testing.T) ground {
	t.Helper()
	dir := t.TempDir()
	sims, err := simulator.Start(t.Context(), simulator.Options{Dir: dir})
	require.NoError(t, err)
	t.Cleanup(func() { _ = sims.Close() })
	big, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	_, small, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	g := ground{at: sims.Endpoints().SMTP}
	for selector, private := range map[string]any{"r1": big, "e1": small} {
		der, err := x509.MarshalPKCS8PrivateKey(private)
		require.NoError(t, err)
		path := filepath.Join(dir, selector)
		require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
		g.keys = append(g.keys, dkim.Source{Selector: selector, File: path})
	}
	return g
}

func (g ground) stage(t *testing.T) *stage {
	t.Helper()
	s := &stage{now: time.Now(), takes: []string{"SMTP on 0.0.0.0:25"}, wave: Audience{People: 100_000, Bytes: 100 << 10}}
	s.relay = Relay{Name: "smtp", PerSecond: 50, Config: email.Config{
		Addr: g.at.Address, CAFile: g.at.CAFile, Username: g.at.Username, Password: g.at.Password, From: "notice@academy.example", EnvelopeDomain: "bounce.academy.example",
		DKIMKeys: slices.Clone(g.keys),
	}}
	keys, err := dkim.Load(g.keys)
	require.NoError(t, err)
	s.zone = zone{
		"TXT bounce.academy.example": {"something else", "v=spf1 include:_spf.relay.example -all"},
		"TXT _spf.relay.example":     {"v=spf1 ip4:127.0.0.0/8 ~all"},
		"TXT _dmarc.academy.example": {"v=DMARC1; p=reject; rua=mailto:dmarc@academy.example"},
		"MX bounce.academy.example":  {"mx.academy.example"},
		"A mx.academy.example":       {"192.0.2.1"},
	}
	for _, k := range keys {
		s.zone["TXT "+k.Selector+"._domainkey.academy.example"] = []string{k.Record()}
	}
	return s
}

func (s *stage) check(t *testing.T) Report {
	t.Helper()
	c := &Checker{DNS: Resolver(s.zone.serve(t)), Takes: s.takes, Audience: s.wave, Now: func() time.Time { return s.now }}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	return c.Relays(ctx, []Relay{s.relay})
}

func TestASoundSetting(t *testing.T) {
	t.Parallel()
	s := newGround(t).stage(t)
	r := s.check(t)
	require.Zero(t, r.Errors, "%+v", r)
	require.Len(t, r.Providers, 1)
	seen := map[string]bool{}
	for _, f := range r.Providers[0].Findings {
		seen[f.Check] = true
		require.NotEmpty(t, f.Found)
		if f.Level != OK {
			require.NotEmpty(t, f.Means, f.Found)
			require.NotEmpty(t, f.Do, f.Found)
		}
	}
	for _, check := range []string{"spf", "dkim", "dmarc", "alignment", "bounces", "relay", "size", "limits"} {
		require.True(t, seen[check], check)
	}
}

// Each thing that can be wrong is found, with its level, in words that name it.
func TestWhatIsWrongIsFound(t *testing.T) {
	t.Parallel()
	const spf, dmarc, mx = "TXT bounce.academy.example", "TXT _dmarc.academy.example", "MX bounce.academy.example"
	g := newGround(t)
	key := "TXT r1._domainkey.academy.example"
	for name, x := range map[string]struct {
		change func(*stage)
		check  string
		level  Level
		says   string
	}{
		"no SPF":         {func(s *stage) { delete(s.zone, spf) }, "spf", Error, "no SPF record"},
		"two SPF":        {func(s *stage) { s.zone[spf] = []string{"v=spf1 -all", "v=spf1 ~all"} }, "spf", Error, "2 SPF records"},
		"SPF for others": {func(s *stage) { s.zone[spf] = []string{"v=spf1 ip4:192.0.2.0/24 -all"} }, "spf", Warning, "not among them"},
		"SPF by MX": {func(s *stage) {
			s.zone[spf] = []string{"v=spf1 mx -all"}
			s.zone["A mx.academy.example"] = []string{"127.0.0.1"}
		}, "spf", OK, "is allowed"},
		"SPF by a": {func(s *stage) {
			s.zone[spf] = []string{"v=spf1 a:mx.academy.example/32 -all"}
			s.zone["A mx.academy.example"] = []string{"127.0.0.1"}
		}, "spf", OK, "is allowed"},
		"SPF redirected":    {func(s *stage) { s.zone[spf] = []string{"v=spf1 redirect=_spf.relay.example"} }, "spf", OK, "is allowed"},
		"SPF for all":       {func(s *stage) { s.zone[spf] = []string{"v=spf1 +all"} }, "spf", Warning, "+all"},
		"SPF broken":        {func(s *stage) { s.zone[spf] = []string{"v=spf1 ipv4:1.2.3.4 -all"} }, "spf", Error, "ipv4"},
		"SPF includes none": {func(s *stage) { delete(s.zone, "TXT _spf.relay.example") }, "spf", Error, "_spf.relay.example"},
		"SPF in a circle":   {func(s *stage) { s.zone["TXT _spf.relay.example"] = []string{"v=spf1 include:_spf.relay.example -all"} }, "spf", Error, "look-ups"},
		"DNS away":          {func(s *stage) { s.zone[spf] = []string{"SERVFAIL"} }, "spf", Warning, "does not answer"},
		"no DKIM record":    {func(s *stage) { delete(s.zone, key) }, "dkim", Error, "has no record"},
		"another DKIM key":  {func(s *stage) { s.zone[key] = s.zone["TXT e1._domainkey.academy.example"] }, "dkim", Error, "another key"},
		"DKIM revoked":      {func(s *stage) { s.zone[key] = []string{"v=DKIM1; p="} }, "dkim", Error, "revoked"},
		"two DKIM records":  {func(s *stage) { s.zone[key] = append(s.zone[key], "v=DKIM1; p=x") }, "dkim", Error, "several"},
		"DKIM as a test":    {func(s *stage) { s.zone[key][0] += "; t=y:s" }, "dkim", Warning, "t=y"},
		"DKIM away":         {func(s *stage) { s.zone[key] = []string{"SERVFAIL"} }, "dkim", Warning, "does not answer"},
		"not signed":        {func(s *stage) { s.relay.Config.DKIMKeys = nil }, "dkim", Warning, "nothing is signed"},
		"Ed25519 alone": {func(s *stage) {
			s.relay.Config.DKIMKeys = slices.DeleteFunc(s.relay.Config.DKIMKeys, func(k dkim.Source) bool { return k.Selector == "r1" })
		}, "dkim", Warning, "Ed25519 alone"},
		"no DMARC":  {func(s *stage) { delete(s.zone, dmarc) }, "dmarc", Warning, "no DMARC"},
		"two DMARC": {func(s *stage) { s.zone[dmarc] = append(s.zone[dmarc], "v=DMARC1; p=none") }, "dmarc", Error, "several"},
		"DMARC above": {func(s *stage) {
			s.relay.Config.From = "notice@mail.academy.example"
			s.relay.Config.DKIMDomain = "academy.example"
		}, "dmarc", OK, "_dmarc.academy.example"},
		"a strict stranger": {func(s *stage) {
			s.relay.Config.DKIMDomain = "relay.example"
			s.relay.Config.EnvelopeDomain = "bounce.relay.example"
		}, "alignment", Error, "p=reject"},
		"SPF alone":          {func(s *stage) { s.relay.Config.DKIMKeys = nil }, "alignment", Warning, "forwarding"},
		"strict envelope":    {func(s *stage) { s.relay.Config.DKIMKeys = nil; s.zone[dmarc][0] += "; aspf=s" }, "alignment", Warning, "unless the relay signs"},
		"no MX":              {func(s *stage) { delete(s.zone, mx) }, "bounces", Error, "no MX"},
		"null MX":            {func(s *stage) { s.zone[mx] = []string{""} }, "bounces", Error, "null MX"},
		"an MX nowhere":      {func(s *stage) { s.zone[mx] = []string{"mx.nowhere.example"} }, "bounces", Error, "has no address"},
		"nobody takes":       {func(s *stage) { s.takes = nil }, "bounces", Warning, "POST /v1/bounces"},
		"no envelope domain": {func(s *stage) { s.relay.Config.EnvelopeDomain = "" }, "bounces", Warning, "envelope_domain"},
		"a wrong password":   {func(s *stage) { s.relay.Config.Password = "wrong" }, "relay", Error, "refused our sign-in"},
		"nobody there":       {func(s *stage) { s.relay.Config.Addr = "127.0.0.1:1" }, "relay", Error, "cannot be reached"},
		"an unknown issuer":  {func(s *stage) { s.relay.Config.CAFile = "" }, "relay", Error, "nobody whom this machine trusts"},
		"another name": {func(s *stage) {
			s.relay.Config.Addr = strings.Replace(s.relay.Config.Addr, "127.0.0.1", "127.0.0.2", 1)
		}, "relay", Error, ""},
		"expires soon": {func(s *stage) { s.now = s.now.AddDate(100, 0, 0) }, "relay", Warning, "expires in"},
		"too large":    {func(s *stage) { s.wave.Bytes = 1 << 40 }, "size", Error, "refused"},
		"too slow":     {func(s *stage) { s.relay.PerSecond = 0.01 }, "limits", Warning, "longer than the clock"},
		"no limit":     {func(s *stage) { s.relay.PerSecond = 0 }, "limits", OK, "no limit"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := g.stage(t)
			x.change(s)
			var of []Finding
			for _, f := range s.check(t).Providers[0].Findings {
				if f.Check == x.check {
					of = append(of, f)
				}
			}
			require.True(t, slices.ContainsFunc(of, func(f Finding) bool {
				return f.Level == x.level && strings.Contains(f.Found+" "+f.Means+" "+f.Do, x.says)
			}), "%+v", of)
		})
	}
}

func FuzzRecords(f *testing.F) {
	for _, s := range []string{"v=spf1 include:a -all", "v=spf1 ip4:1.2.3.4/33 redirect=b ?all", "v=spf1 + - a/ mx// exists:%{i}", "v=DKIM1; p=", "v=spf1 redirect="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tags(text)
		w := &walk{dns: same(text)}
		if strings.HasPrefix(text, "v=spf1 ") {
			w.record(t.Context(), "a.example", text, nil, 0)
			require.LessOrEqual(t, w.lookups, 1000)
		}
	})
}

// same answers everything with one text.
type same string

func (s same) TXT(context.Context, string) ([]string, error) { return []string{string(s)}, nil }

func (s same) MX(context.Context, string) ([]string, error) { return []string{string(s)}, nil }

func (s same) Addresses(context.Context, string) ([]netip.Addr, error) { return nil, nil }
