package breach

// WithOverrides puts the words of the people who set cells beside them. A judgement keeps that a cell was set
// and what the facts give; who and why are free text and stay with the facts.
func (a Assessment) WithOverrides(f Facts) Assessment {
	cells := make([]SeverityCell, len(a.Cells))
	for i, c := range a.Cells {
		for _, o := range f.SeverityOverrides { // the last one of a cell is in force
			if c.Derived != nil && o.Cell == c.Cell {
				c.Override = &o
			}
		}
		cells[i] = c
	}
	if a.Cells != nil {
		a.Cells = cells
	}
	return a
}
