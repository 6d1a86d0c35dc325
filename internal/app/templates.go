package app

import (
	"strconv"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/render"
)

// Templates gives the shipped templates with those of a directory over them, after the same judgement that
// `tocsin templates lint` gives: breach.ErrInvalid with every fault. An empty name is none.
func Templates(dir string) (*render.Engine, error) {
	files, err := render.Open(dir)
	if err != nil {
		return nil, err
	}
	if dir == "" { // the shipped ones are judged by tests
		return render.NewFrom(files)
	}
	wrong := breach.Errorf(breach.ErrInvalid, "the templates of the organisation cannot be used")
	for _, f := range render.Lint(files) {
		if f.Advice {
			continue
		}
		where := f.File
		if f.Line > 0 {
			where += ":" + strconv.Itoa(f.Line)
		}
		wrong = wrong.With(breach.FieldError{Where: where, What: f.What})
	}
	if len(wrong.Fields) > 0 {
		return nil, wrong
	}
	return render.NewFrom(files)
}
