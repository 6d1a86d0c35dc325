package app

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Notes of detectors and imported files are close to facts and not facts: a person decides about them. They
// stand on the incident's record, so that nothing of them is lost, and are shown until the incident ends.
const notesAction = "intake.noted"

const (
	maxNotes  = 50 // a noisy detector must not fill the record
	moreNotes = "detectors noted more than is shown here; their events are kept, sealed, with the incident"
)

// Detect records a detection; the first of its kind opens a draft incident. What it notes is kept with the
// incident. The same detection again changes nothing, so whoever gets an error sends it again.
func (d *Desk) Detect(ctx context.Context, x breach.Detection) (breach.Detected, error) {
	out, err := d.Engine.Detect(ctx, x)
	if err != nil {
		return out, err
	}
	out.Notes = x.Notes
	if !out.First {
		d.TellMore(ctx, &d.heard, out.Incident)
	}
	return out, d.keepNotes(ctx, out.Incident, "detector:"+x.Source, x.Notes)
}

// OpenDraft records an incident that nobody has confirmed, with the notes of the file that it came from.
func (d *Desk) OpenDraft(ctx context.Context, file breach.IncidentFile, notes []string, by breach.Actor) (breach.Opened, error) {
	out, err := d.Engine.OpenDraft(ctx, file, by)
	if err != nil {
		return out, err
	}
	out.Notes = notes
	if d.keepNotes(ctx, out.Incident, by.ID, notes) != nil { // the incident is open: an error would open another
		out.Notes = append(slices.Clone(notes), "these notes could not be kept with the incident: keep the file")
	}
	return out, nil
}

type noted struct {
	Notes []string `json:"notes"`
}

// keepNotes writes what is new among the notes. An entry holds all notes up to then. Its key names the entry
// before it, so that of two writers at once one finds that it has to look again.
func (d *Desk) keepNotes(ctx context.Context, incident, by string, notes []string) error {
	for {
		before, seq, err := d.notes(ctx, incident)
		if err != nil {
			return err
		}
		all := addNotes(before, notes)
		if len(all) == len(before) {
			return nil
		}
		key := notesAction + "/" + strconv.FormatInt(seq, 10)
		if err := d.Store.Note(ctx, incident, key, by, notesAction, noted{all}, d.Now().UTC()); err != nil {
			return err
		}
	}
}

func addNotes(before, more []string) []string {
	all := slices.Clone(before)
	for _, n := range more {
		switch {
		case slices.Contains(all, n):
		case len(all) < maxNotes:
			all = append(all, n)
		case len(all) == maxNotes:
			all = append(all, moreNotes)
		}
	}
	return all
}

// notes are those on the record, and the number of the entry that holds them.
func (d *Desk) notes(ctx context.Context, incident string) ([]string, int64, error) {
	last, err := d.Store.LastEntryOf(ctx, incident, notesAction)
	if err != nil || last.Seq == 0 {
		return nil, 0, err
	}
	var data noted
	if err := json.Unmarshal(last.Data, &data); err != nil {
		return nil, 0, breach.Errorf(breach.ErrInternal, "the record of notes cannot be read: %w", err)
	}
	return data.Notes, last.Seq, nil
}
