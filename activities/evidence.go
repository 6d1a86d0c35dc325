package activities

import (
	"context"
	"path/filepath"
	"time"
)

// Evidence seals the pack that proves what was done.
type Evidence struct {
	Cases    Cases
	Exporter Exporter
	Vault    Vault
	Now      func() time.Time
}

// SealIn names an incident.
type SealIn struct {
	Incident string `json:"incident"`
}

// SealOut names the pack by its file name and the hash of its manifest.
type SealOut struct {
	File     string `json:"file"`
	Manifest string `json:"manifest"`
}

// Seal writes the evidence pack anew; the newest one stands.
func (e *Evidence) Seal(ctx context.Context, in SealIn) (SealOut, error) {
	w, commit, err := e.Vault.Create(in.Incident)
	if err != nil {
		return SealOut{}, fail(ctx, err)
	}
	if err := e.Exporter.Export(ctx, in.Incident, w); err != nil {
		return SealOut{}, fail(ctx, err)
	}
	path, manifest, err := commit()
	if err != nil {
		return SealOut{}, fail(ctx, err)
	}
	out := SealOut{File: filepath.Base(path), Manifest: manifest}
	err = e.Cases.Note(ctx, in.Incident, "evidence/"+manifest, "tocsin", "evidence.sealed", out, e.Now().UTC())
	return out, fail(ctx, err)
}
