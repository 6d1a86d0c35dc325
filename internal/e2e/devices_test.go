package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/app"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
)

// allDevices pushes to each kind of device by its maker's service.
const allDevices = pushThenText + `
providers:
  - {id: android, channel: push, kind: fcm, operated_by: processor, location: US, contract: a test, receives: [push_token, notice]}
  - {id: apple, channel: push, kind: apns, operated_by: processor, location: US, contract: a test, receives: [push_token, notice]}
  - {id: browsers, channel: push, kind: webpush, operated_by: processor, location: US, contract: a test, receives: [push_token, notice]}
  - {id: texts, channel: sms, kind: twilio, operated_by: processor, location: US, contract: a test, receives: [phone, notice]}
`

// Everybody's push goes by the service of their kind of device; whose token is gone gets a text at once, the others later.
func TestPushesToEveryKindOfDevice(t *testing.T) {
	t.Parallel()
	w := ownWorld(t, dataDir(t), func(s *app.Settings) {
		withPolicy(t, s, "all-devices", "US", allDevices)
	})
	at := w.sims.Endpoints().WebPush
	browser := func(name string) string {
		out, err := json.Marshal(map[string]any{"endpoint": at.BaseURL + "/push/" + name, "expirationTime": nil, "keys": map[string]string{"p256dh": at.P256DH, "auth": at.Auth}})
		require.NoError(t, err)
		return string(out)
	}
	file := example(t)
	file.Policy = "all-devices"
	const phone = "13adff785122b4ad28809a3420982341241421348097878e577c991de8f0"
	devices := []struct{ token, platform, number string }{
		{"android-1", "fcm", "+15005559871"},
		{"00fc" + phone, "apns", "+15005559872"},
		{browser("laptop"), "webpush", "+15005559873"},
		{"gone-1", "fcm", "+15005559874"},
		{"0001" + phone, "apns", "+15005559875"},
		{browser("gone-laptop"), "webpush", "+15005559876"},
	}
	people := newCrowd().some(len(devices))
	for i, d := range devices {
		p := &people[i]
		p.Email, p.Phone, p.Country, p.PushToken, p.PushPlatform, p.PostalAddress = "", d.number, "US", d.token, d.platform, ""
	}
	k := w.open(t, file)
	k.tell(t, people)
	v := k.until(t, "everybody to be told", func(v breach.Overview) bool { return v.People[breach.Reached] == int64(len(devices)) })
	require.Equal(t, int64(3), v.Channels[breach.Push]["accepted"])
	require.Equal(t, int64(3), v.Channels[breach.Push]["failed_permanent"])
	require.Equal(t, int64(len(devices)), v.Channels[breach.SMS]["delivered"], "a push points to the notice and proves nothing")
	taken := map[string]int{}
	require.NoError(t, w.sims.Outbox().Each(outbox.Query{Channel: outbox.ChannelPush}, func(m outbox.Message) error {
		if m.Taken {
			taken[m.Provider]++
			require.Contains(t, string(m.Raw), strings.TrimSuffix(w.BaseURL, "/")+"/notices/", "a push leads to the notice")
		}
		return nil
	}))
	require.Equal(t, map[string]int{"fcm": 1, "apns": 1, "webpush": 1}, taken)
}
