package demo

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/app"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// policiesDir is where a data directory keeps policies that came from a file: an incident that runs under one
// needs it at every start, also where nobody names the file again.
const policiesDir = "policies"

// KeepPolicy keeps a policy file in a data directory. Another file of the same name replaces it, and what was
// approved under the old one asks for a new approval.
func KeepPolicy(dataDir string, in Input) error {
	if in.Profile == nil {
		return nil
	}
	dir := filepath.Join(dataDir, policiesDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("keep the policy in the data directory: %w", err)
	}
	path := filepath.Join(dir, in.Profile.Name+".yaml")
	if filepath.Dir(path) != dir {
		return fmt.Errorf("keep the policy in the data directory: its name cannot be a file name")
	}
	if err := os.WriteFile(path+".new", in.policy, 0o600); err != nil {
		return fmt.Errorf("keep the policy in the data directory: %w", err)
	}
	return os.Rename(path+".new", path)
}

// KeptPolicies are the policies of a data directory.
func KeptPolicies(dataDir string) ([]policy.Profile, error) {
	dir := filepath.Join(dataDir, policiesDir)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the policies of the data directory: %w", err)
	}
	var out []policy.Profile
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".yaml") {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("read a policy of the data directory: %w", err)
		}
		p, err := policy.ParseProfile(raw, app.Kinds())
		if err != nil {
			return nil, fmt.Errorf("the policy %s of the data directory: %w", strings.TrimSuffix(e.Name(), ".yaml"), err)
		}
		out = append(out, p)
	}
	return out, nil
}
