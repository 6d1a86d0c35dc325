package app

import (
	"io/fs"
	"os"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// Rules loads the built-in rule packs, and those of a directory over them when there is one. A directory without
// any is refused: behind a path that is mistyped or not mounted, laws would be missing and nobody would know.
func Rules(dir string) (*policy.Rules, error) {
	if dir == "" {
		return policy.LoadRules()
	}
	own := os.DirFS(dir)
	for _, pattern := range []string{"*.yaml", "calendars/*.yaml"} {
		if names, err := fs.Glob(own, pattern); err == nil && len(names) > 0 {
			return policy.LoadRules(own)
		}
	}
	return nil, breach.Errorf(breach.ErrInvalid, "the directory of rule packs (rules.dir) holds none: packs are files that end in .yaml")
}
