package config

import (
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"text/tabwriter"
)

type shown struct {
	setting
	value
}

// Setting is one setting as it is in force, for people and scripts. A secret's value is hidden.
type Setting struct {
	Key    string `json:"key"`
	Env    string `json:"env"`
	Value  string `json:"value"`
	From   string `json:"from"` // default, environment, settings file, or file <path>
	Secret bool   `json:"secret"`
	Help   string `json:"help"`
}

const (
	hidden    = "(hidden)"
	byDefault = "default"
)

// List gives every setting in force, in the order of the table, with what follows from others filled in.
func (c Config) List() []Setting {
	derived := map[string]string{
		"public.url": c.PublicURL, "keys.dir": c.Store.KeyDir, "evidence.dir": c.EvidenceDir,
		"announcements.dir": c.Announce.Dir, "payload.key_file": c.PayloadKeyFile,
	}
	var out []Setting
	for _, s := range c.shown {
		v := Setting{Key: s.key, Env: s.env(), Value: s.text, From: s.from, Secret: s.secret, Help: s.help}
		if d, ok := derived[s.key]; ok {
			v.Value = d
		}
		switch {
		case s.key == "database.url" && v.Value != "":
			v.Value = withoutPassword(v.Value)
		case s.secret && v.Value != "":
			v.Value = hidden
		}
		out = append(out, v)
	}
	return out
}

// Given says that the operator set it; else it is the default, or follows from others.
func (c Config) Given(key string) bool {
	return slices.ContainsFunc(c.shown, func(s shown) bool { return s.key == key && s.from != byDefault })
}

// withoutPassword shows where a database is; what cannot be read for sure is hidden as a whole.
func withoutPassword(dsn string) string {
	u, err := url.Parse(dsn)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") || strings.Contains(strings.ToLower(u.RawQuery), "password") || u.Opaque != "" {
		return hidden
	}
	return u.Redacted()
}

// Show writes every setting in force for people, with secrets hidden.
func (c Config) Show(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, s := range c.List() {
		if s.Value == "" {
			continue
		}
		if _, err := fmt.Fprintf(t, "%s\t%s\t%s\n", s.Key, s.Value, s.From); err != nil {
			return err
		}
	}
	return t.Flush()
}
