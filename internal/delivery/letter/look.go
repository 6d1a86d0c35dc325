package letter

import (
	"io"

	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/delivery/letter/paper"
)

// Draw writes letters as they would be printed today into one PDF file, for somebody to look at: nothing is kept, and
// nothing goes to the printer. A letter that cannot be printed is a *delivery.Failure, as of Check.
func (s *Sender) Draw(to io.Writer, letters []delivery.Message) error {
	setter, today := paper.NewSetter(s.fonts, s.house), s.now()
	lang := ""
	if len(letters) == 1 {
		lang = letters[0].Locale
	}
	d := setter.New(to, lang)
	for _, m := range letters {
		if _, _, f := s.prepare(m); f != nil {
			return f
		}
		l := written(m)
		l.Date = today
		sheets, err := setter.Set(l)
		if err != nil {
			return delivery.Refused("the letter cannot be set")
		}
		d.Add(sheets)
	}
	return d.Close(today)
}
