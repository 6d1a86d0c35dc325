package main

import "github.com/tocsin-engine/tocsin/internal/breach"

// showDoubts says what makes it likely that notices would go to wrong people.
func showDoubts(p *page, list []breach.ListDoubt) {
	if len(list) == 0 {
		return
	}
	p.head("Would notices go to wrong people?")
	for _, d := range list {
		mark := "! "
		if d.Refused {
			mark = "refused: "
		}
		p.para(2, mark+d.Name())
		p.para(4, d.Says()+" ("+d.Figures()+"). "+d.Do()+".")
	}
}
