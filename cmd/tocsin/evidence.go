package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/evidence"
)

func (c *cli) evidence() *cobra.Command {
	cmd := c.group(&cobra.Command{Use: "evidence", Short: "Export proof, and check it without a server",
		Example: "  tocsin evidence export 3f9a… -O pack.zip\n  tocsin evidence verify pack.zip --key evidence.pub"})
	cmd.AddCommand(c.evidenceExport(), c.evidenceVerify())
	return cmd
}

func (c *cli) evidenceExport() *cobra.Command {
	var out string
	var force bool
	cmd := &cobra.Command{
		Use: "export ID -O FILE", Short: "Seal an evidence pack of the incident as it stands, and save it",
		Example: "  tocsin evidence export 3f9a… -O pack.zip", Args: exactly("ID"), ValidArgsFunction: c.completeIncident,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := required(cmd, "out"); err != nil {
				return err
			}
			return c.export(cmd.Context(), args[0], out, force)
		},
	}
	cmd.Flags().StringVarP(&out, "out", "O", "", "file to write")
	cmd.Flags().BoolVar(&force, "force", false, "write over a file that is there")
	return cmd
}

// exported is what `evidence export -o json` gives.
type exported struct {
	File     string    `json:"file"`
	SHA256   string    `json:"sha256"` // of the manifest
	At       time.Time `json:"at"`
	Verified bool      `json:"verified"`
}

func (c *cli) export(ctx context.Context, id, out string, force bool) error {
	if _, err := os.Lstat(out); err == nil && !force {
		return no("the file %s exists already; use --force to write over it", out)
	}
	k, err := c.connect()
	if err != nil {
		return err
	}
	var sealed breach.Sealed
	if err := k.post(ctx, incidentPath(id, "evidence"), nil, &sealed); err != nil {
		return err
	}
	report, err := k.savePack(ctx, id, out)
	if err != nil {
		return err
	}
	v := exported{File: out, SHA256: report.Manifest, At: sealed.At, Verified: report.Verified}
	err = c.answer(v, func(p *page) {
		p.para(0, "Saved "+out)
		p.exact("manifest " + v.SHA256 + "\n")
		showReport(p, report)
	})
	if err == nil && !report.Verified {
		return errNo
	}
	return err
}

// savePack downloads the newest pack, checks it, and only then gives it its name.
func (k *client) savePack(ctx context.Context, id, out string) (evidence.Report, error) {
	resp, err := k.send(ctx, call{method: http.MethodGet, path: incidentPath(id, "evidence"), patience: time.Hour}, "")
	if err != nil {
		return evidence.Report{}, k.unreachable(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return evidence.Report{}, decode(resp, nil)
	}
	f, err := os.CreateTemp(filepath.Dir(out), ".pack-*") // only its owner may read it
	if err != nil {
		return evidence.Report{}, fileError(err)
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone already once it has its name
	defer f.Close()
	size, err := io.Copy(f, resp.Body)
	if err != nil {
		return evidence.Report{}, fmt.Errorf("the evidence pack did not arrive whole: %w", err)
	}
	report, err := evidence.Verify(f, size)
	if err != nil {
		return report, err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return report, err
	}
	return report, os.Rename(f.Name(), out)
}

func (c *cli) evidenceVerify() *cobra.Command {
	var keyFiles []string
	cmd := &cobra.Command{
		Use: "verify FILE [--key PUBLIC-KEY]", Short: "Check an evidence pack without a server",
		Long: `Check every file, record and signature of an evidence pack, offline. With --key,
it must be signed by that key (evidence.pub beside the server's keys); without,
compare the key id that is shown with one that you trust. Exit status 1 when it
does not hold; the first record that was changed is named.`,
		Example: "  tocsin evidence verify pack.zip --key evidence.pub",
		Args:    exactly("FILE"),
		RunE: func(_ *cobra.Command, args []string) error {
			var trusted []ed25519.PublicKey
			for _, name := range keyFiles {
				b, err := c.read(name)
				if err != nil {
					return err
				}
				key, err := evidence.ParsePublicKey(b)
				if err != nil {
					return err
				}
				trusted = append(trusted, key)
			}
			return c.verify(args[0], trusted)
		},
	}
	cmd.Flags().StringArrayVar(&keyFiles, "key", nil, "public key that you trust (PEM); may be repeated")
	return cmd
}

func (c *cli) verify(path string, trusted []ed25519.PublicKey) error {
	f, err := os.Open(path)
	if err != nil {
		return fileError(err)
	}
	defer f.Close()
	i, err := f.Stat()
	if err != nil {
		return err
	}
	if !i.Mode().IsRegular() {
		return no("%s is not a file", path)
	}
	report, err := evidence.Verify(f, i.Size(), trusted...)
	if err != nil {
		return err
	}
	err = c.answer(report, func(p *page) { showReport(p, report) })
	if err == nil && !report.Verified {
		return errNo
	}
	return err
}

func showReport(p *page, r evidence.Report) {
	if !r.Verified {
		p.line("NOT VERIFIED")
		for _, x := range r.Problems {
			p.para(2, x.String())
		}
		return
	}
	p.line(fmt.Sprintf("Verified: %d files, %s records, %s people, nothing was changed.", r.Files, count(r.Records), count(r.People["total"])))
	p.line("incident " + r.Meta.Incident + ", sealed " + instant(r.Meta.CreatedAt))
	if r.KeyTrusted {
		p.line("signed by the key that you trust, " + r.KeyID)
	} else {
		p.para(0, "signed by key "+r.KeyID+": compare it with the one that you trust, or give it with --key")
	}
}
