package channels

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"time"
)

// DNS answers questions. A name without such a record gives an empty answer and no error; an error means that
// nobody knows.
type DNS interface {
	TXT(ctx context.Context, name string) ([]string, error)
	MX(ctx context.Context, name string) ([]string, error) // hosts, the preferred first, without the dot at the end
	Addresses(ctx context.Context, host string) ([]netip.Addr, error)
}

// resolver asks a DNS server.
type resolver struct{ ask *net.Resolver }

// Resolver asks the server at an address, host:port, or with an empty one those of the system.
func Resolver(address string) DNS {
	r := &net.Resolver{PreferGo: true}
	if address != "" {
		r.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, network, address)
		}
	}
	return resolver{r}
}

func (r resolver) TXT(ctx context.Context, name string) ([]string, error) {
	list, err := r.ask.LookupTXT(ctx, name+".")
	return list, absent(err)
}

func (r resolver) MX(ctx context.Context, name string) ([]string, error) {
	list, err := r.ask.LookupMX(ctx, name+".")
	var out []string
	for _, mx := range list {
		out = append(out, strings.TrimSuffix(mx.Host, "."))
	}
	return out, absent(err)
}

func (r resolver) Addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	list, err := r.ask.LookupNetIP(ctx, "ip", host+".")
	for i := range list {
		list[i] = list[i].Unmap()
	}
	return list, absent(err)
}

// absent makes no error of an answer that there is nothing.
func absent(err error) error {
	var known *net.DNSError
	if errors.As(err, &known) && known.IsNotFound {
		return nil
	}
	return err
}

// record finds the one text record that begins with a version.
func record(ctx context.Context, d DNS, name, version string) (text string, n int, err error) {
	list, err := d.TXT(ctx, name)
	for _, t := range list {
		if word, _, _ := strings.Cut(strings.ReplaceAll(t, ";", " "), " "); strings.EqualFold(word, version) {
			text, n = t, n+1
		}
	}
	return text, n, err
}

// tags reads "v=DKIM1; k=rsa; p=...".
func tags(text string) map[string]string {
	out := map[string]string{}
	for part := range strings.SplitSeq(text, ";") {
		name, value, ok := strings.Cut(part, "=")
		if ok {
			out[strings.ToLower(strings.TrimSpace(name))] = strings.Join(strings.Fields(value), "")
		}
	}
	return out
}
