package email

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// form is a text of the usual size: 3 KB of text, 5 KB of HTML, the person's name and reference in both.
func form(sentence string) *delivery.Form {
	paragraph := strings.Repeat(sentence, 4)
	return &delivery.Form{
		Text: delivery.Pieces{
			{Words: "Dear "}, {Place: 1}, {Words: ",\n\n" + strings.Repeat(paragraph+"\n\n", 8) + "Your reference: "}, {Place: 2},
			{Words: "\n\n" + paragraph + "\n"},
		},
		HTML: delivery.Pieces{
			{Words: "<!doctype html>\n<html><body>\n<p>Dear "}, {Place: 1}, {Words: ",</p>\n"},
			{Words: strings.Repeat("<p style=\"margin:0 0 12px\">\n"+sentence+"\n"+sentence+"\n</p>\n", 24) + "<p>"}, {Place: 2},
			{Words: "</p>\n" + strings.Repeat("<p>"+sentence+"</p>\n", 4) + "</body></html>\n"},
		},
	}
}

// notice is a message of a form.
func notice(f *delivery.Form, n int) delivery.Message {
	m := message(n)
	m.To = m.DeliveryID + "@example.com"
	m.ToName = "Person " + m.DeliveryID
	m.Channel, m.Subject, m.Text = breach.Email, "Notice of a personal data breach", ""
	m.Form, m.Own = f, []string{m.ToName, m.DeliveryID}
	return m
}

const (
	latin = "On 14 November we found that somebody had reached a system which holds records. "
	han   = "我们发现有人进入了保存客户记录的系统，并已通知监管机构。"
)

// BenchmarkCompose: the library, as the reference, against what is sent: of a form, and of a text written out.
func BenchmarkCompose(b *testing.B) {
	c := testComposer(b)
	for name, sentence := range map[string]string{"latin": latin, "han": han} {
		messages, shared := make([]delivery.Message, 256), form(sentence)
		for i := range messages {
			messages[i] = notice(shared, i)
		}
		b.Run("library/"+name, func(b *testing.B) {
			b.ReportAllocs()
			before := cpu()
			for i := 0; b.Loop(); i++ {
				_, body, err := mimeBody(messages[i%len(messages)].Plain())
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(int64(len(body)))
			}
			b.ReportMetric(cpuPer(b, before), "cpu-ns/op")
		})
		b.Run("form/"+name, func(b *testing.B) { composeAll(b, c, messages) })
		for i := range messages {
			messages[i] = messages[i].Plain()
		}
		b.Run("written/"+name, func(b *testing.B) { composeAll(b, c, messages) })
	}
}

func composeAll(b *testing.B, c *composer, messages []delivery.Message) {
	b.ReportAllocs()
	before := cpu()
	var w []byte
	for i := 0; b.Loop(); i++ {
		l, f := c.compose(w, &messages[i%len(messages)])
		if f != nil {
			b.Fatal(f)
		}
		w = l.wire
		b.SetBytes(int64(len(w)))
	}
	b.ReportMetric(cpuPer(b, before), "cpu-ns/op")
}

// cpu is the time that this process has computed. Beside other load it says more than the time that passed.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func cpuPer(b *testing.B, before time.Duration) float64 {
	return float64((cpu() - before).Nanoseconds()) / float64(b.N)
}
