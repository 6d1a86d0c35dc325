// Package independent is a browser and a push service that are not ours: the library http_ece of the author of RFC 8188
// decrypts and encrypts, and Node.js verifies signatures. Tests hold our sender and the simulator against them.
//
// Imports of ours: none.
package independent

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
)

// file is where scripts/ensure-test-tools.sh puts the library, below the module's root.
const file = ".tools/http_ece/1.2.1/ece.js"

//go:embed peer.js
var script string

// Peer runs what is not ours.
type Peer struct{ node, library string }

// Find is the peer, looked for from the working directory upwards; false when Node.js or the library is not there.
func Find() (Peer, bool) {
	node, err := exec.LookPath("node")
	if err != nil {
		return Peer{}, false
	}
	dir, err := os.Getwd()
	for err == nil {
		if _, there := os.Stat(filepath.Join(dir, file)); there == nil {
			return Peer{node, filepath.Join(dir, file)}, true
		}
		if _, root := os.Stat(filepath.Join(dir, "go.mod")); root == nil || filepath.Dir(dir) == dir {
			break
		}
		dir = filepath.Dir(dir)
	}
	return Peer{}, false
}

// Decrypt opens the body of a push as the browser with this private key (P-256, 32 bytes) and secret does.
func (p Peer) Decrypt(ctx context.Context, body, private, auth []byte) ([]byte, error) {
	var out struct{ Plain []byte }
	err := p.ask(ctx, map[string]any{"do": "decrypt", "body": body, "private": private, "auth": auth}, &out)
	return out.Plain, err
}

// Encrypt makes the body of a push for the browser with this public key (uncompressed) and secret.
func (p Peer) Encrypt(ctx context.Context, plain, public, auth []byte) ([]byte, error) {
	var out struct{ Body []byte }
	err := p.ask(ctx, map[string]any{"do": "encrypt", "body": plain, "public": public, "auth": auth}, &out)
	return out.Body, err
}

// Verify checks the ES256 signature of a JSON Web Token with a public key (uncompressed), and gives its claims.
func (p Peer) Verify(ctx context.Context, token string, public []byte) (claims map[string]any, err error) {
	err = p.ask(ctx, map[string]any{"do": "verify", "token": token, "public": public}, &claims)
	return claims, err
}

// ask has the script do one thing. Bytes travel as base64.
func (p Peer) ask(ctx context.Context, what map[string]any, answer any) error {
	in, err := json.Marshal(what)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, p.node, "-e", script, p.library)
	var out, complaint bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &out, &complaint
	if err := cmd.Run(); err != nil {
		return errors.New("the peer refuses: " + complaint.String())
	}
	return json.Unmarshal(out.Bytes(), answer)
}
