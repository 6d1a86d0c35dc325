package console

import (
	"github.com/tocsin-engine/tocsin/internal/breach"
)

// stage is one step of the story.
type stage struct {
	Name, Class string
	Lines       []string
	Icon        string
	Current     bool
}

// stages tells the story in seven steps. Exactly one is the present one, none when the incident is closed.
func (l speech) stages(o breach.Overview) []stage {
	steps := []stage{l.stageOpened(o), l.stageAssessed(o), l.stageApproved(o), l.stageTold(o), l.stageAnnounced(o), l.stageReported(o), l.stageEvidence(o)}
	if o.Incident.State == breach.IncidentClosed {
		return steps
	}
	from := map[breach.IncidentState]int{breach.IncidentNotifying: 3, breach.IncidentMonitoring: 4}[o.Incident.State]
	for i := from; i < len(steps); i++ {
		if steps[i].Class != past || i == len(steps)-1 {
			steps[i].Current, steps[i].Class, steps[i].Icon = true, "", ""
			break
		}
	}
	return steps
}

const past, waits = "is-past", "is-wait"

func (l speech) stageOpened(o breach.Overview) stage {
	s := stage{Name: l.T("Opened"), Class: past, Icon: "check", Lines: []string{l.At(o.Incident.OpenedAt).Shown, l.T("by %s", l.actor(o.Incident.OpenedBy))}}
	if o.Incident.State == breach.IncidentDraft {
		s.Class, s.Icon = waits, "pause"
		s.Lines[1] = l.T("not confirmed yet")
	}
	return s
}

func (l speech) stageAssessed(o breach.Overview) stage {
	s := stage{Name: l.T("Assessed")}
	if o.Assessment == nil {
		return s
	}
	s.Class, s.Icon = past, "check"
	applies := 0
	for _, d := range o.Duties {
		if d.Verdict == breach.Applies {
			applies++
		}
	}
	s.Lines = []string{l.Count(int64(applies), "1 duty applies", "%s duties apply"), l.T("revision %d of the facts", o.Incident.FactRevision)}
	return s
}

func (l speech) stageApproved(o breach.Overview) stage {
	s := stage{Name: l.T("Approved")}
	waiting, approved := 0, 0
	for _, w := range o.Waves {
		switch {
		case w.Plan == nil:
		case w.Plan.State == breach.PlanApproved:
			approved++
		case w.Plan.State == breach.PlanAwaiting:
			waiting++
		}
	}
	switch {
	case waiting > 0:
		s.Class, s.Icon, s.Lines = waits, "pause", []string{l.T("waits for a second person")}
	case approved > 0 && approved == len(o.Waves):
		s.Class, s.Icon = past, "check"
	case len(o.Waves) == 0:
		s.Lines = []string{l.T("no list loaded yet")}
	default:
		s.Lines = []string{l.T("no plan submitted yet")}
	}
	if o.Timings.ApprovedAt != nil {
		s.Lines = append([]string{l.At(*o.Timings.ApprovedAt).Shown}, s.Lines...)
	}
	return s
}

func (l speech) stageTold(o breach.Overview) stage {
	s := stage{Name: l.T("People told")}
	pending := o.People[breach.Pending]
	switch o.Incident.State {
	case breach.IncidentMonitoring, breach.IncidentClosed:
		if s.Class, s.Icon = past, "check"; o.Total == 0 {
			s.Icon, s.Lines = "no", []string{l.T("no list loaded yet")}
			break
		}
		s.Lines = []string{l.T("%s confirmed", l.Num(o.People[breach.Reached]))}
		if n := o.People[breach.Attempted]; n > 0 {
			s.Lines = append(s.Lines, l.T("%s on the way", l.Num(n)))
		}
	case breach.IncidentNotifying:
		s.Name, s.Lines = l.T("People being told"), []string{l.T("%s to do", l.Num(pending))}
	}
	switch {
	case o.Stopped:
		s.Lines = append(s.Lines, l.T("stopped"))
	case o.Paused:
		s.Lines = append(s.Lines, l.T("paused"))
	}
	return s
}

func (l speech) stageAnnounced(o breach.Overview) stage {
	s := stage{Name: l.T("Announced")}
	switch {
	case o.Announcement != nil:
		s.Class, s.Icon, s.Lines = past, "check", []string{l.At(o.Announcement.PublishedAt).Shown, l.T("kept up until %s", l.Day(o.Announcement.KeepUntil))}
	case o.Incident.State == breach.IncidentMonitoring || o.Incident.State == breach.IncidentClosed:
		s.Class, s.Icon, s.Lines = past, "no", []string{l.T("not needed")}
	}
	return s
}

func (l speech) stageReported(o breach.Overview) stage {
	s := stage{Name: l.T("Authorities told")}
	asked, filed, open := 0, 0, 0
	for _, d := range o.Duties {
		if d.Duty != "notify_authority" {
			continue
		}
		switch st, _ := stand(o, d); st {
		case done:
			asked, filed = asked+1, filed+1
		case running, timeless:
			asked++
		case unknown:
			open++
		}
	}
	switch {
	case o.Assessment == nil:
	case asked == 0 && open > 0:
		s.Lines = []string{l.T("cannot tell yet")}
	case asked == 0:
		s.Class, s.Icon, s.Lines = past, "no", []string{l.T("no report is asked for")}
	default:
		s.Lines = []string{l.T("%d of %d filed", filed, asked)}
		if filed == asked && open == 0 {
			s.Class, s.Icon = past, "check"
		}
	}
	return s
}

func (l speech) stageEvidence(o breach.Overview) stage {
	s := stage{Name: l.T("Evidence"), Lines: []string{l.T("sealed when closed")}}
	if o.Evidence != nil {
		s.Class, s.Icon, s.Lines = past, "check", []string{l.T("sealed"), l.At(o.Evidence.At).Shown}
	}
	return s
}
